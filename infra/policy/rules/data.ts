/** What holds data or opens it: encrypted under the Region's key, hard to delete, restorable, and logs that end some day. */
import { isTextOrUnknown, valueAt, valuesAt } from '../plain-values.ts';
import { type Plain, type PlainObject, type ResourceRule, UNKNOWN } from '../rule.ts';

const AWS_MANAGED = /(?:^|\/)alias\/aws\//u;

/** A key of the customer: a key that AWS manages can't be taken away from anybody. */
const isOwnKey = (value: Plain | undefined): boolean =>
  isTextOrUnknown(value) && !(typeof value === 'string' && AWS_MANAGED.test(value));

const vectorsEncrypted = (props: PlainObject): boolean => {
  const keys = valuesAt(props, 'encryptionConfigurations[].kmsKeyArn');
  const types = valuesAt(props, 'encryptionConfigurations[].sseType');
  return keys.some((key) => isOwnKey(key)) && types.every((type) => type === 'aws:kms' || type === UNKNOWN);
};

/** Where the key of a type is set, and whether it is. */
const ENCRYPTION: ReadonlyMap<string, { readonly path: string; readonly holds: (props: PlainObject) => boolean }> =
  new Map([
    [
      'aws:dynamodb/table:Table',
      {
        path: 'serverSideEncryption',
        holds: (props) =>
          valueAt(props, 'serverSideEncryption.enabled') === true &&
          isOwnKey(valueAt(props, 'serverSideEncryption.kmsKeyArn')),
      },
    ],
    ['aws:s3/vectorsVectorBucket:VectorsVectorBucket', { path: 'encryptionConfigurations', holds: vectorsEncrypted }],
    ['aws:s3/vectorsIndex:VectorsIndex', { path: 'encryptionConfigurations', holds: vectorsEncrypted }],
    ['aws:sqs/queue:Queue', { path: 'kmsMasterKeyId', holds: (props) => isOwnKey(valueAt(props, 'kmsMasterKeyId')) }],
    ['aws:sns/topic:Topic', { path: 'kmsMasterKeyId', holds: (props) => isOwnKey(valueAt(props, 'kmsMasterKeyId')) }],
    ['aws:cloudwatch/logGroup:LogGroup', { path: 'kmsKeyId', holds: (props) => isOwnKey(valueAt(props, 'kmsKeyId')) }],
    ['aws:secretsmanager/secret:Secret', { path: 'kmsKeyId', holds: (props) => isOwnKey(valueAt(props, 'kmsKeyId')) }],
  ]);

export const ENCRYPTED_TYPES: readonly string[] = [...ENCRYPTION.keys()];

export const encrypted: ResourceRule = {
  kind: 'resource',
  name: 'encrypted',
  description: "Whatever stores data is encrypted under the Region's customer-managed key, and that key is rotated.",
  check: ({ type, props }) => {
    const row = ENCRYPTION.get(type);
    if (row !== undefined && !row.holds(props)) {
      return [`${type} is not encrypted under a customer-managed key: set ${row.path}.`];
    }
    const signs = valueAt(props, 'keyUsage') === 'SIGN_VERIFY';
    return type === 'aws:kms/key:Key' && !signs && valueAt(props, 'enableKeyRotation') !== true
      ? ['aws:kms/key:Key is never rotated: set enableKeyRotation.']
      : [];
  },
};

/** A replacement of any of these is a loss: of data, or of the key that reads it. */
const STATEFUL: ReadonlySet<string> = new Set([
  'aws:dynamodb/table:Table',
  'aws:s3/vectorsVectorBucket:VectorsVectorBucket',
  'aws:s3/vectorsIndex:VectorsIndex',
  'aws:kms/key:Key',
  'aws:secretsmanager/secret:Secret',
]);

export const protectedData: ResourceRule = {
  kind: 'resource',
  name: 'protected',
  description: 'Pulumi refuses to delete or replace what holds data, or a key, until a person removes the protection.',
  check: ({ type, protect, props }) => [
    ...(STATEFUL.has(type) && !protect ? [`${type} is not protected: give it protect: true.`] : []),
    ...(valueAt(props, 'forceDestroy') === true
      ? [`${type} is deleted with what is in it: take forceDestroy away.`]
      : []),
  ],
};

const DELETION_WINDOW_DAYS_MIN = 30;

const tableProblems = (props: PlainObject): readonly string[] => [
  ...(valueAt(props, 'pointInTimeRecovery.enabled') === true
    ? []
    : ['aws:dynamodb/table:Table can not be restored to a point in time: set pointInTimeRecovery.enabled.']),
  ...(valueAt(props, 'deletionProtectionEnabled') === true
    ? []
    : ['aws:dynamodb/table:Table can be deleted by one call: set deletionProtectionEnabled.']),
];

const keyProblems = (props: PlainObject): readonly string[] => {
  const days = valueAt(props, 'deletionWindowInDays');
  return typeof days === 'number' && days < DELETION_WINDOW_DAYS_MIN
    ? [
        `aws:kms/key:Key is gone after ${days} days, and everything under it: set deletionWindowInDays to ${DELETION_WINDOW_DAYS_MIN}.`,
      ]
    : [];
};

export const restorable: ResourceRule = {
  kind: 'resource',
  name: 'restorable',
  description: 'What is deleted or overwritten by mistake can be brought back.',
  check: ({ type, props }) => {
    if (type === 'aws:dynamodb/table:Table') {
      return tableProblems(props);
    }
    return type === 'aws:kms/key:Key' ? keyProblems(props) : [];
  },
};

const RETENTION_DAYS_MIN = 7;

export const logsKept: ResourceRule = {
  kind: 'resource',
  name: 'retention',
  description: 'Logs are kept for a set time, neither for ever nor for hours.',
  check: ({ type, props }) => {
    const days = valueAt(props, 'retentionInDays');
    return type === 'aws:cloudwatch/logGroup:LogGroup' && !(typeof days === 'number' && days >= RETENTION_DAYS_MIN)
      ? [`${type} has no retention of ${RETENTION_DAYS_MIN} days or more: set retentionInDays.`]
      : [];
  },
};
