/** A running pair that can lose a process or a whole Region, and come back on the same data. */
import path from 'node:path';

import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { Provisioned } from '../../local/region/messages.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { ensureTokens } from '../../local/start/access-keys.ts';
import { type CycleWatch, watchCycles } from '../../local/start/cycle-watch.ts';
import { addressesOf, openLocalPair } from '../../local/start/pair-addresses.ts';
import type { OpenedSources } from '../../local/start/sources.ts';
import type { OpenedPair } from '../../ops/pair-stores.ts';

export interface RunnerOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  readonly sources: OpenedSources;
}

export class PairRunner {
  readonly #options: RunnerOptions;
  pair: RegionPairLink | undefined;
  provisioned: Readonly<Record<Role, Provisioned>> | undefined;
  stores: OpenedPair | undefined;
  watch: CycleWatch = watchCycles();
  token = '';

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { rootDirectory, dataDirectory, sources } = this.#options;
    this.watch = watchCycles();
    const { watch } = this;
    const pair = await RegionPairLink.open({
      rootDirectory,
      dataDirectory: path.join(dataDirectory, 'regions'),
      intervalMs: undefined,
      onEvent: (_role, event) => {
        if (event.kind === 'line') {
          watch.take(event.text);
        }
      },
    });
    this.pair = pair;
    const provisioned = await pair.provision({
      sources: sources.sources,
      gitHosts: sources.gitHosts,
      gitLoopbackOrigin: sources.gitLoopbackOrigin,
      // What people do meanwhile is to vote.
      surveyIn: ROLES,
    });
    const stores = openLocalPair(await addressesOf(rootDirectory, pair));
    const { regions, writes } = stores;
    const tokens = await ensureTokens({ regions, writes, now: () => Date.now() }, dataDirectory);
    this.stores = stores;
    this.token = tokens.operator;
    this.provisioned = provisioned;
  }

  running(): { pair: RegionPairLink; provisioned: Readonly<Record<Role, Provisioned>>; stores: OpenedPair } {
    const { pair, provisioned, stores } = this;
    if (pair === undefined || provisioned === undefined || stores === undefined) {
      throw new Error('the pair is not running');
    }
    return { pair, provisioned, stores };
  }

  endpoints(): readonly string[] {
    const { provisioned } = this;
    return provisioned === undefined ? [] : ROLES.map((role) => provisioned[role].endpoint);
  }

  /** What is left of it ends like the rest, and all of it starts again on what is on disk. */
  async restart(): Promise<void> {
    const { pair } = this.running();
    this.provisioned = undefined;
    for (const role of ROLES) {
      pair.links[role].kill();
    }
    await Promise.all(ROLES.map(async (role) => pair.links[role].exited));
    await pair.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.pair?.stop();
  }
}
