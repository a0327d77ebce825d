/** A function's environment, parsed once into typed values. The Pulumi program declares exactly these names. */
import { z } from 'zod';

import { REDACTION_MODES } from '../domain/corpus.ts';
import { ConfigError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { isRegionName, type RegionName } from '../domain/region.ts';
import { gitDefinition, type SourceDefinition } from '../domain/source-definition.ts';
import type { ClientTarget } from '../aws/client-options.ts';
import { parseDnsServers } from '../aws/dns-servers.ts';

const text = z.string().min(1);
const regionName = z.custom<RegionName>((value) => typeof value === 'string' && isRegionName(value));

const storesSchema = z.object({
  region: regionName,
  workspaces: text,
  audit: text,
  graph: text,
  bucket: text,
  index: text,
  dynamodb: text.optional(),
  s3vectors: text.optional(),
  dnsServers: z.array(text).readonly().optional(),
  role: z.object({ arn: text, session: text, sts: text.optional(), region: regionName }).optional(),
});

const common = {
  id: text,
  name: text.optional(),
  redaction: z.enum(REDACTION_MODES).exactOptional(),
  workspace: text.exactOptional(),
};

const sourceSchema = z.array(
  z.union([
    z.strictObject({ ...common, kind: text, config: z.record(z.string(), z.unknown()) }),
    /** One repository, by its address. */
    z.strictObject({ ...common, kind: z.literal('git'), url: text, branch: text.exactOptional() }),
  ]),
);

export type StoresAddress = z.infer<typeof storesSchema>;

export type Environment = Readonly<Record<string, string | undefined>>;

const refuse = (what: string): never => {
  throw new ConfigError(`${what}; the Pulumi program declares it: deploy the stack again`);
};

/** One variable that the function can't do without. */
export const requireText = (environment: Environment, name: string): string => {
  const value = environment[name];
  return value === undefined || value === '' ? refuse(`the variable ${name} is not set`) : value;
};

/** Absent where none are named, as on AWS: the function's own resolver is asked then. */
const readDnsServers = (environment: Environment): { dnsServers?: readonly string[] } => {
  const dnsServers = parseDnsServers(environment['TWINMAP_DNS_SERVERS']);
  return dnsServers.length === 0 ? {} : { dnsServers };
};

/** In another account a function takes on a role, through the STS of its own Region. */
const readPeerRole = (environment: Environment, side: 'HOME' | 'PEER'): { role?: object } => {
  const arn = environment['TWINMAP_PEER_ROLE_ARN'];
  return arn === undefined || side === 'HOME'
    ? {}
    : {
        role: {
          arn,
          session: requireText(environment, 'AWS_LAMBDA_FUNCTION_NAME'),
          sts: environment['TWINMAP_HOME_STS_ENDPOINT'],
          region: environment['TWINMAP_HOME_REGION'],
        },
      };
};

const parseStores = (environment: Environment, side: 'HOME' | 'PEER'): StoresAddress => {
  const read = (name: string): string | undefined => environment[`TWINMAP_${side}_${name}`];
  const parsed = storesSchema.safeParse({
    region: read('REGION'),
    workspaces: read('TABLE_WORKSPACES'),
    audit: read('TABLE_AUDIT'),
    graph: read('TABLE_GRAPH'),
    bucket: read('VECTOR_BUCKET'),
    index: read('VECTOR_INDEX'),
    dynamodb: read('DYNAMODB_ENDPOINT'),
    s3vectors: read('S3VECTORS_ENDPOINT'),
    ...readPeerRole(environment, side),
    ...readDnsServers(environment),
  });
  return parsed.success
    ? parsed.data
    : refuse(`the variables TWINMAP_${side}_… are incomplete (${parsed.error.issues[0]?.path.join('.') ?? ''})`);
};

export interface StoresEnvironment {
  readonly role: 'primary' | 'secondary';
  readonly home: StoresAddress;
  readonly peer: StoresAddress | undefined;
}

export const parseStoresEnvironment = (environment: Environment): StoresEnvironment => {
  const role = requireText(environment, 'TWINMAP_ROLE');
  return {
    role: role === 'primary' || role === 'secondary' ? role : refuse(`TWINMAP_ROLE is ${role}`),
    home: parseStores(environment, 'HOME'),
    peer: environment['TWINMAP_PEER_REGION'] === undefined ? undefined : parseStores(environment, 'PEER'),
  };
};

const definitionFrom = (source: z.infer<typeof sourceSchema>[number]): SourceDefinition => {
  const { id, redaction, workspace } = source;
  const name = source.name ?? id;
  const more = { ...(redaction === undefined ? {} : { redaction }), ...(workspace === undefined ? {} : { workspace }) };
  if ('config' in source) {
    const { kind, config } = source;
    return { id, kind, name, config, enabled: true, ...more };
  }
  const { url, branch } = source;
  return { ...gitDefinition({ id, name, url, ...(branch === undefined ? {} : { branch }) }), ...more };
};

/** The sources that the stack names; a name is what people call one, the id where none was given. */
export const parseSources = (environment: Environment): readonly SourceDefinition[] => {
  let value: unknown;
  try {
    value = JSON.parse(environment['TWINMAP_SOURCES'] ?? '[]');
  } catch (error) {
    throw new ConfigError('TWINMAP_SOURCES is not JSON; deploy the stack again', { cause: error });
  }
  const parsed = sourceSchema.safeParse(value);
  return parsed.success
    ? parsed.data.map((source) => definitionFrom(source))
    : refuse('TWINMAP_SOURCES is not a list of sources');
};

/** The home Region's client target for a service that only home has. */
export const homeTarget = (
  environment: Environment,
  service: 'APPCONFIGDATA' | 'SQS' | 'KMS' | 'SECRETSMANAGER' | 'COMPREHEND',
  callTimeoutMs: number,
): ClientTarget => {
  const endpoint = environment[`TWINMAP_HOME_${service}_ENDPOINT`];
  return {
    region: requireText(environment, 'TWINMAP_HOME_REGION'),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...readDnsServers(environment),
    bounds: { connectTimeoutMs: LIMITS.homeConnectTimeoutMs, callTimeoutMs, attemptsMax: LIMITS.readAttemptsMax },
  };
};
