/**
 * Who moves the work under an epoch: a local item of each Region, ordered by epoch, so that of two operators at once one gets it.
 * Written before anything else, by a conditional write, and marked when its move has ended.
 */
import { z } from 'zod';

import { done, type Result } from '../../functions/domain/failure.ts';
import { LOCAL_PREFIX, type RecordKey } from '../../functions/domain/record.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import type { LocalItem } from '../../functions/stores/record-store.ts';

export const CLAIM_KEY: RecordKey = { pk: `${LOCAL_PREFIX}failover`, sk: 'claim' };

const schema = z.object({
  /** The run's own id. */
  id: z.string(),
  move: z.enum(['failover', 'failback']),
  epoch: z.int(),
  to: z.enum(['primary', 'secondary']),
  kind: z.enum(['graceful', 'ungraceful']),
  by: z.string(),
  at: z.number(),
  state: z.enum(['running', 'ended']),
});

export type Claim = z.infer<typeof schema>;

/** A move that has ended stands above its own beginning and below every later epoch. */
const ENDED = 0.5;

export const claimOf = (item: Pick<LocalItem, 'data'> | undefined): Claim | undefined => {
  if (item === undefined) {
    return undefined;
  }
  try {
    return schema.safeParse(JSON.parse(item.data)).data;
  } catch {
    // Damaged bytes are nobody's claim; the next one replaces them by its order.
    return undefined;
  }
};

export type ClaimResult = { readonly kind: 'claimed' } | { readonly kind: 'taken'; readonly by: Claim | undefined };

/** Repeated by the same run it is the same claim, also after that run has ended. */
export const putClaim = async ({ tables }: RegionStores, claim: Claim): Promise<Result<ClaimResult>> => {
  const order = claim.epoch + (claim.state === 'ended' ? ENDED : 0);
  const put = await tables.workspaces.putLocal({ ...CLAIM_KEY, order, data: JSON.stringify(claim) });
  if (put.kind === 'failed') {
    return put;
  }
  if (put.value === 'written') {
    return done({ kind: 'claimed' });
  }
  const stored = await tables.workspaces.getLocal(CLAIM_KEY);
  if (stored.kind === 'failed') {
    return stored;
  }
  const by = claimOf(stored.value);
  return done(by?.id === claim.id ? { kind: 'claimed' } : { kind: 'taken', by });
};

/** For people. */
export const claimSentence = ({ by, at, epoch, to, state, move }: Claim): string =>
  `${by} began a ${move} to ${to} at ${new Date(at).toISOString()} under epoch ${epoch}` +
  (state === 'running' ? ', and it has not ended' : '');
