/**
 * The bodies of Titan Text Embeddings V2: text in, numbers out, nothing believed. A reply is read with `JSON.parse`, whose numbers
 * are numbers; the SDK's own reader would hand over whole ones beyond 2^53 as objects.
 */
import { z } from 'zod';

import { done, type Failure, failed, type Result } from '../domain/failure.ts';
import type { BedrockModel } from './bedrock-model.ts';

/** How far the squared length of a normalised vector may be from one: its numbers came as short decimals. */
const SQUARED_LENGTH_SLACK = 0.02;

const replySchema = z.looseObject({ embedding: z.array(z.number()) });

export const requestBody = (text: string, { dimensions }: BedrockModel): string =>
  JSON.stringify({ inputText: text, dimensions, normalize: true });

const malformed = (what: string): { readonly kind: 'failed'; readonly failure: Failure } =>
  failed({ reason: 'unknown', code: 'MalformedEmbedding', message: `the model answered with ${what}` });

const parsedJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
};

/** One unit vector of float32 values, or what is wrong with the answer. Never quotes it. */
export const readReply = (bytes: Uint8Array, { dimensions }: BedrockModel): Result<Float32Array> => {
  const reply = replySchema.safeParse(parsedJson(bytes));
  if (!reply.success) {
    return malformed('something that is no embedding');
  }
  const { embedding } = reply.data;
  if (embedding.length !== dimensions) {
    return malformed(`${embedding.length} numbers instead of ${dimensions}`);
  }
  // Neither JSON nor the index keeps the sign of a zero: bytes with one would never be found equal again.
  const vector = Float32Array.from(embedding, (value) => Math.fround(value) + 0);
  const squared = vector.reduce((sum, value) => sum + value * value, 0);
  return Math.abs(squared - 1) <= SQUARED_LENGTH_SLACK
    ? done(vector)
    : malformed('a vector that is not of unit length');
};

/** What a text without a visible character gets, which the model refuses: always the same direction, never zero. */
export const blankVector = ({ dimensions }: BedrockModel): Float32Array => {
  const vector = new Float32Array(dimensions);
  vector[0] = 1;
  return vector;
};

/** The first `charsMax` UTF-16 units, or one less where that would leave half a character. */
export const cutText = (text: string, charsMax: number): string => {
  if (text.length <= charsMax) {
    return text;
  }
  const last = text.codePointAt(charsMax - 1) ?? 0;
  return text.slice(0, last > 0xff_ff ? charsMax - 1 : charsMax);
};

/** What Bedrock says of a text over the model's limits, by characters and by tokens. Its other refusals can't be mended by a cut. */
export const isTooLong = (message: string): boolean => /too many input tokens|expected maxLength/iu.test(message);
