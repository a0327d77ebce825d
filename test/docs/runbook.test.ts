/** The runbook, run: every command on the page, in the page's order, on a pair that fails and comes back; what it prints is what the page says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { blocksOf, normalise, patternOf, RunbookStage } from './runbook-stage.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BLOCKS = blocksOf(readFileSync(path.join(ROOT, 'docs/runbook.md'), 'utf8'));

let directory: string;
let stage: RunbookStage | undefined;

/** The two Regions start and are asked dozens of things; on a busy machine that takes its time. */
const OPEN_MS = 180_000;
const COMMAND_MS = 120_000;

const running = (): RunbookStage => {
  if (stage === undefined) {
    throw new Error('the pair of the runbook did not start');
  }
  return stage;
};

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-runbook-'));
  stage = await RunbookStage.open(ROOT, directory);
}, OPEN_MS);

afterAll(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('docs/runbook.md', () => {
  it('shows the output of every command that it tells to run', () => {
    const bare = BLOCKS.filter(({ kind, shown }) => kind === 'command' && shown === undefined);
    expect(bare).toStrictEqual([]);
    expect(BLOCKS.length).toBeGreaterThan(8);
  });

  it.each(BLOCKS.map((block, at) => ({ at: at + 1, line: block.line, block })))(
    '$at: $line',
    async ({ block }) => {
      const { text } = await running().play(block);
      expect(`${normalise(text)}\n`).toMatch(patternOf(block.shown ?? ''));
    },
    COMMAND_MS,
  );
  it('the Region that came back with its old flag and a sync on its queue did nothing, and raised its alarm', () => {
    const { work, alarms } = running().returned();
    expect(work).toStrictEqual([]);
    expect(alarms).toContain('cycle fenced');
  });
});
