/**
 * `npm run bench:retrieval`: how good the search is, and what it costs. Without `--data` it asks the shipped questions about this
 * repository and the fixture organisation; with it, any set in the layout of BEIR, through the same code. `--latency` generates
 * 100,000 chunks in 200 sources and measures the search's own time and its store calls. Exits with 1 where a bar is missed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { modelFilePath } from '../../functions/embed/model-file.ts';
import { createStaticEmbedder } from '../../functions/embed/static-embedder.ts';
import { loadStaticTable } from '../../functions/embed/static-table.ts';
import { readDataSet, readShippedSet, ROOT } from './retrieval/data-set.ts';
import { LATENCY_BARS, type LatencyReport, measureLatency } from './retrieval/latency.ts';
import { judge, latencyLines, PAGE, setLines, withTables } from './retrieval/page.ts';
import { runSet, type SetReport } from './retrieval/run-set.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    latency: { type: 'boolean', default: false },
    chunks: { type: 'string', default: '100000' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const say = (lines: readonly string[]): void => {
  process.stderr.write(`${lines.join('\n')}\n`);
};

const readPage = async (): Promise<string> => readFile(path.join(ROOT, PAGE), 'utf8');

const finish = async (
  name: 'quality' | 'latency',
  lines: readonly string[],
  missed: readonly string[],
  report: SetReport | LatencyReport,
): Promise<void> => {
  say([...lines, '', ...(missed.length === 0 ? ['every bar is met'] : missed.map((one) => `missed: ${one}`))]);
  if (values.write) {
    await writeFile(path.join(ROOT, PAGE), withTables(await readPage(), name, lines));
    say([`written to ${PAGE}`]);
  }
  if (values.json) {
    const plain = 'halves' in report ? { ...report, halves: Object.fromEntries(report.halves) } : report;
    process.stdout.write(`${JSON.stringify({ ok: missed.length === 0, missed, ...plain })}\n`);
  }
  process.exitCode = missed.length === 0 ? 0 : 1;
};

const embedder = createStaticEmbedder(
  loadStaticTable(await readFile(modelFilePath(path.join(ROOT, 'functions/embed/model')))),
);

if (values.latency) {
  const report = await measureLatency(Number(values.chunks), embedder);
  const missed = [
    ...(report.ownMsP50 <= LATENCY_BARS.ownMsP50Max
      ? []
      : [`own time ${report.ownMsP50.toFixed(1)} ms p50 is over ${LATENCY_BARS.ownMsP50Max} ms`]),
    ...(report.callsMax <= LATENCY_BARS.callsMax
      ? []
      : [`${report.callsMax} store calls are over ${LATENCY_BARS.callsMax}`]),
  ];
  await finish('latency', latencyLines(report), missed, report);
} else {
  const set = values.data === undefined ? await readShippedSet() : await readDataSet(values.data);
  const report = await runSet(set, embedder);
  // The distance to plain BM25 is a bar of the shipped questions; elsewhere it is told.
  await finish('quality', setLines(report), judge(report, values.data === undefined), report);
}
