/**
 * `npm run bench:router`: the router against its bars and against HAProxy and nginx, in one run: cost on Node and workerd,
 * faults at 200 requests a second, the decision alone, and false trips in simulated traffic. Medians of five (`-- --quick`: of
 * three, within three minutes). Text for people is on stderr; `--write docs/router.md` puts the tables into that page; the last
 * line of stdout is JSON with `--json`. Exits with 1 where a bar is missed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { findAnchors } from './router/anchors.ts';
import { isMet, showBar } from './router/bars.ts';
import { measureCost } from './router/cost.ts';
import { measureDecision } from './router/decision.ts';
import { measureFaults } from './router/faults.ts';
import { markdownOf, pageWith } from './router/markdown.ts';
import { canPin, stopAll } from './router/processes.ts';
import { measureSimulator } from './router/simulator.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});

const LENGTHS = values.quick
  ? { rounds: 3, slices: 6, beforeMs: 600, faultMs: 2200, afterMs: 400 }
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
const simulated = measureSimulator(say);
const cost = wants('cost') ? await measureCost({ ...LENGTHS, folder, anchors, say }) : undefined;
const faults = wants('faults') ? await measureFaults({ ...LENGTHS, folder, anchors, say }) : undefined;

const bars = [decision, ...simulated.bars, ...(cost?.bars ?? []), ...(faults?.bars ?? [])];
say('');
for (const bar of bars) {
  say(showBar(bar));
}
const isGood = bars.every((bar) => isMet(bar) !== false);
if (values.write !== undefined) {
  const medians = `Medians of ${LENGTHS.rounds}, Node ${process.version}, ${versions}.`;
  const tables = markdownOf({ bars, cost: cost?.rows, faults: faults?.rows });
  const page = pageWith(readFileSync(values.write, 'utf8'), `${medians}\n\n${tables}`);
  if (page === undefined) {
    say(`${values.write} has no place for the tables: it wants <!-- bench:begin --> and <!-- bench:end -->.`);
  } else {
    writeFileSync(values.write, page);
    say(`wrote the tables into ${values.write}; prettier aligns them`);
  }
}
if (values.json) {
  const { figures: simulator } = simulated;
  process.stdout.write(`${JSON.stringify({ isGood, bars, simulator, cost: cost?.rows, faults: faults?.rows })}\n`);
}
await stopAll();
process.exitCode = isGood ? 0 : 1;
process.exit();
