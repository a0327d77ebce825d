/**
 * The note of an operation: which write an `Idempotency-Key` made, whole. A retry, also at the other Region, finds it and
 * repeats that very write, so it can't undo what somebody wrote in between. It expires by itself, and like all that does it is
 * outside digests.
 */
import { z } from 'zod';

import type { Failure } from '../domain/failure.ts';
import type { InteractiveWrite } from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey, ReplicatedRecord } from '../domain/record.ts';
import { canonicalText, makeRecord, sha256Hex } from '../stores/envelope.ts';
import type { RecordStore } from '../stores/record-store.ts';

const noteSchema = z.strictObject({
  pk: z.string(),
  sk: z.string(),
  v: z.string(),
  h: z.string(),
  data: z.string(),
  del: z.literal(true).optional(),
  identity: z.string(),
});

const MS_PER_SECOND = 1000;

/** All tables of a Region may hold notes; each beside the record that it is about. */
export const noteKey = (op: string): RecordKey => ({ pk: `op#${sha256Hex(op)}`, sk: 'op' });

const identityOf = (request: InteractiveWrite): string =>
  sha256Hex(canonicalText({ key: request.key, what: request.identity ?? request.content }));

/** The note of a write that is about to be made. */
export const makeNote = (request: InteractiveWrite, record: ReplicatedRecord, nowMs: number): ReplicatedRecord => {
  const { pk, sk, v, h, data, del, op } = record;
  const note = { pk, sk, v, h, data, ...(del === undefined ? {} : { del }), identity: identityOf(request) };
  const expires = Math.ceil(nowMs / MS_PER_SECOND) + LIMITS.operationKeptSeconds;
  return { ...makeRecord(noteKey(op), { v, op }, note), expires };
};

export type NotedWrite =
  | { readonly kind: 'same'; readonly record: ReplicatedRecord }
  /** The same `op` was used for another record, or for other content. */
  | { readonly kind: 'other' }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly failure: Failure };

const parseNote = (data: string): z.infer<typeof noteSchema> | undefined => {
  try {
    return noteSchema.safeParse(JSON.parse(data)).data;
  } catch {
    // Damaged bytes are no note; the write is then made as a new one.
    return undefined;
  }
};

/** The write that was noted under this `op`, byte for byte. */
export const readNote = async (table: RecordStore, request: InteractiveWrite, op: string): Promise<NotedWrite> => {
  const read = await table.get(noteKey(op));
  if (read.kind === 'failed') {
    return read;
  }
  const note = read.value === undefined ? undefined : parseNote(read.value.data);
  if (note === undefined) {
    return { kind: 'none' };
  }
  if (note.identity !== identityOf(request)) {
    return { kind: 'other' };
  }
  const { pk, sk, v, h, data, del } = note;
  return { kind: 'same', record: { pk, sk, v, h, data, op, ...(del === undefined ? {} : { del }) } };
};
