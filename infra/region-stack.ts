/** What one Region is made of. Both stacks are this, with other settings; nothing in it looks at the other Region. */
import * as pulumi from '@pulumi/pulumi';

import { Functions } from './components/functions.ts';
import { Gate } from './components/gate.ts';
import { Jobs } from './components/jobs.ts';
import { Keys } from './components/keys.ts';
import { LoadBalancer } from './components/load-balancer.ts';
import { Observability } from './components/observability.ts';
import { Network } from './components/network.ts';
import { PeerAccess } from './components/peer-access.ts';
import { Queues } from './components/queues.ts';
import { Roles } from './components/roles.ts';
import { Schedule } from './components/schedule.ts';
import { Secrets } from './components/secrets.ts';
import { SigningKey } from './components/signing-key.ts';
import { Tables } from './components/tables.ts';
import { Vectors } from './components/vectors.ts';
import type { RegionConfig } from './config.ts';
import type { LiveValues } from './environment.ts';
import { FUNCTION_NAMES, namesOf, peerNamesOf, type RegionNames, roleArn } from './names.ts';
import { REACHING_PEER } from './peer-policies.ts';
import type { PolicyInputs } from './policies.ts';

export interface RegionStackArgs {
  readonly config: RegionConfig;
}

export class RegionStack extends pulumi.ComponentResource {
  readonly keyArn: pulumi.Output<string>;
  readonly tables: Tables;
  readonly vectors: Vectors;
  readonly gate: Gate;
  readonly network: Network;
  /** Where the peer is in another account. */
  readonly peerAccess: PeerAccess | undefined;
  readonly queues: Queues;
  readonly functions: Functions;
  readonly schedule: Schedule;
  readonly jobs: Jobs;
  readonly loadBalancer: LoadBalancer;
  readonly secrets: Secrets;
  readonly observability: Observability;

  constructor(name: string, { config }: RegionStackArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:RegionStack', name, {}, options);
    const parent = { parent: this };
    const names = namesOf(config.region, config.accountId);

    const peer = peerNamesOf(config);
    const { keyArn } = new Keys('keys', { names, callers: callersOf(names, config), ...ownKey(config) }, parent);
    this.keyArn = keyArn;
    const { signingKeyArn } = new SigningKey('signing-key', { names }, parent);
    this.tables = new Tables('tables', { names, keyArn }, parent);
    this.gate = new Gate('gate', { names, settings: config.gate }, parent);
    const arns = { keyArn, signingKeyArn, gateArn: this.gate.configurationArn };
    const policies = policyInputs(config, names, arns);
    this.vectors = new Vectors('vectors', { names, keyArn, policies, dimensions: config.embeddingDimensions }, parent);
    this.queues = new Queues('queues', { names, keyArn, policies }, parent);
    this.network = new Network(
      'network',
      { names, settings: config.network, policies, ...where('peer', peer) },
      parent,
    );
    const boundary = where('permissionsBoundaryArn', config.permissionsBoundaryArn);
    const roles = new Roles('roles', { names, keyArn, policies, ...boundary }, parent);
    this.peerAccess =
      peer === undefined || config.peerAccount === undefined
        ? undefined
        : new PeerAccess('peer-access', { names, peer, keyArn, ...boundary }, parent);
    const { secrets } = config;
    this.secrets = new Secrets('secrets', { names, keyArn, secrets, reader: roles.functions.sync }, parent);
    const live = { ...liveValues(this.gate, this.queues), signingKeyArn };
    const place = where('place', this.network.functions);
    this.functions = new Functions(
      'functions',
      { names, config, keyArn, roles, live, queues: this.queues, ...place },
      parent,
    );
    const { api, dispatch } = this.functions.byName;
    this.schedule = new Schedule(
      'schedule',
      { names, settings: config.schedule, dispatch, role: roles.scheduler, queues: this.queues },
      parent,
    );
    const { functions, queues } = this;
    this.jobs = new Jobs('jobs', { names, functions, role: roles.scheduler, queues }, parent);
    this.loadBalancer = new LoadBalancer('api', { names, network: config.network, place: this.network, api }, parent);
    const front = this.loadBalancer.metricNames;
    this.observability = new Observability('alarms', { names, config, keyArn, front }, parent);
    this.registerOutputs({ loadBalancerName: this.loadBalancer.dnsName });
  }
}

const where = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> => {
  const found: Partial<Record<K, V>> = {};
  if (value !== undefined) {
    found[key] = value;
  }
  return found;
};

const ownKey = ({ kmsKeyArn }: RegionConfig): { existingKeyArn?: string } => where('existingKeyArn', kmsKeyArn);

/** Roles that use the key: our own, and the peer's, which in another account become one of ours. */
const callersOf = (names: RegionNames, config: RegionConfig): readonly string[] => {
  const peer = peerNamesOf(config);
  const ofPeer = peer === undefined ? [] : REACHING_PEER.map((name) => roleArn(peer, name));
  const surveys = config.survey ? [names, ...(peer === undefined ? [] : [peer])] : [];
  return [
    ...[...FUNCTION_NAMES, 'scheduler' as const].map((name) => roleArn(names, name)),
    ...(config.peerAccount === undefined ? ofPeer : [roleArn(names, 'peer')]),
    ...surveys.map((one) => roleArn(one, 'survey')),
  ];
};

const policyInputs = (
  config: RegionConfig,
  home: RegionNames,
  arns: Pick<PolicyInputs, 'keyArn' | 'signingKeyArn' | 'gateArn'>,
): PolicyInputs => ({
  home,
  ...where('peer', peerNamesOf(config)),
  ...where('peerRoleArn', config.peerAccount?.roleArn),
  ...(config.embedder === 'bedrock' ? { embeddingModel: config.embeddingModel } : {}),
  detectsPersonalData: config.comprehend !== undefined,
  isInVpc: config.network.kind === 'isolated',
  secretNames: config.secrets,
  ...arns,
});

const liveValues = (gate: Gate, queues: Queues): Omit<LiveValues<pulumi.Output<string>>, 'signingKeyArn'> => ({
  gateApplication: gate.applicationId,
  gateEnvironment: gate.environmentId,
  gateProfile: gate.profileId,
  syncQueueUrl: queues.syncQueueUrl,
});
