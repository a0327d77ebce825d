/** Embeds without a model: the same text is the same vector, in every process and Region. */
import { done } from '../../../functions/domain/failure.ts';
import type { Embedder } from '../../../functions/embed/embedder.ts';
import { hashText } from '../kernel/random.ts';

export const DIMENSIONS = 4;

const vectors = new Map<string, Float32Array>();

export const vectorOf = (text: string): Float32Array => {
  const known =
    vectors.get(text) ??
    Float32Array.from({ length: DIMENSIONS }, (_, at) => 1 + (hashText(text, at + 1) % 1000) / 250);
  vectors.set(text, known);
  return known;
};

export const simEmbedder: Embedder = {
  model: 'simulated',
  dimensions: DIMENSIONS,
  embed: async (texts) => done(texts.map((text) => vectorOf(text))),
};
