/**
 * The stack's settings, parsed once and frozen. Pulumi's own schema check does not run everywhere (mocks and the local
 * monitor go past it) and stops at shapes, so everything is checked here: all mistakes at once, before any resource.
 */
import type { RegionName, Role } from '../functions/domain/region.ts';
import { oversizedEnvironments } from './environment.ts';
import { type HomeEndpoints, type PeerEndpoints, readEndpoints } from './settings/endpoints.ts';
import { type GateSettings, readGate } from './settings/gate.ts';
import { readIdentity } from './settings/identity.ts';
import { type GitSource, readKnowledge } from './settings/knowledge.ts';
import { type NetworkSettings, readNetwork } from './settings/network.ts';
import { matching, oneOf } from './settings/parsers.ts';
import { readSchedule, type ScheduleSettings } from './settings/schedule.ts';
import { type Parsed, SettingReader, value } from './settings/setting-reader.ts';

export interface RegionConfig {
  readonly role: Role;
  readonly region: RegionName;
  readonly accountId: string;
  /** Absent: a single-Region install. */
  readonly peerRegion?: RegionName;
  readonly gate: GateSettings;
  readonly schedule: ScheduleSettings;
  readonly network: NetworkSettings;
  readonly embedder: 'static';
  readonly embeddingDimensions: number;
  readonly sources: readonly GitSource[];
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin?: string;
  readonly homeEndpoints: HomeEndpoints;
  readonly peerEndpoints: PeerEndpoints;
  readonly logRetentionDays: number;
  /** Holds one folder per function; relative to the project. */
  readonly functionsDirectory: string;
}

export type ParsedConfig =
  | { readonly kind: 'valid'; readonly config: RegionConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** What CloudWatch Logs accepts; any other number fails after half of the stack was made. */
const RETENTION_DAYS = [
  '7',
  '14',
  '30',
  '60',
  '90',
  '120',
  '150',
  '180',
  '365',
  '400',
  '545',
  '731',
  '1096',
  '1827',
  '3653',
] as const;

const retentionDays = (text: string): Parsed<number> => {
  const chosen = oneOf(RETENTION_DAYS)(text);
  return chosen.kind === 'value' ? value(Number(chosen.value)) : chosen;
};

const readHousekeeping = (
  reader: SettingReader,
): Pick<RegionConfig, 'logRetentionDays' | 'functionsDirectory'> | undefined => {
  const logRetentionDays = reader.withDefault(
    {
      key: 'twinmap:logRetentionDays',
      meaning: 'for how many days logs are kept',
      mend: 'twinmap:logRetentionDays 90',
      parse: retentionDays,
    },
    90,
  );
  const functionsDirectory = reader.withDefault(
    {
      key: 'twinmap:functionsDirectory',
      meaning: 'where the built functions are',
      mend: 'twinmap:functionsDirectory dist/functions',
      parse: matching(/^\S.*$/u, 'a folder'),
    },
    'dist/functions',
  );
  return logRetentionDays === undefined || functionsDirectory === undefined
    ? undefined
    : { logRetentionDays, functionsDirectory };
};

const readAll = (reader: SettingReader): RegionConfig | undefined => {
  const identity = readIdentity(reader);
  const gate = readGate(reader);
  const schedule = readSchedule(reader);
  const network = readNetwork(reader, identity?.region);
  const endpoints = readEndpoints(reader);
  const knowledge = readKnowledge(reader, endpoints);
  const housekeeping = readHousekeeping(reader);
  reader.refuseUnknown(['twinmap', 'aws']);
  if (
    identity === undefined ||
    gate === undefined ||
    schedule === undefined ||
    network === undefined ||
    endpoints === undefined ||
    knowledge === undefined ||
    housekeeping === undefined
  ) {
    return undefined;
  }
  return {
    ...identity,
    gate,
    schedule,
    network,
    ...knowledge,
    homeEndpoints: endpoints.home,
    peerEndpoints: endpoints.peer,
    ...housekeeping,
  };
};

const checkEnvironments = (reader: SettingReader, config: RegionConfig): void => {
  for (const { name, bytes } of oversizedEnvironments(config)) {
    const why = `makes the environment of the function ${name} ${bytes} bytes, and Lambda allows 4096: use fewer sources or shorter ids and URLs`;
    reader.problem('twinmap:sources', why, "twinmap:sources '<a shorter list>'");
  }
};

const warningsOf = (config: RegionConfig): readonly string[] =>
  config.role === 'primary' && config.region === 'us-east-1'
    ? [
        'The primary Region is us-east-1, where the control planes of the global services are: a failure there takes both away. Prefer another one.',
      ]
    : [];

/** `values` as Pulumi hands them over: full keys, every value as text, lists and objects as JSON text. */
export const parseRegionConfig = (values: Readonly<Record<string, string>>): ParsedConfig => {
  const reader = new SettingReader(values);
  const config = readAll(reader);
  if (config !== undefined) {
    checkEnvironments(reader, config);
  }
  if (config === undefined || reader.problems.length > 0) {
    return { kind: 'invalid', problems: reader.problems };
  }
  return { kind: 'valid', config: deepFreeze(config), warnings: warningsOf(config) };
};

const deepFreeze = <T>(target: T): T => {
  if (typeof target === 'object' && target !== null) {
    for (const inner of Object.values(target)) {
      deepFreeze(inner);
    }
    Object.freeze(target);
  }
  return target;
};
