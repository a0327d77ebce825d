/** Names of tables, queues, buckets and the like that code says: another repository may declare what they mean. */
import { firstArgument, usesAws } from './clients.ts';
import type { Scan } from './scan.ts';
import { literalText } from './values.ts';

/** Options whose value is the name of something. */
const NAME_KEYS: Readonly<Record<string, string>> = {
  tablename: 'dynamodb',
  queuename: 'sqs',
  bucket: 's3',
  bucketname: 's3',
  functionname: 'lambda',
  streamname: 'kinesis',
  deliverystreamname: 'firehose',
  secretid: 'secretsmanager',
  eventbusname: 'events',
};

const NAME_CALLS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)Table$/u, 'dynamodb'],
  [/(?:^|\.)Bucket$/u, 's3'],
  [/(?:^|\.)(?:tableName)$/u, 'dynamodb'],
  [/(?:^|\.)(?:queueName)$/u, 'sqs'],
  [/(?:^|\.)(?:bucket|bucketName)$/u, 's3'],
  [/(?:^|\.)(?:functionName)$/u, 'lambda'],
  [/(?:^|\.)(?:secretId)$/u, 'secretsmanager'],
];

export interface NamedUse {
  readonly service: string;
  readonly name: string;
  readonly line: number;
}

const nameValue = (text: string, scan: Scan): string | undefined => {
  const literal = literalText(/^\w+\.String\((?<inner>.*)\)$/u.exec(text.trim())?.groups?.['inner'] ?? text);
  const constant = literal ?? literalText(scan.constants.get(text.trim())?.text ?? '');
  return constant !== undefined && /^[\w./-]{2,256}$/u.test(constant) ? constant : undefined;
};

/** A parameter's name is only one where the call reads parameters. */
const PARAMETER_CALL = /(?:get_?parameter|GetParameterCommand|GetParameter)/iu;

export const namesIn = (scan: Scan): readonly NamedUse[] => {
  if (!usesAws(scan)) {
    return [];
  }
  const options = scan.pairs.flatMap(({ key, text, line }): NamedUse[] => {
    const service = NAME_KEYS[key.toLowerCase().replaceAll('_', '')];
    const name = service === undefined ? undefined : nameValue(text, scan);
    return service === undefined || name === undefined ? [] : [{ service, name, line }];
  });
  const calls = scan.calls.flatMap(({ name: target, args, line }): NamedUse[] => {
    const service = NAME_CALLS.find(([pattern]) => pattern.test(target))?.[1];
    const name = service === undefined ? undefined : nameValue(firstArgument(args), scan);
    const parameter = PARAMETER_CALL.test(target)
      ? /["'`](?<name>\/[\w./-]+)["'`]/u.exec(args)?.groups?.['name']
      : undefined;
    return [
      ...(service === undefined || name === undefined ? [] : [{ service, name, line }]),
      ...(parameter === undefined ? [] : [{ service: 'ssm', name: parameter, line }]),
    ];
  });
  return [...options, ...calls];
};
