/**
 * `npm run kills`: kill -9 of random processes at random moments while people vote and a source is read, then the reckoning.
 * Every vote that was acknowledged is in both Regions, once; the source equals its origin; both roots are equal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { FIRST_GENERATION, parseVotePayload, voteKey, votesPartition } from '../examples/survey/functions/records.ts';
import { openSources, type OpenedSources } from '../local/start/sources.ts';
import { provePair, syncOnce } from '../local/start/sync-once.ts';
import { judge } from '../local/start/verdict.ts';
import { buildFunctions } from './build-functions.ts';
import { VotingLoad } from './kills/load.ts';
import { OriginRepository } from './kills/origin.ts';
import { PairRunner } from './kills/pair-runner.ts';
import { functionProcesses, killNow } from './kills/victims.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const SURVEY = 'kills';
const VOTERS = 4;
const PAUSE_MS_MAX = 2500;
const SETTLE_TRIES_MAX = 12;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Splitmix32: the same seed kills in the same order; when exactly, the machine decides. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = Math.trunc((state + 0x9e3779b9) % 2 ** 32);
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
};

type Kill = 'function' | 'region' | 'both';

const killOne = async (runner: PairRunner, random: () => number): Promise<{ kind: Kill; role: Role }> => {
  const { pair } = runner.running();
  const role: Role = random() < 0.5 ? 'primary' : 'secondary';
  const dice = random();
  const kind: Kill = dice < 0.55 ? 'function' : dice < 0.85 ? 'region' : 'both';
  const leader = pair.links[role].pid;
  if (kind === 'function' && leader !== undefined) {
    const processes = functionProcesses(leader);
    const victim = processes[Math.floor(random() * processes.length)];
    if (victim !== undefined) {
      killNow(victim);
      return { kind, role };
    }
  }
  for (const one of kind === 'both' ? ROLES : [role]) {
    pair.links[one].kill();
  }
  // A while with one Region, or with none: people go on voting.
  await sleep(500 + random() * PAUSE_MS_MAX);
  await runner.restart();
  return { kind: kind === 'both' ? 'both' : 'region', role };
};

/** A sync that nobody waits for. */
const tick = (runner: PairRunner): void => {
  const { pair } = runner.running();
  for (const role of ROLES) {
    // A Region that dies while it is asked is what this script is about.
    pair.links[role].ask({ kind: 'tick' }).catch(() => undefined);
  }
};

const drainBoth = async (runner: PairRunner): Promise<void> => {
  const { pair, provisioned } = runner.running();
  for (const role of ROLES) {
    await pair.links[role].ask({ kind: 'invoke', functionName: provisioned[role].functions.drain, payload: {} });
  }
};

interface Reckoning {
  readonly lost: readonly string[];
  readonly doubled: number;
  readonly identical: boolean;
  readonly acknowledged: boolean;
  readonly findings: readonly string[];
}

const now = (): number => performance.now();

const settle = async (
  runner: PairRunner,
  expected: readonly string[],
): Promise<Omit<Reckoning, 'lost' | 'doubled'>> => {
  let findings: readonly string[] = [];
  for (let tries = 0; tries < SETTLE_TRIES_MAX; tries += 1) {
    const { pair, provisioned } = runner.running();
    await drainBoth(runner);
    const result = await syncOnce({ pair, provisioned, watch: runner.watch, expected, failures: [], now });
    const verdict = judge(result);
    if (verdict.acknowledged && verdict.identical) {
      return { identical: true, acknowledged: true, findings: [] };
    }
    findings = verdict.findings;
    await sleep(1000);
  }
  const { differences } = await provePair(runner.running());
  return { identical: differences.length === 0, acknowledged: false, findings };
};

const reckon = async (runner: PairRunner, load: VotingLoad, expected: readonly string[]): Promise<Reckoning> => {
  const settled = await settle(runner, expected);
  const { regions } = runner.running().stores;
  const lost: string[] = [];
  let doubled = 0;
  for (const region of [regions.home, ...(regions.peer === undefined ? [] : [regions.peer])]) {
    for (const [voter, { choice }] of load.acknowledged) {
      const read = await region.tables.workspaces.get(voteKey(SURVEY, FIRST_GENERATION, voter));
      const held = read.kind === 'done' && read.value !== undefined ? parseVotePayload(read.value.data) : undefined;
      if (held?.choice !== choice) {
        lost.push(`${voter} in ${region.region}: ${held?.choice ?? 'nothing'} in place of ${choice}`);
      }
    }
    const votes = await region.tables.workspaces.queryDigests(votesPartition(SURVEY, FIRST_GENERATION));
    doubled += votes.kind === 'done' ? Math.max(0, votes.value.items.length - load.acknowledged.size) : 0;
  }
  return { ...settled, lost, doubled };
};

const report = (load: VotingLoad, kills: Readonly<Record<Kill, number>>, reckoning: Reckoning): void => {
  const { lost, doubled, identical, acknowledged, findings } = reckoning;
  for (const line of [...lost, ...findings]) {
    say(line);
  }
  const times = Object.values(kills).reduce((sum, count) => sum + count, 0);
  say(
    `${times} kills, ${load.votes} votes acknowledged (${load.retries} sent again): ${lost.length} lost, ` +
      `${doubled} doubled, ${identical ? 'both Regions hold the same' : 'the Regions differ'}`,
  );
  if (values.json) {
    const figures = { votes: load.votes, retries: load.retries, lost: lost.length, doubled, identical, acknowledged };
    const durationMs = Math.round(now());
    process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), times, kills, ...figures, durationMs })}\n`);
  }
  process.exitCode = lost.length + doubled === 0 && identical && acknowledged ? 0 : 1;
};

const run = async (directory: string, origin: OriginRepository, sources: OpenedSources): Promise<void> => {
  const times = Number(values.times);
  const random = randomFrom(Number(values.seed));
  const runner = new PairRunner({ rootDirectory: ROOT, dataDirectory: directory, sources });
  const kills: Record<Kill, number> = { function: 0, region: 0, both: 0 };
  try {
    await runner.start();
    const load = new VotingLoad({
      voters: VOTERS,
      survey: SURVEY,
      token: () => runner.token,
      endpoints: () => runner.endpoints(),
      random,
    });
    load.start();
    await load.underWay();
    for (let round = 1; round <= times; round += 1) {
      origin.edit(round);
      tick(runner);
      await sleep(random() * PAUSE_MS_MAX);
      const { kind, role } = await killOne(runner, random);
      kills[kind] += 1;
      const what =
        kind === 'both' ? 'both Regions' : `a ${kind === 'region' ? 'whole Region:' : 'function in'} ${role}`;
      say(`kill ${round} of ${times}: ${what}; ${load.votes} votes acknowledged`);
    }
    await load.stop();
    const expected = sources.sources.map(({ id }) => id);
    report(load, kills, await reckon(runner, load, expected));
  } finally {
    await runner.stop();
  }
};

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-kills-'));
const origin = new OriginRepository(directory);
await buildFunctions({ outDir: path.join(ROOT, 'dist', 'functions') });
const sources = await openSources([origin.directory]);
try {
  await run(directory, origin, sources);
} finally {
  await sources.close();
  rmSync(directory, { recursive: true, force: true });
}
