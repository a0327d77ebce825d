/** The message of the sync queue: which source, and where an earlier invocation stopped; or that its vectors are swept. */
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import type { Checkpoint } from './cycle-types.ts';

const fullReasons = [
  'never-committed',
  'commits-differ',
  'unfinished-run',
  'owed-records',
  'new-epoch-or-region',
  'index-changed',
  'derivation-changed',
  'definition-changed',
  'daily',
  'cursor-lost',
  'many-deletions',
  'prune-approved',
] as const;

const whole = z.int().min(0);

const failuresSchema = z.strictObject({
  count: whole,
  listed: z
    .array(
      z.strictObject({
        id: z.string(),
        scope: z.enum(['document', 'part']),
        reason: z.string(),
        retryable: z.boolean(),
        message: z.string(),
        since: whole,
        tries: whole,
        nextTryAt: whole.exactOptional(),
      }),
    )
    .max(LIMITS.failuresListedMax),
});

const schema = z.strictObject({
  source: z.string().min(1),
  checkpoint: z
    .strictObject({
      fence: z.string(),
      making: z.string().exactOptional(),
      startedAt: whole,
      committedVersion: z.string(),
      cursor: z.record(z.string(), z.unknown()).nullable(),
      full: z.enum(fullReasons).nullable(),
      seq: whole,
      changed: whole,
      deleted: whole,
      counts: z.strictObject({ documents: whole, chunks: whole, skipped: whole }),
      failures: failuresSchema.exactOptional(),
      derive: z.strictObject({ name: z.string(), at: z.string().exactOptional() }).exactOptional(),
    })
    .optional(),
  sweep: z.literal(true).optional(),
  check: z.string().min(1).max(64).optional(),
  segment: whole.max(LIMITS.sweepSegmentsMax - 1).optional(),
});

export interface SyncMessage {
  readonly source: string;
  readonly checkpoint: Checkpoint | undefined;
  /** Set where the message asks for a sweep of orphan vectors: the segment of the listing to begin with. */
  readonly sweepFrom?: number;
  /** Set where the message asks for a check, whose answer is kept under this id. */
  readonly check?: string;
}

export type ParsedMessage =
  { readonly kind: 'message'; readonly message: SyncMessage } | { readonly kind: 'invalid'; readonly why: string };

export const parseSyncMessage = (body: string): ParsedMessage => {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: 'invalid', why: 'the message is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return { kind: 'invalid', why: parsed.error.issues[0]?.path.join('.') ?? 'unknown' };
  }
  const { source, checkpoint, sweep, segment, check } = parsed.data;
  return {
    kind: 'message',
    message: {
      source,
      checkpoint,
      ...(sweep === undefined ? {} : { sweepFrom: segment ?? 0 }),
      ...(check === undefined ? {} : { check }),
    },
  };
};

export const sweepMessage = (source: string, segment = 0): string =>
  JSON.stringify({ source, sweep: true, ...(segment === 0 ? {} : { segment }) });

/** In a group of its own: a check writes nothing to the corpus, and need not wait for a cycle. */
export const checkMessage = (source: string, id: string): { group: string; dedupe: string; body: string } => ({
  group: `check/${source}`,
  dedupe: `check/${source}/${id}`,
  body: JSON.stringify({ source, check: id }),
});
