/** Plays a plan: each action starts processes, opens troubles or edits origins at its time. */
import type { InteractiveWrite } from '../../../functions/domain/interactive-write.ts';
import type { RegionName } from '../../../functions/domain/region.ts';
import { startDrain } from '../functions/drain-function.ts';
import { startRepair } from '../functions/repair-function.ts';
import { startFlip } from '../functions/operator.ts';
import { startSearch } from '../functions/search-function.ts';
import { startDispatch, startSync } from '../functions/sync-functions.ts';
import { type ApiEnvironment, openApiEnvironment, startWrite } from '../functions/write-function.ts';
import { textOf } from '../world/origin.ts';
import { SimQueue } from '../world/queue.ts';
import type { SimRegion } from '../world/region.ts';
import { START_MS, type World } from '../world/world.ts';
import type { Action, Fate, Side } from './plan.ts';

const OP_DIGITS = 26;

const fileName = (file: number): string => `file-${file}.md`;

export class Stage {
  readonly world: World;
  readonly queues: ReadonlyMap<RegionName, SimQueue>;
  readonly #environments: Map<RegionName, ApiEnvironment>;
  /** What happens to the next invocations of sync in a Region. */
  readonly #fates = new Map<RegionName, Fate[]>();

  constructor(world: World) {
    this.world = world;
    const queueOf = (region: SimRegion): SimQueue => {
      const queue: SimQueue = new SimQueue({
        kernel: world.kernel,
        isDark: () => world.kernel.nowMs < region.darkUntilMs,
        deliver: (message, receives) => {
          const { againMs, ...fate } = this.#fates.get(region.name)?.shift() ?? {};
          startSync(world, region, queue, { message, receives }, fate);
          if (againMs !== undefined) {
            world.kernel.after(againMs, () => {
              queue.deliverAgain(message);
            });
          }
        },
      });
      return queue;
    };
    this.queues = new Map(world.regions.map((region) => [region.name, queueOf(region)]));
    this.#environments = new Map(world.regions.map((region) => [region.name, this.#openApi(region)]));
  }

  play(actions: readonly Action[]): void {
    for (const action of actions) {
      this.world.kernel.at(START_MS + action.atMs, () => {
        this.#act(action);
      });
    }
  }

  /** From now on invocations live, and what they finish is finished. */
  calmDown(): void {
    this.#fates.clear();
    this.world.isCalm = true;
  }

  tick(region: SimRegion, name: string, tick: string): void {
    const queue = this.queues.get(region.name);
    if (queue !== undefined && this.world.kernel.nowMs >= region.darkUntilMs) {
      startDispatch(this.world, queue, { name, region: region.name, tick });
    }
  }

