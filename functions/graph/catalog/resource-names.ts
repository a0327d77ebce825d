/**
 * A resource of a catalog is mostly the catalog's word for something that a template makes: `orders-db` of type `database` is the
 * database that somebody gave that name, wherever the template is. Whoever declares only the first then fails with the second.
 */
import { aliasId } from '../facts/vocabulary.ts';

const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/dynamo/iu, 'dynamodb'],
  [/bucket|\bs3\b|object-?store/iu, 's3'],
  [/queue|\bsqs\b/iu, 'sqs'],
  [/topic|\bsns\b/iu, 'sns'],
  [/stream|kinesis/iu, 'kinesis'],
  [/lambda|function/iu, 'lambda'],
  [/\bcache\b|redis|memcached|valkey/iu, 'elasticache'],
  [/database|\brds\b|postgres|mysql|aurora|mariadb|\bdb\b/iu, 'rds'],
];

/** The name that it goes by; undefined where its type does not say what it is. */
export const nameOfResource = (name: string, type: string | undefined): string | undefined => {
  const service = SERVICES.find(([pattern]) => pattern.test(type ?? ''))?.[1];
  return service === undefined ? undefined : aliasId(service, name);
};
