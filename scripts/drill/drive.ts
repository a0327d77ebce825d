/** The verbs of a drill, in the words of who plays it: fire a slot, break something, wait until somebody would notice, run the runbook. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Role, ROLES } from '../../functions/domain/region.ts';
import { type Cycle, cyclesSince, TAKEN } from './facts.ts';
import type { Ran } from './operator.ts';
import { PEER } from './operator.ts';
import type { Scenario } from './scenario.ts';
import type { Trouble } from './trouble.ts';
import type { World } from './world.ts';

export interface Slot {
  readonly at: number;
  readonly cycles: readonly Cycle[];
  /** Regions that took what they read. */
  readonly taken: readonly Role[];
}

/** Where a drill differs from the alarm that it stands for: nobody waits two minutes to be told so. */
export const DETECT_WINDOW_MS = 3000;
export const DETECT_SHARE = 0.05;
const DETECT_WAIT_MAX_MS = 30_000;
/** Of a person who has read the runbook before. */
export const DECIDE_MS = 1000;
const POLL_MS = 100;
const IDLE_WAIT_MS = 20_000;

export class Drive {
  readonly world: World;
  readonly scenario: Scenario;
  readonly slots: Slot[] = [];
  #round = 0;

  constructor(world: World, scenario: Scenario) {
    this.world = world;
    this.scenario = scenario;
  }

  get failing(): Role {
    return this.scenario.failing;
  }

  get survivor(): Role {
    return PEER[this.scenario.failing];
  }

  /** The next interval of the schedule in these Regions, with something new to read. */
  async slot(what: string, roles: readonly Role[] = ROLES): Promise<Slot> {
    const at = Date.now();
    this.#round += 1;
    this.world.pair.origin.edit(this.#round);
    await Promise.all(roles.map(async (role) => this.#fire(role)));
    const cycles = cyclesSince(this.world.pair.lines, at);
    const taken = ROLES.filter((role) => cycles.some((cycle) => cycle.role === role && TAKEN.has(cycle.outcome)));
    const slot: Slot = { at, cycles, taken };
    this.slots.push(slot);
    const ends = cycles.map(({ role, outcome }) => `${role} ${outcome}`).join(', ');
    this.world.timeline.mark('region', `slot (${what}): ${ends === '' ? 'no cycle ran' : ends}`, Date.now() - at);
    return slot;
  }

  /** Something is on the queue when the Region fails: what a backlog is made of. */
  async leaveBacklog(role: Role): Promise<void> {
    this.#round += 1;
    this.world.pair.origin.edit(this.#round);
    await this.world.pair.link.links[role].ask({ kind: 'tick' });
    this.world.timeline.mark('region', `a sync is on the queue in ${this.world.regionOf(role)}`);
  }

  async break(role: Role, trouble: Trouble): Promise<void> {
    await this.world.break(role, trouble);
  }

  async mend(role: Role): Promise<void> {
    await this.world.mend(role);
  }

  async hold(ms: number): Promise<void> {
    await sleep(ms);
  }

  /** Until more than 5 % of what is asked of a Region has failed for a while; answers with how long that took. */
  async detect(role: Role, sinceMs: number): Promise<number> {
    const { client } = this.world;
    while (Date.now() - sinceMs < DETECT_WAIT_MAX_MS) {
      await sleep(POLL_MS);
      const from = Date.now() - DETECT_WINDOW_MS;
      if (from >= sinceMs && client.errorShare(role, from) > DETECT_SHARE) {
        break;
      }
    }
    const tookMs = Date.now() - sinceMs;
    this.world.timeline.mark('drill', 'noticed: more than 5 % of what is asked of the Region fails (simulated)');
    return tookMs;
  }

  /** As the alarm on the age of the last acknowledged cycle says it, after its intervals. */
  async detectBySlot(sinceMs: number): Promise<number> {
    const { taken } = await this.slot('nobody can acknowledge');
    const who = taken.length === 0 ? 'no cycle is acknowledged any more' : 'a cycle was acknowledged all the same';
    this.world.timeline.mark('drill', `noticed: ${who} (simulated)`);
    return Date.now() - sinceMs;
  }

  async decide(): Promise<number> {
    await sleep(DECIDE_MS);
    this.world.timeline.mark('drill', 'decided (simulated)');
    return DECIDE_MS;
  }

  async run(words: readonly string[]): Promise<Ran> {
    const ran = await this.world.operator.run(words);
    this.world.timeline.mark('operator', `twinmap ${words.join(' ')}: exit ${ran.exitCode ?? 'killed'}`, ran.tookMs);
    return ran;
  }

  async #fire(role: Role): Promise<void> {
    const link = this.world.pair.link.links[role];
    await link.ask({ kind: 'tick' });
    // In a Region that is out, a message comes back again and again: nobody waits for that.
    await Promise.race([link.ask({ kind: 'idle' }), sleep(IDLE_WAIT_MS, undefined, { ref: false })]);
  }
}
