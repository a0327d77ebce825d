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
import { readDataSet } from './retrieval/data-set.ts';
import { LATENCY_BARS, type LatencyReport, measureLatency } from './retrieval/latency.ts';
import { judge, latencyLines, PAGE, plainReport, setLines, withTables } from './retrieval/page.ts';
import { progress } from './retrieval/progress.ts';
import { DataSetError } from './retrieval/read-lines.ts';
import { runSet, type SetReport } from './retrieval/run-set.ts';
import { readShippedSet, ROOT } from './retrieval/shipped-set.ts';

const HELP = `npm run bench:retrieval -- [options]

  --data DIR       a set in the layout of BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv; each may end in .gz); else the shipped one
  --split NAME     qrels/NAME.tsv instead of qrels/test.tsv
  --questions N    at most N of the judged questions, evenly spread
  --latency        own time and store calls over --chunks N generated chunks (100000)
  --write          put the tables into ${PAGE}
  --json           the figures as one line of JSON, the last of the standard output

Exit code 1 where a bar is missed. Of every set: fused nDCG@10 at most 0.005 below lexical, at most ${LATENCY_BARS.callsMax} store calls a
question. Of the shipped set also: lexical at least 0.04 over plain BM25. Exit code 2: the set or an option can't be read.
`;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    split: { type: 'string', default: 'test' },
    questions: { type: 'string', default: '1000000' },
    latency: { type: 'boolean', default: false },
    chunks: { type: 'string', default: '100000' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
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
    const plain = 'halves' in report ? plainReport(report) : report;
    process.stdout.write(`${JSON.stringify({ ok: missed.length === 0, missed, ...plain })}\n`);
  }
  process.exitCode = missed.length === 0 ? 0 : 1;
};

const run = async (): Promise<void> => {
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
    return;
  }
  const isShipped = values.data === undefined;
  const set = values.data === undefined ? await readShippedSet() : await readDataSet(values.data, values.split);
  const report = await runSet(set, embedder, {
    withStemmed: !isShipped,
    questionsMax: Number(values.questions),
    see: progress((line) => {
      process.stderr.write(line);
    }),
  });
  // The distance to plain BM25 is a bar of the shipped questions; elsewhere it is told.
  await finish('quality', setLines(report), judge(report, isShipped), report);
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DataSetError)) {
      throw error;
    }
    say([error.message]);
    process.exitCode = 2;
  }
}
