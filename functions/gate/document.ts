/** The gate document (DESIGN §5): what AppConfig serves and what the `GATE` record keeps whole. */
import { z } from 'zod';

export type PeerWrites = 'required' | 'deferred';

export interface GateDocument {
  readonly is_active_for_scheduled_work: boolean;
  readonly peer_writes: PeerWrites;
  /** +1 on every flip; a lower one never wins. */
  readonly epoch: number;
  readonly changed_at: string;
  readonly changed_by: string;
  readonly reason: string;
}

const schema = z.strictObject({
  is_active_for_scheduled_work: z.boolean(),
  peer_writes: z.enum(['required', 'deferred']),
  epoch: z.int().min(1),
  changed_at: z.string(),
  changed_by: z.string(),
  reason: z.string(),
});

export type ParsedDocument =
  { readonly kind: 'valid'; readonly document: GateDocument } | { readonly kind: 'invalid'; readonly why: string };

/** Parses the document's JSON text; an unknown or missing key makes it invalid, because a gate must not guess. */
export const parseGateDocument = (text: string): ParsedDocument => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'invalid', why: 'the document is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return { kind: 'valid', document: parsed.data };
  }
  const issue = parsed.error.issues[0];
  return { kind: 'invalid', why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
};
