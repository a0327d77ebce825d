/** The steps that touch data: fences, the hand-over of a running cycle, and the proof that the Region works. */
import { z } from 'zod';

import { parseDocumentPayload, sourceDocumentsPartition, sourceKey } from '../../functions/domain/corpus.ts';
import { done, failed, type Result } from '../../functions/domain/failure.ts';
import { LOCAL_PREFIX } from '../../functions/domain/record.ts';
import type { RegionName } from '../../functions/domain/region.ts';
import { encodeFence } from '../../functions/domain/version.ts';
import { drainOwed } from '../../functions/repair/drain.ts';
import { debtLeft } from './debt-left.ts';
import { failedStep } from './gate-actions.ts';
import { readSources } from './observe.ts';
import type { RegionAccess } from './region-access.ts';
import { type RunContext, type StepAction, type StepResult, until } from './run-context.ts';
import { QUIET } from './quiet.ts';
import { within } from './within.ts';

export interface Raising {
  readonly epoch: number;
  readonly region: RegionName;
  readonly newOp: () => string;
  readonly raised: Set<string>;
  /** In ms since 1970, and a clock: of a Region that is not needed only so many are raised. */
  readonly until?: { readonly atMs: number; readonly now: () => number };
}

/** Claims what is not claimed under the epoch yet; the count of sources that are now. */
export const raiseFences = async (
  where: RegionAccess,
  { epoch, region, newOp, raised: own, until: limit }: Raising,
): Promise<Result<number>> => {
  const sources = await readSources(where);
  if (sources.kind === 'failed') {
    return sources;
  }
  for (const { id, fence } of sources.value) {
    if (limit !== undefined && limit.now() >= limit.atMs) {
      return failed({ reason: 'unreachable', code: 'TimeoutError', message: 'not every source in time' });
    }
    const isRaised = fence !== undefined && fence.epoch >= epoch;
    if (!isRaised) {
      const op = newOp();
      own.add(op);
      const raised = encodeFence({ epoch, region, run: 1 + (fence?.run ?? 0), op });
      const claimed = await where.stores.tables.graph.claim(sourceKey(id), raised);
      if (claimed.kind === 'failed') {
        return claimed;
      }
    }
  }
  return done(sources.value.length);
};

export const fenceStep: StepAction = async (context) => {
  const { plan, target, other, newOp, raised: own } = context;
  const under = { epoch: plan.epoch, region: target.region, newOp, raised: own };
  const raised = await raiseFences(target, under);
  if (raised.kind === 'failed') {
    return failedStep(target.region, raised.failure);
  }
  const there = plan.kind === 'graceful' ? await raiseFences(other, under) : undefined;
  if (there?.kind === 'failed') {
    return failedStep(other.region, there.failure);
  }
  return {
    outcome: 'done',
    detail: `${raised.value} sources are fenced in ${target.region}${there === undefined ? '' : ` and ${other.region}`} under epoch ${plan.epoch}`,
  };
};

const openSources = async (
  where: RegionAccess,
  raised: ReadonlySet<string>,
): Promise<readonly string[] | undefined> => {
  const sources = await readSources(where);
  return sources.kind === 'failed'
    ? undefined
    : sources.value.filter(({ isOpen, fence }) => isOpen && !raised.has(fence?.op ?? '')).map(({ id }) => id);
};

export const drainStep: StepAction = async (context) => {
  const { target, other, waits, now, sleep } = context;
  const ended = await until(context, waits.drainMs, async () => {
    const open = await openSources(other, context.raised);
    return open?.length === 0 ? true : undefined;
  });
  const report = await drainOwed({
    direction: { from: other.stores, to: target.stores },
    telemetry: QUIET,
    now,
    sleep,
    deadlineMs: now() + waits.drainMs,
  });
  if (report.failure !== undefined) {
    return failedStep(report.failure.at === 'from' ? other.region : target.region, report.failure.failure);
  }
  const debt = await debtLeft(other, target, sleep);
  const left = debt.kind === 'done' ? debt.value : undefined;
  const cycles =
    ended === true ? 'no cycle is open' : `a cycle is still open after ${waits.drainMs / 1000} s and will be fenced`;
  return {
    outcome: left === 0 ? 'done' : 'unverified',
    detail: `${cycles}; ${report.sent} records were sent, ${left ?? 'an unknown number of'} are owed to ${target.region}`,
  };
};

const CANARY_KEY = { pk: `${LOCAL_PREFIX}canary`, sk: 'failover' };

/** A local item: outside of digests and of everything that is replicated. */
const checkRecords = async ({ target, claim, now }: RunContext): Promise<string | undefined> => {
  const { workspaces } = target.stores.tables;
  const order = now();
  const put = await workspaces.putLocal({ ...CANARY_KEY, order, data: claim.id });
  const read = put.kind === 'failed' ? put : await workspaces.getLocal(CANARY_KEY);
  const removed = read.kind === 'failed' ? read : await workspaces.deleteLocal(CANARY_KEY, order);
  if (removed.kind === 'failed') {
    return `DynamoDB: ${removed.failure.message} (${removed.failure.code})`;
  }
  return read.kind === 'done' && read.value?.data === claim.id ? undefined : 'DynamoDB: it reads something else';
};

/** A vector that a document lists; undefined where nothing is indexed yet. */
const someVector = async (
  { stores }: RegionAccess,
  sources: readonly string[],
): Promise<Result<string | undefined>> => {
  for (const id of sources) {
    const page = await stores.tables.graph.query(sourceDocumentsPartition(id), { pageItemsMax: 25 });
    if (page.kind === 'failed') {
      return page;
    }
    const key = page.value.items
      .flatMap((record) => (record.del === true ? [] : [parseDocumentPayload(record.data)]))
      .flatMap((payload) => payload?.chunks.map(({ k }) => k) ?? [])
      .at(0);
    if (key !== undefined) {
      return done(key);
    }
  }
  return done(undefined);
};

