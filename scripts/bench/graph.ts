/**
 * `npm run bench:graph`: what answers about the graph cost, over graphs that grow to 200 repositories, about 100,000 nodes and 500,000
 * edges, in a local Region behind real SDK clients. Each answer is compared with the plan that the graph was made from. The table
 * shows that cost follows the answer and not the graph: one answer is the same at every size, and those that grow are read with as
 * many bytes for each of their own. Exits with 1 where a bar is missed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { GraphIndexCache } from '../../functions/query/graph-index.ts';
import { openStage } from './bench-stage.ts';
import { fillRepository } from './graph/fill.ts';
import { CONSTANT_COMPONENT, planOf, REGIONS } from './graph/generate.ts';
import { measure, measureCold, type Question } from './graph/measure.ts';
import { BARS, judge, PAGE, type Report, reportLines, type Row, withTable } from './graph/report.ts';

const SEED = 7;
const SIZES = '25,50,100,200';
const QUICK_SIZES = '10,20';
const ROOT = path.resolve(import.meta.dirname, '../..');

const HELP = `npm run bench:graph -- [options]

  --sizes LIST   repositories of each graph, ascending (${SIZES})
  --quick        ${QUICK_SIZES}
  --write        put the table into ${PAGE}
  --json         nothing more: the figures are always the last line of the standard output

Exit code 1 where a bar is missed: over the largest graph an incident at most ${BARS.p50MsMax} ms p50; what is read for an answer that is the
same at every size, the same; bytes read for each byte of an incident's answer at most ${BARS.readPerAnswerGrowthMax} times those over the smallest graph.
Exit code 2: an option can't be read.
`;

const QUESTIONS: readonly Question[] = [
  { kind: 'blast-radius', asked: CONSTANT_COMPONENT },
  ...REGIONS.map((asked): Question => ({ kind: 'incident', asked })),
];
const [FIRST] = QUESTIONS;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const run = async (sizes: readonly number[]): Promise<Report> => {
  const stage = await openStage(ROOT);
  const { graph } = stage.stores.primary.tables;
  const rows: Row[] = [];
  const nodes = new Set<string>();
  let edges = 0;
  let records = 0;
  let coldMs = 0;
  const countCalls = async (): Promise<number> => (await stage.statistics()).calls;
  try {
    const largest = planOf(SEED, sizes.at(-1) ?? 0);
    let filled = 0;
    for (const size of sizes) {
      for (const plan of largest.slice(filled, size)) {
        const added = await fillRepository(graph, plan);
        for (const id of added.nodes) {
          nodes.add(id);
        }
        edges += added.edges;
        records += added.records;
      }
      filled = size;
      say(`${size} repositories: ${nodes.size} nodes, ${edges} edges, ${records} records`);
      const cache = new GraphIndexCache(graph);
      for (const question of QUESTIONS) {
        if (question === FIRST) {
          coldMs = await measureCold(graph, cache, question);
        }
        const cost = await measure(graph, cache, largest.slice(0, size), question, countCalls);
        rows.push({ repositories: size, ...question, ...cost });
      }
    }
  } finally {
    await stage.close();
  }
  return { nodes: nodes.size, edges, records, coldMs, rows };
};

const write = async (lines: readonly string[]): Promise<void> => {
  const file = path.join(ROOT, PAGE);
  await writeFile(file, withTable(await readFile(file, 'utf8'), lines));
  say(`written to ${PAGE}`);
};

const bench = async (sizes: readonly number[], isWritten: boolean): Promise<void> => {
  const report = await run(sizes);
  const lines = reportLines(report);
  const missed = judge(report);
  for (const line of [...lines, '', ...(missed.length === 0 ? ['every bar is met'] : missed)]) {
    say(line);
  }
  if (isWritten) {
    await write(lines);
  }
  process.stdout.write(`${JSON.stringify({ isMet: missed.length === 0, missed, bars: BARS, ...report })}\n`);
  process.exitCode = missed.length === 0 ? 0 : 1;
};

const { values } = parseArgs({
  options: {
    sizes: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const sizes = (values.sizes ?? (values.quick ? QUICK_SIZES : SIZES)).split(',').map(Number);

if (values.help) {
  process.stdout.write(HELP);
} else if (sizes.every((size, at) => Number.isInteger(size) && size > (sizes[at - 1] ?? 0))) {
  await bench(sizes, values.write);
} else {
  say(`--sizes takes ascending numbers, for instance ${SIZES}`);
  process.exitCode = 2;
}
