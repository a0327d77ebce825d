/**
 * The head of a source's graph: which units (repositories) it has, at which commit each was read, and in which state everything of
 * it is. It is written last, so what it names is whole. The files record of a unit says what it was made from.
 */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { canonicalText, sha256Hex } from '../../stores/envelope.ts';
import { isCounted } from './graph-keys.ts';

const unitSchema = z.object({
  unit: z.string(),
  repository: z.string(),
  /** What the paths of its documents begin with, and the paths in its facts do not. */
  prefix: z.string(),
  commit: z.string(),
  /** Of the documents that it was made from. */
  basis: z.string(),
  /** Of its facts and nodes, whatever their order: the sum of their keys' and bytes' hashes. */
  sum: z.string(),
  files: z.int().nonnegative(),
  index: z.int().nonnegative(),
  /** Hash of the index: a reader that holds it need not read it again. */
  indexHash: z.string(),
});

const headSchema = z.object({ extractor: z.string(), units: z.array(unitSchema) });

export type UnitHead = z.infer<typeof unitSchema>;
export type GraphHead = z.infer<typeof headSchema>;

const fileSchema = z.object({
  /** The document's own part of its id. */
  d: z.string(),
  path: z.string(),
  /** Changes whenever what would be read does. */
  rev: z.string(),
  /** Hash of its facts; empty where it has none. */
  facts: z.string(),
  parts: z.int().nonnegative(),
});

export type UnitFile = z.infer<typeof fileSchema>;

const filesSchema = z.object({ files: z.array(fileSchema) });

const parse = <T>(schema: z.ZodType<T>, text: string): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Damaged bytes read as absent; the proof of equality is what names them.
    return undefined;
  }
};

export const parseHead = (text: string): GraphHead | undefined => parse(headSchema, text);

export const parseFiles = (text: string): readonly UnitFile[] | undefined => parse(filesSchema, text)?.files;

const FILES_BYTES_MAX = LIMITS.graphFactsBytesMax;

export const byDocument = (left: UnitFile, right: UnitFile): number =>
  left.d < right.d ? -1 : Number(left.d > right.d);

/** In parts that each stay under the limit of one record. */
export const filesPayloads = (files: readonly UnitFile[]): readonly { readonly files: readonly UnitFile[] }[] => {
  const parts: UnitFile[][] = [[]];
  let bytes = 0;
  for (const file of files.toSorted(byDocument)) {
    const size = Buffer.byteLength(JSON.stringify(file)) + 1;
    if (bytes + size > FILES_BYTES_MAX) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(file);
    bytes += size;
  }
  return parts.map((own) => ({ files: own }));
};

/** Of what a unit would be made from: equal text, equal records. */
export const basisOf = (extractor: string, files: readonly Pick<UnitFile, 'd' | 'path' | 'rev'>[]): string =>
  sha256Hex(canonicalText([extractor, files.map(({ d, path, rev }) => `${d} ${rev} ${path}`).toSorted()]));

const SUM_BYTES = 16;

/** Adds and takes away records in any order: exclusive or of their hashes. */
export class RecordSum {
  readonly #bytes: Uint8Array;

  constructor(hex = '') {
    this.#bytes = new Uint8Array(SUM_BYTES);
    this.#bytes.set(Buffer.from(hex, 'hex').subarray(0, SUM_BYTES));
  }

  /** Adds what was not in it, and takes away what was. */
  toggle(sk: string, h: string): void {
    if (isCounted(sk)) {
      const hash = createHash('sha256').update(`${sk}\n${h}`).digest();
      for (let at = 0; at < SUM_BYTES; at += 1) {
        this.#bytes[at] = (this.#bytes[at] ?? 0) ^ (hash[at] ?? 0);
      }
    }
  }

  toString(): string {
    return Buffer.from(this.#bytes).toString('hex');
  }
}
