/**
 * A set of questions with judgements, in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`, each plain or with
 * `.gz`. What is not as it should be is said with the file and the line; what only looks odd (a document twice, a judgement of one
 * that is not there) is counted.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { z } from 'zod';

import { DataSetError, findFile, linesOf, type NumberedLine } from './read-lines.ts';

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

export type Grades = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface DataSet {
  readonly name: string;
  /** Those that have a judgement. */
  readonly questions: readonly Question[];
  /** By question, then by document: 0 is not relevant. */
  readonly grades: Grades;
  corpus(): AsyncIterable<CorpusDocument>;
}

const SOURCE = 'corpus';

const idField = z.union([z.string(), z.number()]).transform((id) => id.toString());
const documentLine = z.object({ _id: idField, title: z.string().nullish(), text: z.string().nullish() });
const questionLine = z.object({ _id: idField, text: z.string(), half: z.enum(['tuned', 'held-out']).optional() });

const parsedLine = <T>(schema: z.ZodType<T>, file: string, { number, text }: NumberedLine): T => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataSetError(`${file}, line ${number}: no JSON (${error instanceof Error ? error.message : ''})`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new DataSetError(`${file}, line ${number}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
};

async function* readCorpus(file: string): AsyncGenerator<CorpusDocument, void, void> {
  for await (const line of linesOf(file)) {
    const { _id, title, text } = parsedLine(documentLine, file, line);
    yield { id: _id, source: SOURCE, title: (title ?? '').trim(), text: text ?? '' };
  }
}

/** The file holds the questions of every split; the judgements say which are meant. A question that comes twice counts once. */
export const readQuestions = async (file: string, grades: Grades): Promise<readonly Question[]> => {
  const questions = new Map<string, Question>();
  for await (const line of linesOf(file)) {
    const { _id, text, half } = parsedLine(questionLine, file, line);
    if (grades.has(_id)) {
      questions.set(_id, { id: _id, text, half: half ?? 'all' });
    }
  }
  return [...questions.values()];
};

const GRADE = /^[-+]?\d+(?:\.\d+)?$/u;
/** Question and document of a line of three columns, and of TREC's four. */
const PLACES: Readonly<Record<number, readonly [number, number]>> = { 3: [0, 1], 4: [0, 2] };

const gradeIn = (text: string): readonly [question: string, document: string, grade: number] | undefined => {
  const tabbed = text.split('\t');
  const fields = (tabbed.length > 1 ? tabbed : text.split(/\s+/u)).map((field) => field.trim());
  const [question, document] = (PLACES[fields.length] ?? []).map((at) => fields[at]);
  const grade = fields.at(-1) ?? '';
  return question === undefined || document === undefined || !GRADE.test(grade)
    ? undefined
    : [question, document, Number(grade)];
};

/** `query-id`, `corpus-id`, `score`, with or without a line that says so. */
export const readGrades = async (file: string): Promise<Grades> => {
  const grades = new Map<string, Map<string, number>>();
  for await (const { number, text } of linesOf(file)) {
    const read = gradeIn(text);
    if (read === undefined && number > 1) {
      throw new DataSetError(`${file}, line ${number}: not a question, a document and a grade`);
    }
    if (read !== undefined) {
      const [question, document, grade] = read;
      const own = grades.get(question) ?? new Map<string, number>();
      grades.set(question, own);
      own.set(document, grade);
    }
  }
  return grades;
};

const gradesFile = (folder: string, split: string): string => {
  const file = path.join(folder, 'qrels', `${split}.tsv`);
  if (findFile(file) !== undefined) {
    return file;
  }
  const qrels = path.dirname(file);
  const others = findFile(qrels) === undefined ? [] : readdirSync(qrels).toSorted();
  throw new DataSetError(
    others.length === 0
      ? `there is no ${file}: the judgements of a set lie in qrels/`
      : `there is no ${file}: choose another with --split; there are ${others.join(', ')}`,
  );
};

/** A folder in the layout of BEIR. */
export const readDataSet = async (folder: string, split = 'test'): Promise<DataSet> => {
  const corpus = path.join(folder, 'corpus.jsonl');
  if (findFile(corpus) === undefined) {
    throw new DataSetError(`there is no ${corpus} (nor ${corpus}.gz): --data takes a folder in the layout of BEIR`);
  }
  const grades = await readGrades(gradesFile(folder, split));
  const questions = await readQuestions(path.join(folder, 'queries.jsonl'), grades);
  return { name: path.basename(path.resolve(folder)), questions, grades, corpus: () => readCorpus(corpus) };
};
