/**
 * The stack's settings, parsed once and frozen. Pulumi's own schema check does not run everywhere (mocks and the local
 * monitor go past it) and stops at shapes, so everything is checked here: all mistakes at once, before any resource.
 */
import type { RegionName, Role } from '../functions/domain/region.ts';
import { oversizedEnvironments } from './environment.ts';
import { readBreakGlass } from './settings/break-glass.ts';
import { type HomeEndpoints, type PeerEndpoints, readEndpoints } from './settings/endpoints.ts';
import { type GateSettings, readGate } from './settings/gate.ts';
import { type GovernanceSettings, readGovernance } from './settings/governance.ts';
import { type PeerAccount, readIdentity } from './settings/identity.ts';
import { type IdentityProviderSettings, missesPinnedKeys, readIdentityProvider } from './settings/identity-provider.ts';
import { type KnowledgeSettings, readKnowledge, refuseUnreachable } from './settings/knowledge.ts';
import { type NetworkSettings, readNetwork } from './settings/network.ts';
import { type ObservabilitySettings, readObservability } from './settings/observability.ts';
import { matching, oneOf } from './settings/parsers.ts';
import { readSchedule, type ScheduleSettings } from './settings/schedule.ts';
import { type Parsed, SettingReader, value } from './settings/setting-reader.ts';
import { readSurvey } from './settings/survey.ts';

interface Region extends GovernanceSettings, ObservabilitySettings {
  readonly role: Role;
  readonly region: RegionName;
  readonly accountId: string;
  /** Absent: a single-Region install. */
  readonly peerRegion?: RegionName;
  /** Absent: the peer is in this account. */
  readonly peerAccount?: PeerAccount;
  /** Absent: API keys alone open the API. */
  readonly identityProvider?: IdentityProviderSettings;
  /** ARNs of roles and users that may read by what they are. */
  readonly breakGlassPrincipals: readonly string[];
  readonly gate: GateSettings;
  readonly schedule: ScheduleSettings;
  readonly network: NetworkSettings;
  readonly homeEndpoints: HomeEndpoints;
  readonly peerEndpoints: PeerEndpoints;
  /** Static addresses of a network load balancer that the customer puts in front; an output for the router's config. */
  readonly routerAddresses: readonly string[];
  readonly logRetentionDays: number;
  /** Whether `examples/survey` runs beside the product. */
  readonly survey: boolean;
  /** Holds one folder per function; relative to the project. */
  readonly functionsDirectory: string;
}

export type RegionConfig = Region & KnowledgeSettings;

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
): Pick<Region, 'logRetentionDays' | 'functionsDirectory'> | undefined => {
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
  const governance = readGovernance(reader, identity);
  const network = readNetwork(reader, identity);
  const endpoints = readEndpoints(reader);
  const knowledge = readKnowledge(reader, endpoints);
  const housekeeping = readHousekeeping(reader);
  const observability = readObservability(reader);
  const survey = readSurvey(reader);
  const breakGlassPrincipals = readBreakGlass(reader, identity, network);
  const identityProvider = readIdentityProvider(reader, network, endpoints?.loopback === true);
  if (network?.kind === 'isolated' && network.isolation.egress.kind === 'none') {
    refuseUnreachable(reader, knowledge?.sources ?? []);
  }
  reader.refuseUnknown(['twinmap', 'aws']);
  if (
    identity === undefined ||
    gate === undefined ||
    schedule === undefined ||
    governance === undefined ||
    network === undefined ||
    endpoints === undefined ||
    knowledge === undefined ||
    housekeeping === undefined ||
    observability === undefined ||
    survey === undefined ||
    breakGlassPrincipals === undefined
  ) {
    return undefined;
  }
  return {
    ...identity,
    gate,
    schedule,
    network,
    ...governance,
    ...knowledge,
    homeEndpoints: endpoints.home,
    peerEndpoints: endpoints.peer,
    routerAddresses: endpoints.routerAddresses,
    ...housekeeping,
    ...observability,
    survey,
    breakGlassPrincipals,
    ...(identityProvider === undefined ? {} : { identityProvider }),
  };
};

/** The example is a workload on the Lambda service network, in one account: elsewhere it would answer nobody. */
const checkSurvey = (reader: SettingReader, { survey, network, peerAccount }: RegionConfig): void => {
  if (survey && (network.kind === 'isolated' || peerAccount !== undefined)) {
    const why = 'is true, but the example survey is made for twinmap:network service and for one account';
    reader.problem('twinmap:survey', why, 'twinmap:survey false');
  }
};

const checkEnvironments = (reader: SettingReader, config: RegionConfig): void => {
  for (const { name, bytes } of oversizedEnvironments(config)) {
    const why = `makes the environment of the function ${name} ${bytes} bytes, and Lambda allows 4096: use fewer sources, shorter ids and URLs, or fewer pinned keys`;
    reader.problem('twinmap:sources', why, "twinmap:sources '<a shorter list>'");
  }
};

/** Known after a first deployment only, so its absence is no mistake; but nothing can be written to the peer until then. */
const missesPeerEndpoints = ({ network, peerRegion, peerEndpoints }: RegionConfig): boolean =>
  network.kind === 'isolated' &&
  peerRegion !== undefined &&
  (peerEndpoints.dynamodb === undefined || peerEndpoints.s3vectors === undefined);

const warningsOf = (config: RegionConfig): readonly string[] => [
  ...(config.role === 'primary' && config.region === 'us-east-1'
    ? [
        'The primary Region is us-east-1, where the control planes of the global services are: a failure there takes both away. Prefer another one.',
      ]
    : []),
  ...(missesPinnedKeys(config.identityProvider)
    ? [
        'twinmap:identityProvider pins no keys: while the provider is out, a function that starts knows none, and lets in nobody who has only its tokens. Put its JWKS under keys.',
      ]
    : []),
  ...(missesPeerEndpoints(config)
    ? [
        "twinmap:peerEndpoints is not complete, so the functions can't reach the peer from this isolated network yet. Fill it from the peer's output endpointsForPeer, and deploy a second time.",
      ]
    : []),
];

/** `values` as Pulumi hands them over: full keys, every value as text, lists and objects as JSON text. */
export const parseRegionConfig = (values: Readonly<Record<string, string>>): ParsedConfig => {
  const reader = new SettingReader(values);
  const config = readAll(reader);
  if (config !== undefined) {
    checkEnvironments(reader, config);
    checkSurvey(reader, config);
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
