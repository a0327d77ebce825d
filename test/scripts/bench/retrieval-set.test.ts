/** Sets of questions as others publish them: read as they are, measured as trec_eval measures, and refused in one clear sentence. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CorpusDocument, readDataSet } from '../../../scripts/bench/retrieval/data-set.ts';
import { makeSet } from '../../../scripts/bench/retrieval/debian-set.ts';
import { measure } from '../../../scripts/bench/retrieval/measures.ts';
import { judge } from '../../../scripts/bench/retrieval/page.ts';
import { runSet, type SetReport } from '../../../scripts/bench/retrieval/run-set.ts';
import { hashEmbedder } from '../../functions/query/small-corpus.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'twinmap-set-'));
  await mkdir(path.join(folder, 'qrels'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = async (name: string, content: string | Uint8Array): Promise<void> =>
  writeFile(path.join(folder, name), content);

const lines = (...rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const writeSet = async (
  corpus: string,
  queries = lines({ _id: 'q', text: 'queues' }),
  qrels = 'query-id\tcorpus-id\tscore\nq\ta\t1\n',
): Promise<void> => {
  await write('corpus.jsonl', corpus);
  await write('queries.jsonl', queries);
  await write('qrels/test.tsv', qrels);
};

const documentsOf = async (): Promise<readonly CorpusDocument[]> => {
  const documents: CorpusDocument[] = [];
  for await (const document of (await readDataSet(folder)).corpus()) {
    documents.push(document);
  }
  return documents;
};

describe('a set in the layout of BEIR', () => {
  it('has ids of any form, metadata, and documents without a title or a text', async () => {
    const ids = ['MED-10', '10.1000/x+y', 'a b', 7];
    await writeSet(lines(...ids.map((_id) => ({ _id, title: '', text: null, metadata: { url: 'x' } }))));
    expect((await documentsOf()).map(({ id }) => id)).toEqual(['MED-10', '10.1000/x+y', 'a b', '7']);
  });

  it('may end its lines as Windows does, begin with a byte order mark, and hold separators of lines inside a text', async () => {
    const text = 'one\u2028two\u2029three';
    await writeSet(
      `\uFEFF${lines({ _id: 'a', text }, { _id: 'b', text: 'x'.repeat(300_000) }).replaceAll('\n', '\r\n')}\r\n`,
      `\uFEFF{"_id":"q","text":"queues"}\r\n`,
      '\uFEFFquery-id\tcorpus-id\tscore\r\nq\ta\t1\r\n',
    );
    const documents = await documentsOf();
    expect(documents.map((one) => one.text.length)).toEqual([text.length, 300_000]);
    const { grades } = await readDataSet(folder);
    expect(grades.get('q')).toEqual(new Map([['a', 1]]));
  });

  it('asks only the questions of its split, and keeps grades with and without a first line of names', async () => {
    const queries = lines(...['q', 'r', 's'].map((_id) => ({ _id, text: 'queues' })));
    await writeSet(lines({ _id: 'a', text: 'x' }), queries, 'q\ta\t2\nq\tb\t0\nr\ta\t-1\n');
    const { questions, grades } = await readDataSet(folder);
    expect(questions.map(({ id }) => id)).toEqual(['q', 'r']);
    expect([...(grades.get('q') ?? [])]).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
  });

  it('may be packed', async () => {
    await writeSet('');
    await rm(path.join(folder, 'corpus.jsonl'));
    await write('corpus.jsonl.gz', gzipSync(lines({ _id: 'a', text: 'x' }, { _id: 'b', text: 'y' })));
    expect(await documentsOf()).toHaveLength(2);
  });

  it.each([
    ['corpus.jsonl', '{"_id":"a"}\n{"_id":\n', /corpus\.jsonl, line 2: no JSON/u],
    ['corpus.jsonl', '{"title":"a"}\n', /corpus\.jsonl, line 1: .*_id/su],
    ['queries.jsonl', '{"_id":"q"}\n', /queries\.jsonl, line 1: .*text/su],
    ['qrels/test.tsv', 'query-id\tcorpus-id\tscore\nq\ta\tgood\n', /test\.tsv, line 2: not a question/u],
  ])('says what is wrong in %s', async (name, content, message) => {
    await writeSet(lines({ _id: 'a', text: 'x' }), lines({ _id: 'q', text: 'x' }));
    await write(name, content);
    await expect(documentsOf()).rejects.toThrow(message);
  });

  it('says which files are missing, and which splits there are', async () => {
    await expect(readDataSet(folder)).rejects.toThrow(/there is no .*corpus\.jsonl/u);
    await writeSet(lines({ _id: 'a', text: 'x' }));
    await expect(readDataSet(folder, 'dev')).rejects.toThrow(/dev\.tsv.*--split.*test\.tsv/u);
  });
});

describe('nDCG@10', () => {
  const grades = new Map([
    ['a', 2],
    ['b', 1],
    ['c', 0],
    ['absent', 1],
    ['bad', -1],
  ]);

  it('takes a grade as its gain, and all that was judged as the ideal', () => {
    // Ideal: 2/1 + 1/log2(3) + 1/2 = 3.13093; found: 1/log2(3) + 2/2 = 1.63093.
    expect(measure(['c', 'b', 'a'], grades).ndcg10).toBeCloseTo(0.520_909, 5);
    expect(measure(['a', 'b'], grades).ndcg10).toBeCloseTo(2.630_93 / 3.130_93, 5);
  });

  it('counts nothing after the tenth place, and takes a grade below none for none', () => {
    const ten = Array.from({ length: 10 }, (_, at) => `x${at}`);
    expect(measure([...ten, 'a'], grades).ndcg10).toBe(0);
    expect(measure(['bad', 'a', 'b', 'absent'], grades).ndcg10).toBeCloseTo(
      (2 / Math.log2(3) + 0.5 + 1 / Math.log2(5)) / 3.130_93,
      5,
    );
  });
});

const OPTIONS = { withStemmed: true, questionsMax: 100, see: () => undefined };

const ndcgOf = ({ halves }: SetReport, name: string): number =>
  halves.get('all')?.find((row) => row.name === name)?.measured.ndcg10 ?? -1;

describe('a run over a set', () => {
  it('leaves the question itself out of its answers, finds what has a title only, and tells what looks odd', async () => {
    const argument = 'Lighthouses should be painted red because ships see red from afar';
    await writeSet(
      lines(
        { _id: 'q', title: '', text: argument },
        { _id: 'answer', title: '', text: 'Red lighthouses are not seen by night, whatever ships do' },
        { _id: 'titled', title: 'Zebra crossings', text: '' },
        { _id: 'titled', title: 'twice', text: '' },
      ),
      lines({ _id: 'q', text: argument }, { _id: 'z', text: 'zebra' }, { _id: 'none', text: 'ships' }),
      'query-id\tcorpus-id\tscore\nq\tanswer\t1\nz\ttitled\t1\nnone\tanswer\t0\nz\tgone\t0\n',
    );
    const report = await runSet(await readDataSet(folder), hashEmbedder, OPTIONS);
    expect(report).toMatchObject({ documents: 3, questions: 2, odd: { documentsTwice: 1, judgedButAbsent: 1 } });
    for (const name of ['plain BM25', 'stemmed BM25 1.2/0.75', 'lexical']) {
      expect(ndcgOf(report, name)).toBe(1);
    }
    expect(judge(report, false)).toEqual([]);
  });

  it('without any judged question is refused', async () => {
    await writeSet(lines({ _id: 'a', text: 'x' }), lines({ _id: 'q', text: 'x' }), 'q\ta\t0\n');
    await expect(runSet(await readDataSet(folder), hashEmbedder, OPTIONS)).rejects.toThrow(/no question/u);
  });
});

describe('a set made of pages', () => {
  it('asks for a page by its one line or by a paragraph that was taken out of it', () => {
    const long = Array.from({ length: 70 }, (_, at) => `word${at}`).join(' ');
    const pages = [
      { id: 'tar', line: 'an archiving utility', paragraphs: ['Saves many files together.', long] },
      { id: 'tar2', line: 'an archiving utility', paragraphs: ['Twin'] },
    ];
    expect(makeSet(pages, 'lines', 10)).toMatchObject({
      documents: [{ _id: 'tar', text: `Saves many files together.\n\n${long}` }],
      questions: [{ _id: 'q-tar', text: 'an archiving utility' }],
      relevant: [['q-tar', 'tar']],
    });
    expect(makeSet(pages, 'paragraphs', 10)).toMatchObject({
      documents: [{ _id: 'tar', text: 'Saves many files together.' }],
      questions: [{ text: long }],
    });
  });
});
