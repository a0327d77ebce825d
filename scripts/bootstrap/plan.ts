/**
 * The steps before the first `pulumi up` of a stack: a bucket for its state and a key for its secrets, both in the stack's own
 * Region, so that the other Region can be gone while this one is deployed. Pure: settings in, commands out. Every command
 * names the Region and none names the other one.
 */
import type { RegionName, Role } from '../../functions/domain/region.ts';
import { partitionOf } from '../../infra/names.ts';

export interface Place {
  readonly stack: Role;
  readonly region: RegionName;
  readonly accountId: string;
}

export interface StateNames {
  readonly bucket: string;
  readonly keyAlias: string;
  readonly backend: string;
  readonly secretsProvider: string;
}

/** A command as words; `$KEY_ARN` in a word stands for what the step that makes the key has answered. */
export type CommandWords = readonly [program: 'aws' | 'pulumi', ...rest: readonly string[]];

export interface Step {
  readonly title: string;
  /** Succeeds where the step was done before. Its output counts only with `captures`, and then must not be empty. */
  readonly check?: CommandWords;
  readonly run: CommandWords;
  /** The output of `check` or `run` is this, for later steps. */
  readonly captures?: 'KEY_ARN';
  /** Refused where the output is another: credentials of a wrong account change nothing. */
  readonly expects?: string;
}

export const KEY_ARN = '$KEY_ARN';

const KEY_TAG = 'twinmap:state';

/** Bucket names are global, so they carry account and Region. */
export const stateNamesOf = ({ region, accountId }: Place): StateNames => {
  const bucket = `twinmap-state-${accountId}-${region}`;
  const keyAlias = `alias/twinmap-state-${region}`;
  return {
    bucket,
    keyAlias,
    backend: `s3://${bucket}?region=${region}`,
    secretsProvider: `awskms://${keyAlias}?region=${region}`,
  };
};

/** us-east-1 is the one Region that S3 does not want named. */
const locationOf = (region: RegionName): readonly string[] =>
  region === 'us-east-1' ? [] : ['--create-bucket-configuration', `LocationConstraint=${region}`];

const onlyTls = ({ region }: Place, bucket: string): string => {
  const arn = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTls',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
};

const encryption = JSON.stringify({
  Rules: [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY_ARN },
      BucketKeyEnabled: true,
    },
  ],
});

type Aws = (...words: readonly string[]) => CommandWords;

const words = (text: string): readonly string[] => text.split(' ');

const keySteps = (aws: Aws, { keyAlias }: StateNames, stack: Role): readonly Step[] => [
  {
    title: 'a key for secrets and state',
    // By tag, not by alias: a run that ended between the key and its alias must find its key again.
    check: aws(
      ...words('resourcegroupstaggingapi get-resources --resource-type-filters kms:key'),
      ...words(`--tag-filters Key=${KEY_TAG},Values=${stack}`),
      ...words('--query ResourceTagMappingList[0].ResourceARN --output text'),
    ),
    run: aws(
      ...words(`kms create-key --tags TagKey=${KEY_TAG},TagValue=${stack}`),
      ...words('--query KeyMetadata.Arn --output text --description'),
      `Twinmap: state and secrets of the stack ${stack}`,
    ),
    captures: 'KEY_ARN',
  },
  { title: 'its yearly rotation', run: aws(...words(`kms enable-key-rotation --key-id ${KEY_ARN}`)) },
  {
    title: 'its name',
    check: aws(...words(`kms describe-key --key-id ${keyAlias}`)),
    run: aws(...words(`kms create-alias --alias-name ${keyAlias} --target-key-id ${KEY_ARN}`)),
  },
];

const NO_PUBLIC_ACCESS = 'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true';

const bucketSteps = (aws: Aws, place: Place, { bucket }: StateNames): readonly Step[] => {
  const own = ['--bucket', bucket, '--expected-bucket-owner', place.accountId];
  const put = (what: string, option: string, value: string): CommandWords =>
    aws('s3api', `put-${what}`, ...own, `--${option}`, value);
  return [
    {
      title: 'a bucket for the state',
      check: aws('s3api', 'head-bucket', ...own),
      run: aws('s3api', 'create-bucket', '--bucket', bucket, ...locationOf(place.region)),
    },
    {
      title: 'no public access to it',
      run: put('public-access-block', 'public-access-block-configuration', NO_PUBLIC_ACCESS),
    },
    {
      title: 'old versions of the state kept',
      run: put('bucket-versioning', 'versioning-configuration', 'Status=Enabled'),
    },
    {
      title: 'the state encrypted with that key',
      run: put('bucket-encryption', 'server-side-encryption-configuration', encryption),
    },
    { title: 'the state over TLS only', run: put('bucket-policy', 'policy', onlyTls(place, bucket)) },
  ];
};

/** In order. Each is idempotent, or says by its `check` that it was done: a run that broke off is simply run again. */
export const bootstrapSteps = (place: Place): readonly Step[] => {
  const { stack, region, accountId } = place;
  const names = stateNamesOf(place);
  const aws: Aws = (...rest) => ['aws', ...rest, '--region', region];
  return [
    {
      title: `credentials of the account ${accountId}`,
      run: aws(...words('sts get-caller-identity --query Account --output text')),
      expects: accountId,
    },
    ...keySteps(aws, names, stack),
    ...bucketSteps(aws, place, names),
    { title: 'Pulumi logged in to that bucket', run: ['pulumi', 'login', names.backend] },
    {
      title: `the stack ${stack}`,
      check: ['pulumi', 'stack', 'select', stack, '--non-interactive'],
      run: ['pulumi', 'stack', 'init', stack, '--secrets-provider', names.secretsProvider, '--non-interactive'],
    },
  ];
};
