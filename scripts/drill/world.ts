/**
 * The stage of one drill: two Regions, the wire in front of them, a router, somebody who asks all the time, and the person on call.
 * Everything on loopback and in one temporary folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { InvariantError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { serviceHost } from '../../local/services/name-server.ts';
import { validateConfig } from '../../router/config/validate.ts';
import { type NodeRouter, startNodeRouter } from '../../router/entries/node/node-router.ts';
import { functionProcesses, killNow } from '../kills/victims.ts';
import { SyntheticClient } from './load/synthetic-client.ts';
import { Operator } from './operator.ts';
import { type DrillPair, openDrillPair } from './pair.ts';
import type { Timeline } from './timeline.ts';
import type { Trouble } from './trouble.ts';
import { Wire } from './wire/wire.ts';

export interface Load {
  readonly routerReadsPerSecond: number;
  readonly directReadsPerSecond: number;
  readonly writesPerSecond: number;
}

export interface WorldOptions {
  readonly rootDirectory: string;
  readonly timeline: Timeline;
  readonly load: Load;
  readonly functionsOf?: Readonly<Partial<Record<Role, string>>>;
  /** Functions reach the other Region through the wire, too. */
  readonly isPartitioned?: boolean;
}

export const SURVEY = 'drill';
/** Answered from the home Region's stores with a key: what people read, a search among ten. */
const READS = [
  ...Array.from({ length: 9 }, (_, at) => (at % 2 === 0 ? '/v1/settings/displayName' : '/v1/sources')),
  '/v1/search?q=page&limit=3',
];

const openRouter = async (wire: Wire, pair: DrillPair, directory: string): Promise<NodeRouter> => {
  const validated = validateConfig({
    name: 'twinmap-drill',
    listen: { host: '127.0.0.1', port: 0 },
    sharedKeyPaths: ['/v1/settings', '/v1/surveys'],
    regions: ROLES.map((role) => ({
      id: pair.link.regionOf(role),
      endpoint: wire.urlOf('people', role, 'api'),
      caFile: path.join(pair.authorityDirectory, 'authority.pem'),
    })),
    dns: { servers: [wire.nameServer] },
    stateFolder: directory,
  });
  if (validated.kind === 'invalid') {
    throw new InvariantError(`the drill's router config is refused: ${JSON.stringify(validated.problems)}`);
  }
  return startNodeRouter({ config: validated.config, log: () => undefined });
};

export class World {
  readonly pair: DrillPair;
  readonly wire: Wire;
  readonly client: SyntheticClient;
  readonly operator: Operator;
  readonly router: NodeRouter;
  readonly timeline: Timeline;
  readonly directory: string;

  private constructor(
    parts: Pick<World, 'pair' | 'wire' | 'client' | 'operator' | 'router' | 'timeline' | 'directory'>,
  ) {
    this.pair = parts.pair;
    this.wire = parts.wire;
    this.client = parts.client;
    this.operator = parts.operator;
    this.router = parts.router;
    this.timeline = parts.timeline;
    this.directory = parts.directory;
  }

  static async open(options: WorldOptions): Promise<World> {
    const { rootDirectory, timeline, load, functionsOf, isPartitioned = false } = options;
    const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-drill-'));
    const apis: Record<Role, string> = { primary: '', secondary: '' };
    const opened: { wire?: Wire } = {};
    const pair = await openDrillPair({
      rootDirectory,
      directory,
      ...(functionsOf === undefined ? {} : { functionsOf }),
      onOpened: async (link, authorityDirectory) => {
        const wire = await Wire.open({ link, authorityDirectory, apiOf: (role) => apis[role] });
        opened.wire = wire;
        return isPartitioned ? { primary: wire.storesOf('primary'), secondary: wire.storesOf('secondary') } : undefined;
      },
    });
    const { wire } = opened;
    if (wire === undefined) {
      throw new InvariantError('a pair was provisioned before its wire was open');
    }
    for (const role of ROLES) {
      apis[role] = pair.provisioned[role].endpoint;
    }
    const router = await openRouter(wire, pair, directory);
    const urls = {
      router: router.url,
      primary: wire.urlOf('people', 'primary', 'api'),
      secondary: wire.urlOf('people', 'secondary', 'api'),
    };
    const { routerReadsPerSecond: through, directReadsPerSecond: direct, writesPerSecond: writes } = load;
    const client = new SyntheticClient({
      urls,
      readsPerSecond: { router: through, primary: direct, secondary: direct },
      writesPerSecond: { router: writes, primary: writes / 2, secondary: writes / 2 },
      token: pair.tokens.operator,
      reads: READS,
      survey: SURVEY,
      nameServer: wire.nameServer,
    });
    const operator = await Operator.open({ rootDirectory, directory, pair, wire, routerUrl: router.url });
    return new World({ pair, wire, client, operator, router, timeline, directory });
  }

  regionOf(role: Role): string {
    return this.pair.link.regionOf(role);
  }

  /** From now on; what was wrong before stays wrong unless this says otherwise. */
  async break(role: Role, trouble: Trouble): Promise<void> {
    const { functions, namesOnly, operator, people, between, isCold = false, what } = trouble;
    const link = this.pair.link.links[role];
    this.timeline.mark('trouble', `${this.regionOf(role)}: ${what}`);
    for (const service of namesOnly ?? []) {
      this.pair.link.setNameMode(serviceHost(service, this.regionOf(role)), 'empty');
    }
    for (const service of functions?.services ?? []) {
      const { mode = '', delayMs } = functions ?? {};
      const rule = { service, mode, ...(delayMs === undefined ? {} : { delayMs }) };
      await link.ask({ kind: 'set-fault', rule: rule as never });
    }
    if (operator !== undefined) {
      const { mode, services } = operator;
      this.wire.set('operator', role, mode, services === undefined ? {} : { services });
    }
    if (people !== undefined) {
      this.wire.set('people', role, people.mode, { keepsWarm: people.keepsWarm ?? false });
    }
    if (between !== undefined) {
      for (const one of ROLES) {
        this.wire.set('functions', one, between);
      }
    }
    if (isCold) {
      this.coolFunctions(role);
    }
  }

  /** The Region is back as it was when it failed: its old gate document included. */
  async mend(role: Role): Promise<void> {
    await this.pair.link.links[role].ask({ kind: 'clear-faults' });
    for (const service of ['dynamodb', 's3vectors', 'appconfig', 'sqs', 'kms', 'sts', 'lambda'] as const) {
      this.pair.link.setNameMode(serviceHost(service, this.regionOf(role)), 'ok');
    }
    this.wire.set('operator', role, 'ok');
    this.wire.set('people', role, 'ok');
    for (const one of ROLES) {
      this.wire.set('functions', one, 'ok');
    }
    this.timeline.mark('trouble', `${this.regionOf(role)}: back, with the gate document that it had`);
  }

  /** Ends every function's process in a Region: the next request starts it anew. */
  coolFunctions(role: Role): void {
    for (const pid of functionProcesses(this.pair.link.links[role].pid ?? -1)) {
      killNow(pid);
    }
  }

  async close(): Promise<void> {
    await this.client.stop();
    await this.router.close();
    await this.wire.close();
    await this.pair.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