  #openApi(region: SimRegion): ApiEnvironment {
    const peer = this.world.peerOf(region).name;
    let drains = 0;
    return openApiEnvironment(this.world, peer, () => {
      drains += 1;
      startDrain(this.world, {
        name: `drain/${region.name}/at-once-${drains}-${this.world.kernel.events}`,
        region: region.name,
      });
    });
  }

  #act(action: Action): void {
    const { world } = this;
    world.kernel.mark(`${action.id} ${action.kind}`);
    world.note(() => `--- ${JSON.stringify(action)}`);
    switch (action.kind) {
      case 'tick': {
        this.#tick(action);
        break;
      }
      case 'edit': {
        const text = action.variant === null ? undefined : textOf(fileName(action.file), action.variant);
        [...world.origins.values()][action.source]?.edit(fileName(action.file), text);
        break;
      }
      case 'forget': {
        [...world.origins.values()][action.source]?.forget();
        break;
      }
      case 'flip': {
        startFlip(world, { name: `flip/${action.id}`, flip: action, ...action.fate });
        break;
      }
      case 'search': {
        this.#ifLight(action.side, (region) => {
          const query = `word${action.file}x3 shared part of ${fileName(action.file)}`;
          startSearch(world, { name: `search/${action.id}`, region: region.name, query });
        });
        break;
      }
      case 'write': {
        this.#write(action);
        break;
      }
      case 'drain': {
        this.#ifLight(action.side, (region) => {
          startDrain(world, { name: `drain/${region.name}/${action.id}`, region: region.name, ...action.fate });
        });
        break;
      }
      case 'repair': {
        this.#ifLight(action.side, (region) => {
          startRepair(world, { name: `repair/${region.name}/${action.id}`, region: region.name, ...action.fate });
        });
        break;
      }
      case 'trouble':
      case 'dark':
      case 'kill':
      case 'stale':
      case 'expire': {
        this.#break(action);
        break;
      }
    }
  }

  #ifLight(side: Side, run: (region: SimRegion) => void): void {
    const region = this.world.regions[side];
    if (this.world.kernel.nowMs >= region.darkUntilMs) {
      run(region);
    }
  }

  #tick(action: Extract<Action, { kind: 'tick' }>): void {
    const region = this.world.regions[action.side];
    this.#fates.set(region.name, [...action.fates]);
    for (let copy = 0; copy < action.copies; copy += 1) {
      this.world.kernel.after(copy * action.gapMs, () => {
        this.tick(region, `tick/${action.id}.${copy}`, `tick-${action.id}`);
      });
    }
  }

  #break(action: Extract<Action, { kind: 'trouble' | 'dark' | 'kill' | 'stale' | 'expire' }>): void {
    const { world } = this;
    const { nowMs } = world.kernel;
    switch (action.kind) {
      case 'trouble': {
        const { mode, from, to, service, probability, durationMs } = action;
        world.network.troubles.push({
          mode,
          to: world.regions[to].name,
          ...(from === null ? {} : { from: world.regions[from].name }),
          ...(service === null ? {} : { service }),
          probability,
          fromMs: nowMs,
          untilMs: nowMs + durationMs,
        });
        break;
      }
      case 'dark': {
        const region = world.regions[action.side];
        region.darkUntilMs = nowMs + action.durationMs;
        world.killAll(region.name);
        this.#environments.set(region.name, this.#openApi(region));
        if (action.stores) {
          const fromMs = nowMs;
          const untilMs = nowMs + action.durationMs;
          world.network.troubles.unshift({ mode: 'black-hole', to: region.name, probability: 1, fromMs, untilMs });
        }
        break;
      }
      case 'kill': {
        world.killAll(world.regions[action.side].name);
        break;
      }
      case 'expire': {
        for (const table of world.regions[action.side].tables.values()) {
          table.expire();
        }
        break;
      }
      case 'stale': {
        world.regions[action.side].appConfig.staleUntilMs = nowMs + action.durationMs;
        break;
      }
    }
  }

  #write(action: Extract<Action, { kind: 'write' }>): void {
    const { world } = this;
    this.#ifLight(action.side, (region) => {
      const environment = this.#environments.get(region.name);
      if (environment !== undefined) {
        const request = requestOf(action);
        startWrite(world, environment, { name: `write/${action.id}`, region: region.name, request, ...action.fate });
      }
    });
  }
}

const requestOf = ({ id, what, field, value, op }: Extract<Action, { kind: 'write' }>): InteractiveWrite => {
  switch (what) {
    case 'event': {
      const name = `EVENT${op ?? id}`.padEnd(OP_DIGITS, '0');
      const content = { kind: 'payload', payload: { event: op } } as const;
      return { table: 'audit', key: { pk: 'event#day', sk: name }, content, op: name, once: true };
    }
    case 'vote':
    case 'setting': {
      const key =
        what === 'vote' ? { pk: 'survey#s', sk: `voter-${field}` } : { pk: 'settings#w', sk: `field-${field}` };
      // One key of an operation always stands for one content: another one would be refused.
      const payload = op === null ? { value } : { value: op };
      const content =
        value === null && op === null ? ({ kind: 'tombstone' } as const) : ({ kind: 'payload', payload } as const);
      return {
        table: 'workspaces',
        key,
        content,
        ...(op === null ? {} : { op: `OP${what}${field}${op}`.toUpperCase().padEnd(OP_DIGITS, '0') }),
      };
    }
  }
};
