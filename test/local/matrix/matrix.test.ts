/** Forty fixed cells of `npm run matrix`: the same runner, the same expectations, and no bars that a busy machine misses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { allCells, type Cell, expectedOf, FAULTS, type MatrixFault, nameOf } from '../../../scripts/matrix/cells.ts';
import { runSearch, runSync } from '../../../scripts/matrix/operations.ts';
import { runCell } from '../../../scripts/matrix/run-cell.ts';
import { type MatrixStage, openMatrixStage } from '../../../scripts/matrix/stage.ts';

/** In place of what home takes: the script holds the bar, a test shares its machine. */
const HOME_MS = 3000;

const cellsOf = (target: Omit<Cell, 'fault'>, faults: readonly MatrixFault[]): readonly Cell[] =>
  faults.map((fault) => ({ ...target, fault }));

const CELLS: readonly Cell[] = [
  ...cellsOf({ operation: 'write', service: 'dynamodb', side: 'peer' }, FAULTS),
  ...cellsOf({ operation: 'write', service: 's3vectors', side: 'peer' }, ['blackhole']),
  ...cellsOf({ operation: 'write', service: 'dynamodb', side: 'home' }, ['refuse', 'dns-empty', 'lost-reply']),
  ...cellsOf({ operation: 'sync', service: 'dynamodb', side: 'peer' }, [
    'refuse',
    'reset',
    'error-503',
    'lost-reply',
    'truncate',
    'dns-empty',
    'dns-nxdomain',
    'dns-servfail',
    'dns-silent',
  ]),
  ...cellsOf({ operation: 'sync', service: 's3vectors', side: 'peer' }, ['refuse', 'lost-reply', 'dns-nxdomain']),
  ...cellsOf({ operation: 'sync', service: 'appconfig', side: 'home' }, ['refuse', 'error-503', 'dns-empty']),
  ...cellsOf({ operation: 'search', service: 'dynamodb', side: 'home' }, ['refuse', 'dns-servfail']),
  ...cellsOf({ operation: 'search', service: 's3vectors', side: 'home' }, ['reset', 'truncate']),
  ...cellsOf({ operation: 'search', service: 'dynamodb', side: 'peer' }, ['blackhole', 'dns-silent']),
];

let stage: MatrixStage;

beforeAll(async () => {
  stage = await openMatrixStage();
});

afterAll(async () => {
  await stage.close();
});

describe('the matrix', () => {
  it('crosses fifteen faults, three services, two sides and three operations; forty cells are here', () => {
    expect(allCells()).toHaveLength(15 * 3 * 2 * 3);
    expect(new Set(CELLS.map((cell) => nameOf(cell))).size).toBe(40);
  });

  it('starts from a sync that is acknowledged and a search that finds it', async () => {
    expect([await runSync(stage), await runSearch(stage)]).toEqual(['acknowledged', 'found']);
  });

  it.each(CELLS.map((cell) => [nameOf(cell), expectedOf(cell).outcome, cell] as const))(
    'a %s ends as "%s"',
    async (_name, _outcome, cell) => {
      expect((await runCell(stage, cell, HOME_MS)).problems).toEqual([]);
    },
  );

  it('leaves nothing behind: a sync under no fault is acknowledged', async () => {
    expect(await runSync(stage)).toBe('acknowledged');
  });
});
