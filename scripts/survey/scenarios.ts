/**
 * The seed's sequence diagram, played: everything is well; DNS fails and the page knows one Region; DNS fails and the page knows
 * two; and a cold failover, where a person has to deploy first. In each, people click at the same pace.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Role } from '../../functions/domain/region.ts';
import type { NameMode } from '../../local/services/name-server.ts';
import type { ClientRegion } from '../../router/client/region-client.ts';
import { median, quantile } from '../bench/router/paced-load.ts';
import { isNothingOwed, isSettledBefore, reckon, type Reckoning } from './reckoning.ts';
import { type SurveyStage, urlOf } from './survey-stage.ts';
import { type Click, Voters } from './voters.ts';

export interface Load {
  readonly voters: number;
  readonly clicksPerSecond: number;
}

export interface Phases {
  readonly beforeMs: number;
  readonly failingMs: number;
  readonly afterMs: number;
}

export interface Played extends Reckoning {
  readonly scenario: string;
  readonly clicks: number;
  readonly held: number;
  /** Of the clicks that were made while DNS was failing. */
  readonly clicksFailing: number;
  /** Of these, held within the patience of a person: a page that goes on trying for long is no better for them. */
  readonly heldFailing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** What was said of clicks that failed, each once. */
  readonly whyNot: readonly string[];
  /** Clicks that the other Region took. */
  readonly elsewhere: number;
  /** From the first click that failed to the first one after it that did not; 0 where none failed. */
  readonly outageMs: number;
  /** From the recovery until nothing older than it differed between the Regions. */
  readonly equalAfterMs?: number;
  readonly note?: string;
}

const FAILING: Role = 'primary';
const PATIENCE_MS = 5000;
const EQUAL_POLL_MS = 250;
const EQUAL_WAIT_MS = 60_000;
const SETTLE_WAIT_MS = 130_000;
/** What October 2025 looked like, then two ways in which resolvers fail. */
const MODES: readonly Exclude<NameMode, 'ok'>[] = ['empty', 'servfail', 'silent'];

const outageOf = (clicks: readonly Click[]): number => {
  const sorted = clicks.toSorted((one, other) => one.startedAt - other.startedAt);
  const first = sorted.find(({ outcome }) => outcome.kind !== 'held');
  const last = sorted.findLast(({ outcome }) => outcome.kind !== 'held');
  const back = sorted.find(({ startedAt, outcome }) => startedAt > (last?.startedAt ?? 0) && outcome.kind === 'held');
  return first === undefined ? 0 : (back?.startedAt ?? Date.now()) - first.startedAt;
};

const isHeld = ({ outcome }: Click): boolean => outcome.kind === 'held';

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const figuresOf = (
  clicks: readonly Click[],
  failing: Span,
  preferred: string,
): Omit<Played, keyof Reckoning | 'scenario'> => {
  const within = clicks.filter(({ startedAt }) => startedAt >= failing.fromMs && startedAt < failing.toMs);
  const tookMs = within.filter((click) => isHeld(click)).map((click) => click.tookMs);
  return {
    clicks: clicks.length,
    held: clicks.filter((click) => isHeld(click)).length,
    clicksFailing: within.length,
    heldFailing: tookMs.filter((ms) => ms <= PATIENCE_MS).length,
    p50Ms: median(tookMs),
    p99Ms: quantile(tookMs, 0.99),
    slowestMs: Math.max(0, ...tookMs),
    whyNot: [...new Set(clicks.map(({ outcome }) => ('why' in outcome ? outcome.why : '')))].filter(
      (why) => why !== '',
    ),
    elsewhere: clicks.filter(({ outcome }) => outcome.kind === 'held' && outcome.region !== preferred).length,
    outageMs: outageOf(clicks),
  };
};

export class Scenarios {
  readonly #stage: SurveyStage;
  readonly #token: string;
  readonly #load: Load;

  constructor(stage: SurveyStage, token: string, load: Load) {
    this.#stage = stage;
    this.#token = token;
    this.#load = load;
  }

  async normal(forMs: number): Promise<Played> {
    const voters = this.#voters('normal', this.#stage.regions);
    const fromMs = Date.now();
    await voters.clickFor(forMs);
    return this.#end('normal', voters, { fromMs, toMs: Date.now() });
  }

