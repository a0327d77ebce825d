/** What one Region is made of. Both stacks are this, with other settings; nothing in it looks at the other Region. */
import * as pulumi from '@pulumi/pulumi';

import { Functions } from './components/functions.ts';
import { Gate } from './components/gate.ts';
import { Jobs } from './components/jobs.ts';
import { Keys } from './components/keys.ts';
import { LoadBalancer } from './components/load-balancer.ts';
import { Queues } from './components/queues.ts';
import { Roles } from './components/roles.ts';
import { Schedule } from './components/schedule.ts';
import { SigningKey } from './components/signing-key.ts';
import { Tables } from './components/tables.ts';
import { Vectors } from './components/vectors.ts';
import type { RegionConfig } from './config.ts';
import type { LiveValues } from './environment.ts';
import { namesOf, type RegionNames } from './names.ts';

export interface RegionStackArgs {
  readonly config: RegionConfig;
}

export class RegionStack extends pulumi.ComponentResource {
  readonly tables: Tables;
  readonly vectors: Vectors;
  readonly gate: Gate;
  readonly queues: Queues;
  readonly functions: Functions;
  readonly schedule: Schedule;
  readonly jobs: Jobs;
  readonly loadBalancer: LoadBalancer;

  constructor(name: string, { config }: RegionStackArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:RegionStack', name, {}, options);
    const parent = { parent: this };
    const names = namesOf(config.region, config.accountId);

    const { keyArn } = new Keys('keys', { names }, parent);
    const { signingKeyArn } = new SigningKey('signing-key', { names }, parent);
    this.tables = new Tables('tables', { names, keyArn }, parent);
    this.vectors = new Vectors('vectors', { names, keyArn, dimensions: config.embeddingDimensions }, parent);
    this.gate = new Gate('gate', { names, settings: config.gate }, parent);
    this.queues = new Queues('queues', { names, keyArn }, parent);
    const gateArn = this.gate.configurationArn;
    const roles = new Roles('roles', { names, ...peerOf(config), keyArn, signingKeyArn, gateArn }, parent);
    const live = { ...liveValues(this.gate, this.queues), signingKeyArn };
    this.functions = new Functions('functions', { names, config, keyArn, roles, live, queues: this.queues }, parent);
    const { api, dispatch } = this.functions.byName;
    this.schedule = new Schedule(
      'schedule',
      { names, settings: config.schedule, dispatch, role: roles.scheduler, queues: this.queues },
      parent,
    );
    const { functions, queues } = this;
    this.jobs = new Jobs('jobs', { names, functions, role: roles.scheduler, queues }, parent);
    this.loadBalancer = new LoadBalancer('api', { names, network: config.network, api }, parent);
    this.registerOutputs({ loadBalancerName: this.loadBalancer.dnsName });
  }
}

/** The peer's names are derived, never looked up: the peer may be gone. */
const peerOf = (config: RegionConfig): { peer?: RegionNames } =>
  config.peerRegion === undefined ? {} : { peer: namesOf(config.peerRegion, config.accountId) };

const liveValues = (gate: Gate, queues: Queues): Omit<LiveValues<pulumi.Output<string>>, 'signingKeyArn'> => ({
  gateApplication: gate.applicationId,
  gateEnvironment: gate.environmentId,
  gateProfile: gate.profileId,
  syncQueueUrl: queues.syncQueueUrl,
});
