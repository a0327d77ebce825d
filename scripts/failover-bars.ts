/**
 * `npm run bars:failover`: an ungraceful failover away from a Region whose every call fails, in each of six ways, on
 * one local pair. Ends with 1 where one was not verified within 30 s, or asked the dead Region for more than 10 calls or 5 s.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ROLES } from '../functions/domain/region.ts';
import { RegionPairLink } from '../local/region/pair.ts';
import { addressesOf, authorityFile, openLocalPair } from '../local/start/pair-addresses.ts';
import { openSources } from '../local/start/sources.ts';
import { EXIT } from '../ops/command.ts';
import { failover } from '../ops/failover.ts';
import { buildFunctions } from './build-functions.ts';
import {
  DEAD_MODES,
  type DeadMode,
  type DeadRegionMeasure,
  failOverFromDead,
  runCommand,
} from './failover/dead-region.ts';
import { OriginRepository } from './kills/origin.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const say = (line: string): void => {
  (values.json ? process.stderr : process.stdout).write(`${line}\n`);
};

interface Stage {
  readonly pair: RegionPairLink;
  readonly pairFile: string;
  readonly reports: string;
  close(): Promise<void>;
}

const openStage = async (directory: string): Promise<Stage> => {
  await buildFunctions({ outDir: path.join(ROOT, 'dist', 'functions') });
  const sources = await openSources([new OriginRepository(directory).directory]);
  const dataDirectory = path.join(directory, 'data');
  const pair = await RegionPairLink.open({
    rootDirectory: ROOT,
    dataDirectory,
    // What a failover fires is all that runs: a tick in the middle would be measured, too.
    intervalMs: QUIET_MS,
    jobsIntervalMs: QUIET_MS,
    onEvent: () => undefined,
  });
  const provisioned = await pair.provision(sources);
  const addresses = await addressesOf(ROOT, pair);
  openLocalPair(addresses);
  const regions = ROLES.map((role) => Object.assign(addresses[role], { endpoint: provisioned[role].endpoint }));
  const pairFile = path.join(directory, 'pair.json');
  writeFileSync(pairFile, JSON.stringify({ regions, authority: authorityFile(dataDirectory) }));
  await pair.links.primary.ask({ kind: 'tick' });
  await pair.links.primary.ask({ kind: 'idle' });
  return {
    pair,
    pairFile,
    reports: path.join(directory, 'reports'),
    close: async () => {
      await pair.stop();
      await sources.close();
    },
  };
};

const lineOf = ({ mode, executeMs, wire, own, problems }: DeadRegionMeasure): string =>
  [
    mode.padEnd(14),
    `${(executeMs / 1000).toFixed(1)} s`.padStart(7),
    `wire ${wire.calls} calls, ${wire.waitedMs} ms`.padEnd(24),
    `command ${own.calls} calls, ${own.waitedMs} ms`.padEnd(28),
    problems.length === 0 ? 'as it must be' : problems.join('; '),
  ].join('  ');

const measureAll = async (stage: Stage): Promise<readonly DeadRegionMeasure[]> => {
  const measures: DeadRegionMeasure[] = [];
  for (const mode of Object.keys(DEAD_MODES) as DeadMode[]) {
    const measure = await failOverFromDead(stage, mode, 'primary');
    measures.push(measure);
    say(lineOf(measure));
    await stage.pair.links.primary.ask({ kind: 'clear-faults' });
    // Home again, both taking part: the next mode begins as the first did.
    await runCommand(failover, {
      stores: stage.pairFile,
      to: 'primary',
      yes: true,
      reports: stage.reports,
      stackFiles: false,
    });
  }
  return measures;
};

const main = async (): Promise<number> => {
  const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-failover-bars-'));
  const stage = await openStage(directory);
  try {
    const measures = await measureAll(stage);
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ measures })}\n`);
    }
    return measures.every(({ problems }) => problems.length === 0) ? EXIT.done : EXIT.error;
  } finally {
    await stage.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

process.exitCode = await main();
