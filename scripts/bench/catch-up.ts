/**
 * `npm run bench:catch-up`: how fast a Region pays its debts after an outage. 50,000 owed settings records, drained by the
 * production drain between two embedded Regions (each a process), against plain conditional puts at equal concurrency, in the same run and in
 * turns, so that a busy machine slows both. The drain also reads each record again and clears its debt: two calls more.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { InvariantError } from '../../functions/domain/errors.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import type { ReplicatedRecord } from '../../functions/domain/record.ts';
import { interactiveVersion } from '../../functions/domain/version.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { drainOwed } from '../../functions/repair/drain.ts';
import { readOwedDebt } from '../../functions/repair/owed-debt.ts';
import { makeRecord } from '../../functions/stores/envelope.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { openStage } from './bench-stage.ts';
import { valueOf } from './digest-stage.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const OWED = 50_000;
const QUICK_OWED = 2000;
const RATIO_MIN = 0.4;
const ROUNDS = 5;
const OP = '01J00000000000000000000000';
/** More than a drain may do in a second: the pace of the product is not what is measured. */
const UNPACED = 1_000_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const silent: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

const setting = (kind: string, number: number, region: RegionStores): ReplicatedRecord =>
  makeRecord(
    { pk: `workspace#${kind}-${number % 500}`, sk: `setting#${number}` },
    { v: interactiveVersion({ ms: 1_900_000_000_000 + number, counter: 0 }, region.region, OP), op: OP },
    { value: `setting ${number}`, changedBy: 'key:bench' },
  );

/** Puts at the concurrency of the drain; answers with the puts a second. */
const putAll = async (
  stores: RegionStores,
  records: readonly ReplicatedRecord[],
  owedTo?: RegionStores,
): Promise<number> => {
  const queue = records.values();
  const startedAt = performance.now();
  const worker = async (): Promise<void> => {
    for (const record of queue) {
      const put = await stores.tables.workspaces.put(record, owedTo?.region);
      if (put.kind !== 'written') {
        throw new InvariantError(
          `a put of the bench ended as ${put.kind === 'failed' ? `${put.failure.code}: ${put.failure.message}` : put.kind}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: LIMITS.drainInFlightMax }, worker));
  return (records.length * 1000) / (performance.now() - startedAt);
};

const drain = async (home: RegionStores, peer: RegionStores): Promise<{ sent: number; perSecond: number }> => {
  const startedAt = performance.now();
  const report = await drainOwed({
    direction: { from: home, to: peer },
    telemetry: silent,
    now: () => Date.now(),
    sleep: async (ms) => sleep(ms),
    deadlineMs: Number.MAX_SAFE_INTEGER,
    itemsPerSecondMax: UNPACED,
  });
  if (report.kind !== 'drained') {
    throw new InvariantError(`the drain ended as ${report.kind}: ${report.failure?.failure.message ?? ''}`);
  }
  return { sent: report.sent, perSecond: (report.sent * 1000) / (performance.now() - startedAt) };
};

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Round {
  readonly putsPerSecond: number;
  readonly drainedPerSecond: number;
}

const measure = async (home: RegionStores, peer: RegionStores, round: number, count: number): Promise<Round> => {
  const numbers = Array.from({ length: count }, (_, at) => round * count + at);
  await putAll(
    home,
    numbers.map((number) => setting('owed', number, home)),
    peer,
  );
  // Into the peer, like the drain: the same table, and as full.
  const putsPerSecond = await putAll(
    peer,
    numbers.map((number) => setting('plain', number, home)),
  );
  const { sent, perSecond } = await drain(home, peer);
  const debt = valueOf(await readOwedDebt(home, peer.region, Date.now()));
  if (sent !== count || debt.count !== 0) {
    throw new InvariantError(`${sent} of ${count} were sent, ${debt.count} are still owed`);
  }
  say(`round ${round + 1}: ${putsPerSecond.toFixed(0)} plain puts/s, ${perSecond.toFixed(0)} drained/s`);
  return { putsPerSecond, drainedPerSecond: perSecond };
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
  const owed = values.quick === true ? QUICK_OWED : OWED;
  const stage = await openStage(ROOT);
  const { primary: home, secondary: peer } = stage.stores;
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push(await measure(home, peer, round, owed / ROUNDS));
    }
    const putsPerSecond = Math.round(median(rounds.map((round) => round.putsPerSecond)));
    const drainedPerSecond = Math.round(median(rounds.map((round) => round.drainedPerSecond)));
    const ratio = Number(median(rounds.map((one) => one.drainedPerSecond / one.putsPerSecond)).toFixed(3));
    const missed = ratio >= RATIO_MIN ? [] : ['drained / plain puts'];
    say(`${owed} owed settings drained at ${ratio} x plain conditional puts (bar: at least ${RATIO_MIN})`);
    say(missed.length === 0 ? 'every bar is met' : `MISSED: ${missed.join(', ')}`);
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify({ owed, putsPerSecond, drainedPerSecond, ratio, rounds, missed })}\n`);
    }
    return missed.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
};

process.exitCode = await main();
