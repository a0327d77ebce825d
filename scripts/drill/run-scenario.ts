/** One drill from its beginning to its report: opens a pair of its own, plays, reckons, and cleans up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ulid } from 'ulid';

import { InvariantError } from '../../functions/domain/errors.ts';
import { storeReport } from '../../ops/report/store.ts';
import { buildReport } from './build-report.ts';
import { Drive } from './drive.ts';
import { play } from './play.ts';
import { buildPrevious } from './previous-bundle.ts';
import type { DrillReport } from './report/drill-report.ts';
import type { Scenario } from './scenario.ts';
import { type Moment, Timeline } from './timeline.ts';
import { type Load, World } from './world.ts';

export interface RunOptions {
  readonly rootDirectory: string;
  readonly onMoment: (moment: Moment) => void;
  /** In place of the scenario's own, for instance for a short test. */
  readonly load?: Partial<Load>;
  /** Before the pair is gone: to look at more than a report says. */
  readonly inspect?: (drive: Drive, report: DrillReport) => Promise<void>;
}

const LOAD: Load = { routerReadsPerSecond: 30, directReadsPerSecond: 4, writesPerSecond: 4 };

/** As after every move: in both Regions, for whoever asks there. The curve of every second stays on the disk. */
const keepInRegions = async (world: World, { buckets: _buckets, ...report }: DrillReport): Promise<void> => {
  const missed = report.bars.filter(({ ok }) => !ok).length;
  const summary = `${report.scenario}: ${missed === 0 ? 'all bars met' : `${missed} bars missed`}`;
  const payload = { ...report, state: 'done', at: Date.parse(report.at), by: 'drill', summary };
  const stored = await storeReport(world.pair.stores.writes, { kind: 'drill', id: report.id, payload });
  if (stored.kind !== 'held') {
    throw new InvariantError('no Region took the report of the drill, although both are well again');
  }
};

export const runScenario = async (scenario: Scenario, options: RunOptions): Promise<DrillReport> => {
  const { rootDirectory, onMoment } = options;
  const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-drill-previous-'));
  const timeline = new Timeline(onMoment);
  let world: World | undefined;
  try {
    const previous = scenario.hasPreviousBundle === true ? await buildPrevious(rootDirectory, directory) : undefined;
    const { failing } = scenario;
    world = await World.open({
      rootDirectory,
      timeline,
      isPartitioned: scenario.isPartitioned ?? false,
      load: { ...LOAD, ...scenario.load, ...options.load },
      ...(previous === undefined ? {} : { functionsOf: { [failing]: previous.folder } }),
    });
    const drive = new Drive(world, scenario);
    const played = await play(drive);
    const code = { primary: 'this tree', secondary: 'this tree' };
    if (previous !== undefined) {
      code[failing] = `commit ${previous.commit}`;
    }
    const report = buildReport(drive, played, { id: ulid(), code });
    await keepInRegions(world, report);
    await options.inspect?.(drive, report);
    return report;
  } finally {
    await world?.close();
    rmSync(directory, { recursive: true, force: true });
  }
};
