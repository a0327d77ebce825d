/** What the customer's own rules demand of every resource: their key, their permissions boundary, their tags, their subscribers. */
import { z } from 'zod';

import { iamArn, namesOf, partitionOf } from '../names.ts';
import type { IdentitySettings } from './identity.ts';
import { json, matching } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface AlarmSubscriber {
  readonly protocol: 'email' | 'email-json' | 'https' | 'lambda' | 'sqs';
  readonly endpoint: string;
}

export interface GovernanceSettings {
  /** Absent: the stack makes a key of its own. */
  readonly kmsKeyArn?: string;
  readonly permissionsBoundaryArn?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly alarmSubscribers: readonly AlarmSubscriber[];
}

const KEY_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** Of this Region and this account: the peer recognises the key by an alias, and an alias is in the account of its key. */
const keyArnFor =
  ({ region, accountId }: IdentitySettings) =>
  (text: string): Parsed<string> => {
    const start = `arn:${partitionOf(region)}:kms:${region}:${accountId}:key/`;
    if (!text.startsWith(start)) {
      return wrong(`is not a key of this Region and account: it must start with ${start}`);
    }
    const id = text.slice(start.length);
    if (id.startsWith('mrk-')) {
      return wrong('is a multi-Region key, which is one key in two places: each Region has a key of its own');
    }
    return KEY_ID.test(id) ? value(text) : wrong('names no key by its id');
  };

/** A policy of this account, or one of AWS's own. */
const boundaryFor =
  ({ region, accountId }: IdentitySettings) =>
  (text: string): Parsed<string> => {
    const start = iamArn(namesOf(region, accountId), 'policy/');
    return text.startsWith(start) && text.length > start.length
      ? value(text)
      : wrong(`is not a policy of this account: it must start with ${start}`);
  };

/** The provider sets these two itself; AWS keeps names that start with its own. */
const isFreeTag = (key: string): boolean =>
  key !== '' && !/^aws:/iu.test(key) && key !== 'application' && key !== 'twinmap:region' && key.length <= 128;

const TAGS_MAX = 40;

const tagMap = z
  .record(z.string(), z.string().max(256))
  .refine(
    (tags) => Object.keys(tags).every(isFreeTag),
    'a tag is not free: application, twinmap:region and aws:… are taken',
  )
  .refine((tags) => Object.keys(tags).length <= TAGS_MAX, `more than ${TAGS_MAX} tags`);

const isEndpointOf = ({ protocol, endpoint }: AlarmSubscriber): boolean => {
  switch (protocol) {
    case 'email':
    case 'email-json':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(endpoint);
    case 'https':
      return URL.canParse(endpoint) && new URL(endpoint).protocol === 'https:' && new URL(endpoint).password === '';
    case 'lambda':
    case 'sqs':
      return endpoint.startsWith('arn:') && endpoint.split(':')[2] === protocol;
  }
};

const subscribers = z.array(
  z
    .strictObject({ protocol: z.enum(['email', 'email-json', 'https', 'lambda', 'sqs']), endpoint: z.string() })
    .refine(isEndpointOf, 'the endpoint is not one of its protocol'),
);

const readAlarms = (reader: SettingReader): readonly AlarmSubscriber[] | undefined =>
  reader.withDefault(
    {
      key: 'twinmap:alarmSubscribers',
      meaning: 'who is told when an alarm fires',
      mend: "--path 'twinmap:alarmSubscribers[0].endpoint' oncall@example.com",
      parse: json(subscribers, 'a list of {protocol, endpoint}'),
    },
    [],
  );

export const readGovernance = (
  reader: SettingReader,
  identity: IdentitySettings | undefined,
): GovernanceSettings | undefined => {
  const kmsKeyArn = reader.optional({
    key: 'twinmap:kmsKeyArn',
    meaning: 'which key of yours encrypts what the Region stores',
    mend: 'twinmap:kmsKeyArn <ARN of a key of this Region>',
    parse: identity === undefined ? value : keyArnFor(identity),
  });
  const permissionsBoundaryArn = reader.optional({
    key: 'twinmap:permissionsBoundaryArn',
    meaning: 'which policy bounds every role',
    mend: 'twinmap:permissionsBoundaryArn <ARN of a policy of this account>',
    parse: identity === undefined ? matching(/^arn:/u, 'an ARN') : boundaryFor(identity),
  });
  const tags = reader.withDefault(
    {
      key: 'twinmap:tags',
      meaning: 'which tags every resource has',
      mend: "--path 'twinmap:tags.cost-center' 4711",
      parse: json(tagMap, 'an object of tags'),
    },
    {},
  );
  const alarmSubscribers = readAlarms(reader);
  return tags === undefined || alarmSubscribers === undefined
    ? undefined
    : {
        ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
        ...(permissionsBoundaryArn === undefined ? {} : { permissionsBoundaryArn }),
        tags,
        alarmSubscribers,
      };
};
