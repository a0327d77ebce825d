/** The built-in embedder on the committed table: contract, stable bytes, what its vectors mean, and its time. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelFilePath } from '../../../functions/embed/model-file.ts';
import { createStaticEmbedder } from '../../../functions/embed/static-embedder.ts';
import { loadStaticTable } from '../../../functions/embed/static-table.ts';
import { embedderContract, vectorsOf } from '../../contracts/embedder.ts';
import { INCIDENT_QUESTIONS } from './incident-questions.ts';

const modelDirectory = join(import.meta.dirname, '..', '..', '..', 'functions', 'embed', 'model');
const table = loadStaticTable(readFileSync(modelFilePath(modelDirectory)));
const embedder = createStaticEmbedder(table);

const similarity = (left: Float32Array, right: Float32Array): number =>
  left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

const similarityOf = async (left: string, right: string): Promise<number> => {
  const [first = new Float32Array(), second = new Float32Array()] = await vectorsOf(embedder, [left, right]);
  return similarity(first, second);
};

const rankOf = (wanted: number, scores: readonly number[]): number =>
  1 + scores.filter((score) => score > (scores[wanted] ?? 0)).length;

embedderContract('The static embedder', () => createStaticEmbedder(table));

describe('static embedder bytes', () => {
  it('change only together with the name of the model', async () => {
    const texts = ['fail over to us-west-2', 'HTTPServer.getUserById', 'zorblax-api 障害', '', '🔥'];
    const hash = createHash('sha256');
    for (const vector of await vectorsOf(embedder, texts)) {
      hash.update(new Uint8Array(vector.buffer));
    }
    // A new pair of values: the table or the code changed every vector, so REVISION or the table's checksum moved too.
    expect({ model: embedder.model, bytes: hash.digest('hex') }).toEqual({
      model: 'use-lite-static-256.r1.bc2e9eba',
      bytes: 'f7c9f19e1c14d6963aada5092024507901b700d7fc4a07c50b069ff9f4e530c2',
    });
  });

  it('do not depend on how often a longer batch yields', async () => {
    const texts = Array.from({ length: 100 }, (_, index) => `shard ${index % 7} is slow`);
    const vectors = await vectorsOf(embedder, texts);
    expect(vectors[98]).toEqual(vectors[0]);
    expect(vectors).toHaveLength(100);
  });

  it('come from any string as a unit vector', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        const [vector = new Float32Array()] = await vectorsOf(embedder, [text]);
        expect(Math.abs(similarity(vector, vector) - 1)).toBeLessThan(1e-5);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('are not finished when the caller aborts half-way', async () => {
    const controller = new AbortController();
    const texts = Array.from({ length: 200 }, () => 'restart the broker');
    const pending = embedder.embed(texts, controller.signal);
    controller.abort();
    expect(await pending).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable', code: 'AbortError' } });
  });

  it('are refused as a time-out when the deadline has passed', async () => {
    const signal = AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
    expect(await embedder.embed(['a'], signal)).toMatchObject({ failure: { code: 'TimeoutError' } });
  });
});

describe('static embedder meaning', () => {
  it.for([
    ['roll back the release', 'undo the last deployment', 'the cafeteria opens at noon'],
    ['the database is down', 'postgres outage', 'new colors for the logo'],
    ['who is on call', 'which engineer gets paged', 'parse a CSV file'],
    ['rotate the API key', 'replace credentials', 'render a chart'],
    ['requests are throttled', 'too many requests, rate limit', 'print shipping labels'],
  ] as const)('puts %j nearer to %j than to %j', async ([text, near, far]) => {
    expect(await similarityOf(text, near)).toBeGreaterThan((await similarityOf(text, far)) + 0.1);
  });

  it.for([
    ['HTTPServer', 'http server'],
    ['deadLetterQueue', 'dead_letter_queue'],
    ['microservices', 'microservice'],
    ['DynamoDB', 'dynamodb'],
  ] as const)('reads %j nearly as %j', async ([left, right]) => {
    expect(await similarityOf(left, right)).toBeGreaterThan(0.75);
  });

  it('finds an unknown service name by its own spelling', async () => {
    const same = await similarityOf('zorblax', 'what does zorblax do');
    const other = await similarityOf('zorblax', 'what does frumious do');
    expect(same).toBeGreaterThan(other + 0.2);
  });

  it('reads two words that mean one thing as one', async () => {
    expect(await similarityOf('roll back', 'rollback')).toBeGreaterThan(0.75);
    expect(await similarityOf('who is on call', 'oncall')).toBeGreaterThan(0.5);
  });

  it('tells names apart that share an explanation', async () => {
    expect(await similarityOf('postgres', 'mysql')).toBeLessThan(0.99);
  });

  it('ranks the right document high for questions in other words', async () => {
    const documents = await vectorsOf(
      embedder,
      INCIDENT_QUESTIONS.map(({ document }) => document),
    );
    const questions = await vectorsOf(
      embedder,
      INCIDENT_QUESTIONS.map(({ question }) => question),
    );
    const ranks = questions.map((question, wanted) =>
      rankOf(
        wanted,
        documents.map((document) => similarity(question, document)),
      ),
    );
    const meanReciprocalRank = ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length;
    expect(meanReciprocalRank, `ranks ${ranks.join(' ')}`).toBeGreaterThanOrEqual(0.6);
    expect(ranks.filter((rank) => rank <= 3).length, `ranks ${ranks.join(' ')}`).toBeGreaterThanOrEqual(10);
  });
});

describe('static embedder time', () => {
  it('stays far below a millisecond for a chunk of 1600 characters', async () => {
    const text = INCIDENT_QUESTIONS.map(({ document }) => document)
      .join(' ')
      .slice(0, 1600);
    const texts = Array.from({ length: 200 }, () => text);
    await vectorsOf(embedder, texts);
    const before = process.cpuUsage();
    await vectorsOf(embedder, texts);
    const { user, system } = process.cpuUsage(before);
    // Processor time, ten times the usual: slow machines pass, a quadratic step does not.
    expect((user + system) / 1000 / texts.length).toBeLessThan(1);
  });
});
