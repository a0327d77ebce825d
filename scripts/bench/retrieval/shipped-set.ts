/** The shipped set brings no corpus: its documents are this repository's own files, and those of the organisation among the fixtures. */
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';

import { type CorpusDocument, type DataSet, readGrades, readQuestions } from './data-set.ts';

export const ROOT = path.resolve(import.meta.dirname, '../../..');
const SHIPPED = path.join(ROOT, 'test/fixtures/retrieval');
const ORGANISATION = 'test/fixtures/organisation';

const OWN_FILES = [
  'README.md',
  'docs/**/*.md',
  '{functions,router,ops,infra,local,examples}/**/*.ts',
  'Pulumi*.yaml',
  `${ORGANISATION}/**/*`,
];

/** The page that quotes the figures would otherwise answer the questions about them. */
const LEFT_OUT = new Set(['docs/retrieval.md', `${ORGANISATION}/expected.json`]);

const sourceOf = (file: string): string =>
  file.startsWith(`${ORGANISATION}/`) ? (file.split('/')[3] ?? ORGANISATION) : 'twinmap';

async function* readOwnFiles(): AsyncGenerator<CorpusDocument, void, void> {
  const files: string[] = [];
  for await (const entry of glob(OWN_FILES, { cwd: ROOT, withFileTypes: true })) {
    const file = path.relative(ROOT, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !LEFT_OUT.has(file)) {
      files.push(file);
    }
  }
  for (const file of [...new Set(files)].toSorted()) {
    const source = sourceOf(file);
    const shown = source === 'twinmap' ? file : file.slice(`${ORGANISATION}/${source}/`.length);
    yield { id: file, source, title: '', text: await readFile(path.join(ROOT, file), 'utf8'), path: shown };
  }
}

export const readShippedSet = async (): Promise<DataSet> => {
  const grades = await readGrades(path.join(SHIPPED, 'qrels', 'test.tsv'));
  return {
    name: 'twinmap',
    questions: await readQuestions(path.join(SHIPPED, 'queries.jsonl'), grades),
    grades,
    corpus: readOwnFiles,
  };
};
