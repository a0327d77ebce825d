/**
 * Makes a set in the layout of BEIR out of what a Debian machine has, for `bench:retrieval -- --data`:
 * `node bin/run.mjs scripts/bench/retrieval-set.ts --manuals /usr/share/man --out DIR`, or `--packages FILE` with descriptions as
 * `Translation-en` has them. `--paragraphs`: whole paragraphs as questions.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { makeSet, readManuals, readPackages } from './retrieval/debian-set.ts';

const { values } = parseArgs({
  options: {
    manuals: { type: 'string' },
    packages: { type: 'string' },
    paragraphs: { type: 'boolean', default: false },
    questions: { type: 'string', default: '1500' },
    out: { type: 'string' },
  },
});

const linesOf = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const { manuals, packages, out } = values;
if (out === undefined || (manuals === undefined) === (packages === undefined)) {
  process.stderr.write('give --out DIR and one of --manuals FOLDER, --packages FILE\n');
  process.exitCode = 2;
} else {
  const pages = packages === undefined ? await readManuals(manuals ?? '') : await readPackages(packages);
  const made = makeSet(pages, values.paragraphs ? 'paragraphs' : 'lines', Number(values.questions));
  await mkdir(path.join(out, 'qrels'), { recursive: true });
  await writeFile(path.join(out, 'corpus.jsonl'), linesOf(made.documents));
  await writeFile(path.join(out, 'queries.jsonl'), linesOf(made.questions));
  const rows = made.relevant.map(([question, document]) => `${question}\t${document}\t1\n`);
  await writeFile(path.join(out, 'qrels', 'test.tsv'), ['query-id\tcorpus-id\tscore\n', ...rows].join(''));
  process.stderr.write(`${made.documents.length} documents, ${made.questions.length} questions in ${out}\n`);
}