type QueryCheck = { readonly kind: 'fine' | 'empty' } | { readonly kind: 'wrong'; readonly why: string };

export const checkQuery = async (where: RegionAccess): Promise<QueryCheck> => {
  const sources = await readSources(where);
  const key =
    sources.kind === 'failed'
      ? sources
      : await someVector(
          where,
          sources.value.map(({ id }) => id),
        );
  if (key.kind === 'failed') {
    return { kind: 'wrong', why: `DynamoDB: ${key.failure.message} (${key.failure.code})` };
  }
  if (key.value === undefined) {
    return { kind: 'empty' };
  }
  const stored = await where.stores.vectors.get([key.value]);
  if (stored.kind === 'failed') {
    return { kind: 'wrong', why: `S3 Vectors: ${stored.failure.message} (${stored.failure.code})` };
  }
  const [vector] = stored.value;
  if (vector === undefined) {
    return { kind: 'wrong', why: 'S3 Vectors: a vector that a document lists is not there; see: npx twinmap drift' };
  }
  const hits = await where.stores.vectors.query({ vector: vector.data, topK: 5 });
  if (hits.kind === 'failed') {
    return { kind: 'wrong', why: `S3 Vectors: ${hits.failure.message} (${hits.failure.code})` };
  }
  // Approximate: that something comes back and is near is all that a query promises.
  return hits.value.length > 0 ? { kind: 'fine' } : { kind: 'wrong', why: 'S3 Vectors: a query found nothing' };
};

const checkApi = async ({ api }: RegionAccess): Promise<string | undefined> => {
  const read = await api?.get('/readyz');
  if (read === undefined) {
    return undefined;
  }
  if (read.kind === 'failed') {
    return `the API at ${api?.endpoint ?? ''}: ${read.failure.message} (${read.failure.code})`;
  }
  return read.value.status === 200
    ? undefined
    : `the API at ${api?.endpoint ?? ''} is not ready (${read.value.status})`;
};

export const verifyStep: StepAction = async (context) => {
  const { target } = context;
  const [records, query, api] = await Promise.all([checkRecords(context), checkQuery(target), checkApi(target)]);
  const wrong = [records, query.kind === 'wrong' ? query.why : undefined, api].filter((why) => why !== undefined);
  if (wrong.length > 0) {
    return { outcome: 'unverified', detail: wrong.join('; ') };
  }
  const queried = query.kind === 'empty' ? 'nothing is indexed yet, so no query was made' : 'a query answers';
  const asked = target.api === undefined ? 'no API address is known' : 'its API is ready';
  return { outcome: 'done', detail: `${target.region}: a write is read back, ${queried}, ${asked}` };
};

const dispatchSchema = z.object({ kind: z.string(), sources: z.number().optional(), detail: z.string().optional() });

type SyncState = { readonly committed: number; readonly claimed: number; readonly total: number };

const syncState = async ({ plan, target }: RunContext, before: ReadonlyMap<string, number>): Promise<SyncState> => {
  const sources = await readSources(target);
  const all = sources.kind === 'done' ? sources.value : [];
  const committed = all.filter((one) => one.committed.epoch === plan.epoch && one.committed.region === target.region);
  const claimed = all.filter(
    (one) => (one.fence?.run ?? 0) > (before.get(one.id) ?? 0) && one.fence?.epoch === plan.epoch,
  );
  return { committed: committed.length, claimed: claimed.length, total: all.length };
};

const syncResult = (
  { region }: RegionAccess,
  { committed, claimed, total }: SyncState,
  limitMs: number,
): StepResult => {
  if (committed === total) {
    return { outcome: 'done', detail: `every source (${total}) has a cycle of ${region} under the new epoch` };
  }
  const so = `${committed} of ${total} sources are committed under the new epoch after ${limitMs / 1000} s`;
  return claimed > 0 || committed > 0
    ? { outcome: 'done', detail: `${so}; the others are being read, see: npx twinmap status` }
    : { outcome: 'unverified', detail: `${so}, and no cycle has begun; see: npx twinmap status` };
};

export const syncStep: StepAction = async (context) => {
  const { target, waits } = context;
  const known = await readSources(target);
  const before = new Map(
    known.kind === 'done' ? known.value.map(({ id, fence }) => [id, fence?.run ?? 0] as const) : [],
  );
  // Where it takes longer, the function goes on, and what it does is looked for all the same.
  const invoked = await within(target.functions.invoke('dispatch', {}), waits.syncMs, () => undefined);
  if (invoked?.kind === 'failed') {
    const { message, code } = invoked.failure;
    return {
      outcome: 'unverified',
      detail: `the dispatch function of ${target.region} was not run: ${message} (${code})`,
    };
  }
  const answer = dispatchSchema.safeParse(invoked?.value);
  if (answer.success && answer.data.kind !== 'dispatched') {
    return {
      outcome: 'unverified',
      detail: `dispatch in ${target.region} says ${answer.data.kind}: ${answer.data.detail ?? ''}`,
    };
  }
  if (answer.success && answer.data.sources === 0) {
    return { outcome: 'done', detail: `dispatch ran in ${target.region}; no source is configured` };
  }
  let last: SyncState = { committed: 0, claimed: 0, total: 0 };
  await until(context, waits.syncMs, async () => {
    last = await syncState(context, before);
    return last.total > 0 && last.committed === last.total ? last : undefined;
  });
  return syncResult(target, last, waits.syncMs);
};
