/**
 * Finds what a text says about places: ARNs, hosts of AWS services, images of ECR. Linear in the text. A Region by itself is no
 * tie; who knows the context (a client's option, an environment variable) decides about that.
 */
import { REGION_PATTERN, regionOfShort } from './names.ts';

export interface Literal {
  readonly kind: 'arn' | 'host' | 'image' | 'global-sts' | 'ecr-public' | 'template';
  readonly text: string;
  /** Where in the text it begins. */
  readonly index: number;
  readonly service: string;
  readonly region?: string;
  /** Of a template: what stands where the Region would be. */
  readonly expression?: string;
  /** By which others know it; absent for wildcards and for a service as a whole. */
  readonly name?: string;
}

const ARN =
  /\barn:aws[a-z-]*:(?<service>[a-z0-9-]+):(?<region>[a-z0-9-]*):(?<account>\d{12}|)?(?:\$\{[^{}\s"'`]{0,120}\}|[^:\s"'`]{0,40}):(?<rest>[^\s"'`,;<>()[\]{}|\\]{1,512})/gu;

/** `arn:aws:sqs:${var.region}:…`, `f"arn:aws:sqs:{region}:…"`. */
const TEMPLATE = /\barn:[^:\s"'`]{1,60}:(?<service>[a-z0-9-]+):\$?\{(?<expression>[^{}\n]{1,120})\}:/gu;

const HOST = new RegExp(
  `(?<![\\w-])(?<before>(?:[\\w-]{1,100}\\.){0,8})(?<region>${REGION_PATTERN})\\.(?<after>(?:[a-z0-9-]{1,40}\\.){0,3})(?:amazonaws\\.com(?:\\.cn)?|api\\.aws|on\\.aws|amazoncognito\\.com|awsapprunner\\.com|elasticbeanstalk\\.com)(?::\\d+)?(?<path>/[\\w\\-./:@]{0,256})?`,
  'gu',
);
const OLD_S3 = new RegExp(
  `(?<bucket>[a-z0-9.-]{3,63}\\.)?s3(?:-website)?-(?<region>${REGION_PATTERN})\\.amazonaws\\.com`,
  'gu',
);
/** ElastiCache writes Regions short. */
const CACHE = /\b[\w.-]{1,200}\.(?<short>[a-z]{2}[a-z]{1,2}[1-9])\.cache\.amazonaws\.com/gu;
const PLAIN_S3 =
  /(?:https?:\/\/(?<bucket>[a-z0-9.-]{3,63})\.s3\.amazonaws\.com|\bs3a?:\/\/(?<name>[a-z0-9][a-z0-9.-]{2,62})(?![\w.{$-]))/gu;
/** A pool of users says where it is: `eu-west-1_Ab12Cd34E`. */
const USER_POOL = new RegExp(`(?<![\\w-])(?<region>${REGION_PATTERN})_[A-Za-z0-9]{9}(?![\\w-])`, 'gu');
/** A path of `/doc` is the name of an XML vocabulary. */
const GLOBAL_STS = /https:\/\/sts\.amazonaws\.com(?!\/doc)/gu;
const ECR_PUBLIC = /\bpublic\.ecr\.aws\/[\w./-]+/gu;

type NameRule = (rest: string) => string | undefined;

const after =
  (prefix: RegExp): NameRule =>
  (rest) => {
    const found = prefix.exec(rest);
    return found === null ? undefined : rest.slice(found[0].length).split(/[/:]/u)[0];
  };

const NAMES: Readonly<Record<string, NameRule>> = {
  sqs: (rest) => rest,
  sns: (rest) => rest.split(':')[0],
  dynamodb: after(/^table\//u),
  s3: (rest) => rest.split('/')[0],
  lambda: after(/^function:/u),
  secretsmanager: (rest) => rest.replace(/^secret:/u, '').replace(/-[A-Za-z0-9]{6}$/u, ''),
  ssm: (rest) => rest.replace(/^parameter/u, ''),
  kinesis: after(/^stream\//u),
  firehose: after(/^deliverystream\//u),
  states: after(/^stateMachine:/u),
  events: after(/^event-bus\//u),
  ecr: (rest) => rest.replace(/^repository\//u, ''),
  rds: after(/^(?:db|cluster):/u),
  es: after(/^domain\//u),
  kms: (rest) => (rest.startsWith('alias/') ? rest : undefined),
  kafka: after(/^cluster\//u),
  ecs: after(/^cluster\//u),
  eks: after(/^cluster\//u),
};

const plain = (name: string | undefined): { name: string } | object =>
  name === undefined || name === '' || /[*?${}]/u.test(name) ? {} : { name };

const arnsIn = (text: string): Literal[] =>
  [...text.matchAll(ARN)].flatMap((match): Literal[] => {
    const { service = '', region = '', rest = '' } = match.groups ?? {};
    const one: Literal = {
      kind: 'arn',
      text: match[0],
      index: match.index,
      service,
      ...(new RegExp(`^${REGION_PATTERN}$`, 'u').test(region) ? { region } : {}),
      ...plain(NAMES[service]?.(rest)),
    };
    return [one];
  });

const hostName = (service: string, before: readonly string[], path: string): string | undefined => {
  const parts = path.split('/').filter((part) => part !== '');
  if (service === 'sqs') {
    return parts[1];
  }
  if (service === 's3') {
    return before.slice(0, -1).join('.') || parts[0];
  }
  return undefined;
};

const hostsIn = (text: string): Literal[] =>
  [...text.matchAll(HOST)].flatMap((match): Literal[] => {
    const { before = '', region = '', after: tail = '', path = '' } = match.groups ?? {};
    const labels = before.split('.').filter((label) => label !== '');
    if (labels.includes('ecr') && labels.includes('dkr')) {
      const image = path.slice(1).split(/[:@]/u)[0] ?? '';
      return [{ kind: 'image', text: match[0], index: match.index, service: 'ecr', region, ...plain(image) }];
    }
    const suffix = /amazoncognito|awsapprunner|elasticbeanstalk/u.exec(match[0])?.[0];
    const service = suffix ?? tail.split('.').find((label) => label !== '') ?? labels.at(-1) ?? '';
    const known = service.replace(/^(?:bedrock|bedrock-runtime)$/u, 'bedrock');
    return known === '' || known === 'console'
      ? []
      : [
          {
            kind: 'host',
            text: match[0],
            index: match.index,
            service: known,
            region,
            ...plain(hostName(known, labels, path)),
          },
        ];
  });

const othersIn = (text: string): Literal[] => [
  ...[...text.matchAll(TEMPLATE)].map((match): Literal => {
    const { service = '', expression = '' } = match.groups ?? {};
    return { kind: 'template', text: match[0], index: match.index, service, expression };
  }),
  ...[...text.matchAll(OLD_S3)].flatMap((match): Literal[] => {
    const { bucket, region = '' } = match.groups ?? {};
    return [
      { kind: 'host', text: match[0], index: match.index, service: 's3', region, ...plain(bucket?.slice(0, -1)) },
    ];
  }),
  ...[...text.matchAll(PLAIN_S3)].flatMap((match): Literal[] => {
    const bucket = match.groups?.['bucket'] ?? match.groups?.['name'];
    return [{ kind: 'host', text: match[0], index: match.index, service: 's3', ...plain(bucket) }];
  }),
  ...[...text.matchAll(CACHE)].flatMap((match): Literal[] => {
    const region = regionOfShort(match.groups?.['short'] ?? '');
    return region === undefined
      ? []
      : [{ kind: 'host', text: match[0], index: match.index, service: 'elasticache', region }];
  }),
  ...[...text.matchAll(USER_POOL)].map((match): Literal => ({
    kind: 'host',
    text: match[0],
    index: match.index,
    service: 'cognito-idp',
    region: match.groups?.['region'] ?? '',
  })),
  ...[...text.matchAll(GLOBAL_STS)].map((match): Literal => ({
    kind: 'global-sts',
    text: match[0],
    index: match.index,
    service: 'sts',
  })),
  ...[...text.matchAll(ECR_PUBLIC)].map((match): Literal => ({
    kind: 'ecr-public',
    text: match[0],
    index: match.index,
    service: 'ecr-public',
  })),
];

/** A text without any of these words can't hold a literal; most texts end here. */
const HINT = /arn:|amazonaws|\.aws\b|s3a?:\/\/|amazoncognito|awsapprunner|elasticbeanstalk|-[1-9]_[A-Za-z0-9]{9}/u;

export const literalsIn = (text: string): readonly Literal[] =>
  HINT.test(text) ? [...arnsIn(text), ...hostsIn(text), ...othersIn(text)] : [];
