/** Making and revoking API keys: records like any other interactive write, so both Regions know the same keys. */
import { type RoleName, roleNamed, type SourceGrant } from '../domain/access.ts';
import { type KeyPayload, keyRecordKey } from '../domain/api-key.ts';
import type { InteractiveConflict, InteractiveOutcome, InteractiveWrites } from '../domain/interactive-write.ts';
import { canonicalText, sha256Hex } from '../stores/envelope.ts';
import { newToken, secretHash, tokenOf } from './token.ts';

export interface KeyRequest {
  readonly name: string;
  readonly roles: readonly RoleName[];
  readonly sources: SourceGrant;
  /** A key for some workspaces. */
  readonly workspaces?: readonly string[] | undefined;
  readonly lifetimeMs: number;
  readonly createdBy: string;
}

export interface KeyMaking {
  readonly writes: InteractiveWrites;
  readonly now: () => number;
  /** A cryptographic source. */
  readonly randomBytes: (count: number) => Uint8Array;
}

type Outcome = InteractiveOutcome | InteractiveConflict;

export interface MadeKey {
  readonly id: string;
  readonly payload: KeyPayload;
  /** Exists here and with whoever gets it, and nowhere else. Worth nothing where the outcome is a repetition. */
  readonly token: string;
  readonly outcome: Outcome;
}

/** Writes a key's record: again, where a Region lost it. */
export const writeKey = async (writes: InteractiveWrites, id: string, payload: KeyPayload): Promise<Outcome> =>
  writes.write({ table: 'workspaces', key: keyRecordKey(id), content: { kind: 'payload', payload } });

const ID_DIGITS = 16;

/** With an `op` the id follows from it: a repeated request then finds the key that it made, instead of making a second one. */
export const makeKey = async (
  { writes, now, randomBytes }: KeyMaking,
  { lifetimeMs, roles, workspaces, ...request }: KeyRequest,
  op?: string,
): Promise<MadeKey> => {
  const granted = {
    ...request,
    roles: roles.flatMap((role) => roleNamed(role) ?? []),
    ...(workspaces === undefined ? {} : { workspaces }),
  };
  const fresh = newToken(randomBytes);
  const id = op === undefined ? fresh.id : sha256Hex(`key ${op}`).slice(0, ID_DIGITS);
  const createdAt = now();
  const payload: KeyPayload = {
    ...granted,
    hash: secretHash(fresh.secret),
    createdAt,
    expiresAt: createdAt + lifetimeMs,
  };
  const outcome = await writes.write({
    table: 'workspaces',
    key: keyRecordKey(id),
    content: { kind: 'payload', payload },
    ...(op === undefined ? {} : { op, identity: canonicalText({ ...granted, lifetimeMs }) }),
  });
  return { id, payload, token: tokenOf({ id, secret: fresh.secret }), outcome };
};

/** A tombstone, so that a revocation needs no reading first and wins against a creation that arrives late. */
export const revokeKey = async (writes: InteractiveWrites, id: string, op?: string): Promise<Outcome> =>
  writes.write({
    table: 'workspaces',
    key: keyRecordKey(id),
    content: { kind: 'tombstone' },
    ...(op === undefined ? {} : { op }),
  });
