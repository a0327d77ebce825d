/**
 * `npm run bench:router`: the router on Node against its bars and against HAProxy and nginx, in one run: cost, faults at 200
 * requests a second, and the decision alone. Medians of five (`-- --quick`: of three, within three minutes). Text for people is
 * on stderr, the last line of stdout is JSON with `--json`. Exits with 1 where a bar is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { findAnchors } from './router/anchors.ts';
import { isMet, showBar } from './router/bars.ts';
import { measureCost } from './router/cost.ts';
import { measureDecision } from './router/decision.ts';
import { measureFaults } from './router/faults.ts';
import { canPin, stopAll } from './router/processes.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

const LENGTHS = values.quick
  ? { rounds: 3, slices: 6, beforeMs: 700, faultMs: 2400, afterMs: 500 }
  : { rounds: 5, slices: 12, beforeMs: 2000, faultMs: 4000, afterMs: 3000 };

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-bench-router-'));
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

const wants = (part: string): boolean => values.only === undefined || values.only === part;

const anchors = findAnchors(say);
const versions = anchors.map(({ version }) => version).join(', ');
say(`Node ${process.version}, ${versions === '' ? 'no anchors' : versions}, ${canPin ? 'proxies' : 'nothing'} pinned`);
const decision = measureDecision(LENGTHS.rounds);
const cost = wants('cost') ? await measureCost({ ...LENGTHS, folder, anchors, say }) : undefined;
const faults = wants('faults') ? await measureFaults({ ...LENGTHS, folder, anchors, say }) : undefined;

const bars = [decision, ...(cost?.bars ?? []), ...(faults?.bars ?? [])];
say('');
for (const bar of bars) {
  say(showBar(bar));
}
const isGood = bars.every((bar) => isMet(bar) !== false);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ isGood, bars, cost: cost?.rows, faults: faults?.rows })}\n`);
}
await stopAll();
process.exitCode = isGood ? 0 : 1;
process.exit();