  /** The page of the seed's first version: it knows one address. */
  async withoutFallback(phases: Phases): Promise<Played> {
    const voters = this.#voters('single', [this.#stage.region(FAILING)]);
    const failing = await this.#throughFailure(voters, phases);
    await voters.clickFor(phases.afterMs);
    return this.#end('single', voters, failing);
  }

  async withFallback(phases: Phases): Promise<Played> {
    const voters = this.#voters('fallback', this.#stage.regions);
    const failing = await this.#throughFailure(voters, phases);
    const equal = this.#untilEqual('fallback', failing.toMs);
    await voters.clickFor(phases.afterMs);
    const equalAfterMs = await equal;
    return { ...(await this.#end('fallback', voters, failing)), equalAfterMs };
  }

  /**
   * The other Region has the data and nothing else. Somebody notices, deploys there, and changes the one name that everybody uses;
   * resolvers keep the old address for a while. How long people and resolvers take is assumed, and flattering.
   */
  async cold(
    phases: Omit<Phases, 'failingMs'>,
    assumed: { readonly personMs: number; readonly ttlMs: number },
  ): Promise<Played> {
    const origins = {
      primary: this.#stage.region('primary').endpoint,
      secondary: this.#stage.region('secondary').endpoint,
    };
    let answering: Role = 'primary';
    const oneName: ClientRegion = { id: 'the one name', endpoint: origins.primary };
    const voters = this.#voters('cold', [oneName], async (input, init) =>
      this.#stage.fetch(urlOf(input).replace(origins.primary, origins[answering]), init),
    );
    await voters.clickFor(phases.beforeMs);
    const fromMs = Date.now();
    await this.#stage.failDns(FAILING, 'empty', { isCold: true });
    const clicking = new AbortController();
    const going = this.#clickUntil(voters, clicking.signal);
    await sleep(assumed.personMs);
    const deployingMs = performance.now();
    await this.#stage.deployEverywhere();
    const deployedMs = performance.now() - deployingMs;
    await sleep(assumed.ttlMs);
    answering = 'secondary';
    const toMs = Date.now();
    await sleep(phases.afterMs);
    clicking.abort();
    await going;
    await this.#stage.recoverDns(FAILING);
    const note = `${(assumed.personMs / 1000).toFixed(0)} s for a person and ${(assumed.ttlMs / 1000).toFixed(0)} s of TTL assumed, ${(deployedMs / 1000).toFixed(1)} s for the deployment measured here`;
    return { ...(await this.#end('cold', voters, { fromMs, toMs })), note };
  }

  #voters(survey: string, regions: readonly ClientRegion[], send: typeof fetch = this.#stage.fetch): Voters {
    return new Voters({ ...this.#load, survey, regions, token: this.#token, fetch: send });
  }

  /** DNS fails for the primary in one way after the other, then comes back. */
  async #throughFailure(voters: Voters, { beforeMs, failingMs }: Phases): Promise<Span> {
    await voters.clickFor(beforeMs);
    const fromMs = Date.now();
    for (const [at, mode] of MODES.entries()) {
      await this.#stage.failDns(FAILING, mode, { isCold: at === 0 });
      await voters.clickFor(failingMs / MODES.length);
    }
    await this.#stage.recoverDns(FAILING);
    return { fromMs, toMs: Date.now() };
  }

  async #clickUntil(voters: Voters, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await voters.clickFor(1000);
    }
  }

  async #untilEqual(survey: string, recoveredMs: number): Promise<number> {
    while (Date.now() - recoveredMs < EQUAL_WAIT_MS) {
      if (await isSettledBefore(this.#stage.tables, survey, recoveredMs)) {
        return Date.now() - recoveredMs;
      }
      await sleep(EQUAL_POLL_MS);
    }
    return Infinity;
  }

  /** The scheduled drain comes every minute. */
  async #untilNothingOwed(): Promise<void> {
    const startedMs = Date.now();
    while (Date.now() - startedMs < SETTLE_WAIT_MS && !(await isNothingOwed(this.#stage.tables))) {
      await sleep(EQUAL_POLL_MS);
    }
  }

  async #end(scenario: string, voters: Voters, failing: Span): Promise<Played> {
    await voters.settled();
    voters.close();
    await this.#untilNothingOwed();
    const reckoning = await reckon(this.#stage.tables, scenario, voters.clicks, this.#token);
    return { scenario, ...figuresOf(voters.clicks, failing, this.#stage.region(FAILING).id), ...reckoning };
  }
}
