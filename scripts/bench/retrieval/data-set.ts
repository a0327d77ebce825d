/**
 * A set of questions with judgements, in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`. The shipped set
 * brings no corpus: its documents are this repository's own files, and those of the organisation among the fixtures.
 */
import { createReadStream } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { z } from 'zod';

export interface CorpusDocument {
  readonly id: string;
  readonly source: string;
  readonly title: string;
  readonly text: string;
  /** Where a repository has it; absent in sets that know no paths. */
  readonly path?: string;
}

export interface Question {
  readonly id: string;
  readonly text: string;
  /** Of the shipped set: weights may be chosen by looking at one half only. */
  readonly half: 'tuned' | 'held-out' | 'all';
}

export interface DataSet {
  readonly name: string;
  readonly questions: readonly Question[];
  /** By question, then by document: 0 is not relevant. */
  readonly grades: ReadonlyMap<string, ReadonlyMap<string, number>>;
  corpus(): AsyncIterable<CorpusDocument>;
}

const SOURCE = 'corpus';

const documentLine = z.object({
  _id: z.union([z.string(), z.number()]),
  title: z.string().nullish(),
  text: z.string().nullish(),
});

const questionLine = z.object({
  _id: z.union([z.string(), z.number()]),
  text: z.string(),
  half: z.enum(['tuned', 'held-out']).optional(),
});

async function* linesOf(file: string): AsyncGenerator<string, void, void> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (line.trim() !== '') {
      yield line;
    }
  }
}

async function* readCorpus(file: string): AsyncGenerator<CorpusDocument, void, void> {
  for await (const line of linesOf(file)) {
    const { _id, title, text } = documentLine.parse(JSON.parse(line));
    yield { id: _id.toString(), source: SOURCE, title: title ?? '', text: text ?? '' };
  }
}

const readQuestions = async (file: string): Promise<readonly Question[]> => {
  const questions: Question[] = [];
  for await (const line of linesOf(file)) {
    const { _id, text, half } = questionLine.parse(JSON.parse(line));
    questions.push({ id: _id.toString(), text, half: half ?? 'all' });
  }
  return questions;
};

const readGrades = async (file: string): Promise<DataSet['grades']> => {
  const grades = new Map<string, Map<string, number>>();
  for await (const line of linesOf(file)) {
    const [question = '', document = '', grade = ''] = line.split('\t');
    if (question !== 'query-id' && /^-?\d+(?:\.\d+)?$/u.test(grade.trim())) {
      const own = grades.get(question) ?? new Map<string, number>();
      grades.set(question, own);
      own.set(document, Number(grade));
    }
  }
  return grades;
};

/** A folder in the layout of BEIR. */
export const readDataSet = async (folder: string): Promise<DataSet> => ({
  name: path.basename(path.resolve(folder)),
  questions: await readQuestions(path.join(folder, 'queries.jsonl')),
  grades: await readGrades(path.join(folder, 'qrels', 'test.tsv')),
  corpus: () => readCorpus(path.join(folder, 'corpus.jsonl')),
});

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

export const readShippedSet = async (): Promise<DataSet> => ({
  name: 'twinmap',
  questions: await readQuestions(path.join(SHIPPED, 'queries.jsonl')),
  grades: await readGrades(path.join(SHIPPED, 'qrels', 'test.tsv')),
  corpus: readOwnFiles,
});
