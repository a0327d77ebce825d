/** The message of the sync queue: which source, and where an earlier invocation stopped. */
import { z } from 'zod';

import type { Checkpoint } from './cycle-types.ts';

const fullReasons = [
  'never-committed',
  'commits-differ',
  'unfinished-run',
  'new-epoch-or-region',
  'index-changed',
  'daily',
  'cursor-lost',
] as const;

const whole = z.int().min(0);

const schema = z.strictObject({
  source: z.string().min(1),
  checkpoint: z
    .strictObject({
      fence: z.string(),
      committedVersion: z.string(),
      cursor: z.record(z.string(), z.unknown()).nullable(),
      full: z.enum(fullReasons).nullable(),
      seq: whole,
      changed: whole,
      deleted: whole,
      counts: z.strictObject({ documents: whole, chunks: whole, skipped: whole }),
    })
    .optional(),
});

export interface SyncMessage {
  readonly source: string;
  readonly checkpoint: Checkpoint | undefined;
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
  return parsed.success
    ? { kind: 'message', message: { source: parsed.data.source, checkpoint: parsed.data.checkpoint } }
    : { kind: 'invalid', why: parsed.error.issues[0]?.path.join('.') ?? 'unknown' };
};
