/** Runs the real program of a stack through the local monitor and keeps what it declares. Nothing is made anywhere. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { parseRegion, type Role } from '../../functions/domain/region.ts';
import { FUNCTION_NAMES, partitionOf } from '../../infra/names.ts';
import { asksForPeering } from '../../infra/settings/isolation.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { runProgram } from '../../local/monitor/run-program.ts';
import { loadStackConfig } from '../../local/monitor/stack-config.ts';
import { createProvisioner } from '../../local/provision/provisioner.ts';
import { dryServices } from './dry-services.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface StackShape {
  /** Without the peer: the default shape of an install. */
  readonly single: boolean;
  /** In two GovCloud Regions, whose ARNs are of another partition. */
  readonly govcloud: boolean;
  /** In a VPC without a way out, peered with the other Region's. */
  readonly isolated: boolean;
  /** The other Region in another account. */
  readonly twoAccounts: boolean;
}

export interface StackRecording {
  readonly stack: Role;
  readonly region: string;
  readonly partition: string;
  readonly peerRegion?: string;
  /** Full keys, as the CLI hands them over. */
  readonly config: Readonly<Record<string, string>>;
  readonly resources: readonly RecordedResource[];
  /** What the program warned of. */
  readonly warnings: readonly string[];
}

export interface RecordOptions extends StackShape {
  readonly functionsDirectory: string;
  /** As in the CLI's preview: what exists after creation only stays unknown. */
  readonly unknowns?: boolean;
}

/** Folders that look built: a declaration is judged, not the code. */
export const withPlaceholderBundles = async <T>(use: (functionsDirectory: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinmap-preview-'));
  try {
    for (const name of FUNCTION_NAMES) {
      await mkdir(path.join(folder, name));
      await writeFile(path.join(folder, name, 'index.mjs'), 'export const handler = () => null;\n');
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Texts = Readonly<Record<string, string>>;

const GOVCLOUD_REGIONS: Readonly<Record<Role, string>> = { primary: 'us-gov-west-1', secondary: 'us-gov-east-1' };

/** The same settings with the Regions and the partition of GovCloud wherever they stand. */
const inGovcloud = (config: Texts, stack: Role): Texts => {
  const other = stack === 'primary' ? 'secondary' : 'primary';
  const moves: readonly (readonly [string | undefined, string])[] = [
    [config['aws:region'], GOVCLOUD_REGIONS[stack]],
    [config['twinmap:peerRegion'], GOVCLOUD_REGIONS[other]],
  ];
  const moved = (text: string): string =>
    moves.reduce(
      (result, [from, to]) => (from === undefined || from === '' ? result : result.replaceAll(from, to)),
      text.replaceAll(/\barn:aws(?=:)/gu, 'arn:aws-us-gov'),
    );
  return Object.fromEntries(Object.entries(config).map(([key, text]) => [key, moved(text)]));
};

const otherOf = (stack: Role): Role => (stack === 'primary' ? 'secondary' : 'primary');

const CIDRS: Readonly<Record<Role, string>> = { primary: '10.40.0.0/16', secondary: '10.41.0.0/16' };
const ACCOUNTS: Readonly<Record<Role, string>> = { primary: '111122223333', secondary: '444455556666' };

/** As after the second deployment, when each stack knows the other one's outputs. */
const peerOutputs = (region: string, peerRegion: string): Texts => ({
  'twinmap:peerEndpoints': JSON.stringify({
    dynamodb: `https://vpce-0a1b2c3d4e5f60718-9a8b7c6d.dynamodb.${peerRegion}.vpce.amazonaws.com`,
    s3vectors: `https://vpce-0a1b2c3d4e5f60719-9a8b7c6e.s3vectors.${peerRegion}.vpce.amazonaws.com`,
  }),
  ...(asksForPeering(region, peerRegion)
    ? { 'twinmap:peerVpcId': 'vpc-0a1b2c3d4e5f60718' }
    : { 'twinmap:peeringConnectionId': 'pcx-0a1b2c3d4e5f60718' }),
});

/** A VPC that the program makes; sources inside, since there is no way to those outside. */
const isolatedSettings = (stack: Role, { single }: StackShape, region: string, peerRegion: string): Texts => ({
  'twinmap:network': 'isolated',
  'twinmap:vpcId': '',
  'twinmap:subnetIds': '[]',
  'twinmap:vpcCidr': CIDRS[stack],
  ...(single ? {} : { 'twinmap:peerVpcCidr': CIDRS[otherOf(stack)], ...peerOutputs(region, peerRegion) }),
});

/** The stack files are in one account; the secondary's moves to another one, with all that names its own. */
const inTwoAccounts = (config: Texts, stack: Role, { single }: StackShape): Texts => {
  const own = config['twinmap:accountId'] ?? '';
  const moved: Texts = Object.fromEntries(
    Object.entries(config).map(([key, text]) => [key, text.replaceAll(own, ACCOUNTS[stack])]),
  );
  return { ...moved, ...(single ? {} : { 'twinmap:peerAccountId': ACCOUNTS[otherOf(stack)] }) };
};

/** What the CLI would hand to the program, and to the policy pack. */
export const settingsOf = async (stack: Role, options: RecordOptions): Promise<Texts> => {
  const { config } = await loadStackConfig({
    rootDirectory: ROOT,
    stack,
    overrides: {
      'twinmap:functionsDirectory': options.functionsDirectory,
      ...(options.single ? { 'twinmap:peerRegion': '', 'twinmap:peerWrites': 'required' } : {}),
    },
  });
  const placed = options.govcloud ? inGovcloud(config, stack) : config;
  const owned = options.twoAccounts ? inTwoAccounts(placed, stack, options) : placed;
  const { 'aws:region': region = '', 'twinmap:peerRegion': peerRegion = '' } = owned;
  return options.isolated ? { ...owned, ...isolatedSettings(stack, options, region, peerRegion) } : owned;
};

export const recordStack = async (stack: Role, options: RecordOptions): Promise<StackRecording> => {
  const config = await settingsOf(stack, options);
  const region = parseRegion(config['aws:region'] ?? '');
  if (region === undefined) {
    throw new ConfigError(
      `aws:region of the stack ${stack} is not a Region name. Mend it: pulumi config set aws:region us-east-2`,
    );
  }
  const partition = partitionOf(region);
  const services = dryServices(region, config['twinmap:accountId'] ?? '', partition);
  const { onResource } = createProvisioner(services, {});
  const { resources, logs } = await runProgram({
    stack,
    config,
    rootDirectory: ROOT,
    preview: options.unknowns === true,
    onResource,
  });
  const peerRegion = config['twinmap:peerRegion'] ?? '';
  return {
    stack,
    region,
    partition,
    ...(peerRegion === '' ? {} : { peerRegion }),
    config,
    resources,
    warnings: logs.filter(({ severity }) => severity === 'warning').map(({ message }) => message),
  };
};
