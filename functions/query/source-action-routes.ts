/**
 * Asking for a check or a sync of a source: a message on the Region's own queue, because only the function that syncs may read the
 * secrets of sources. A check is waited for, a sync is not.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { LIMITS } from '../domain/limits.ts';
import { checkMessage } from '../ingest/sync-message.ts';
import type { SourceCheck } from '../domain/source-status.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import { type Answer, problem } from './answer.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { refuseManaging } from './source-judge.ts';
import { noSource, workspaceOfShown } from './source-routes.ts';
import { CHECK_ABOUT, SYNC_ABOUT } from './source-shapes.ts';
import { readCheck, readShownSource, type ShownSource } from './source-view.ts';

const POLL_MS = 250;

type Found =
  | { readonly kind: 'found'; readonly shown: ShownSource; readonly queue: SyncQueue }
  | { readonly kind: 'refused'; readonly answer: Answer };

const noQueue = (): Answer =>
  problem(409, 'no-queue', {
    what: 'nothing can be asked of sources here',
    why: 'This API runs without the queue of cycles.',
    next: 'Ask the API of a Region.',
  });

const removed = (id: string): Answer =>
  problem(409, 'source-removed', {
    what: `the source "${id}" is being removed`,
    why: 'What was read of it goes, in both Regions, by the cycles of the active one.',
    next: 'PUT it again to read it again.',
  });

const findSource = async (context: GuardedContext): Promise<Found> => {
  const { deps, id } = context;
  const read = await readShownSource(context);
  if (read.kind === 'failed') {
    return { kind: 'refused', answer: unavailable(deps, 'records', read.failure) };
  }
  const { shown } = read;
  if (shown === undefined) {
    return { kind: 'refused', answer: noSource(id) };
  }
  const answer = await refuseManaging(context, workspaceOfShown(shown));
  if (answer !== undefined) {
    return { kind: 'refused', answer };
  }
  return deps.syncQueue === undefined
    ? { kind: 'refused', answer: noQueue() }
    : { kind: 'found', shown, queue: deps.syncQueue };
};

// --- check ---

const awaitCheck = async ({ deps, id, signal }: GuardedContext, wanted: string): Promise<SourceCheck | undefined> => {
  const until = deps.now() + LIMITS.sourceCheckWaitMs;
  while (deps.now() < until && !signal.aborted) {
    const check = await readCheck(deps, id);
    if (check?.id === wanted) {
      return check;
    }
    await sleep(POLL_MS);
  }
  return undefined;
};

const check: GuardedRoute = {
  method: 'POST',
  path: '/v1/sources/:id/check',
  access: 'sources:manage',
  parameters: [],
  about: CHECK_ABOUT,
  answer: async (context) => {
    const { deps, id, requestId } = context;
    const found = await findSource(context);
    if (found.kind === 'refused') {
      return found.answer;
    }
    if (found.shown.configured?.purge !== undefined) {
      return removed(id);
    }
    // Another one than the request's own, which somebody may choose: what a check finds is kept under it.
    const wanted = `${requestId}-${deps.requestId()}`.slice(-64);
    const sent = await found.queue.send(checkMessage(id, wanted));
    if (sent.kind === 'failed') {
      return unavailable(deps, 'queue', sent.failure);
    }
    const answer = await awaitCheck(context, wanted);
    const next = answer === undefined ? `It goes on; see "check" in GET /v1/sources/${id} in a minute.` : null;
    return { status: 200, fields: { id, check: answer ?? null, next } };
  },
};

// --- sync ---

const passive = ({ deps }: GuardedContext, why: string): Answer =>
  problem(409, 'passive', {
    what: `${deps.region} does no scheduled work now`,
    why: `Its gate says so (${why}), and one Region alone may read sources.`,
    next: `Ask the active Region${deps.peerRegion === undefined ? '' : `, ${deps.peerRegion} if it is`}.`,
  });

const off = (id: string): Answer =>
  problem(409, 'source-off', {
    what: `the source "${id}" is switched off`,
    why: 'Its definition says "enabled": false.',
    next: 'PUT it with "enabled": true.',
  });

const sync: GuardedRoute = {
  method: 'POST',
  path: '/v1/sources/:id/sync',
  access: 'sources:manage',
  parameters: [],
  about: SYNC_ABOUT,
  answer: async (context) => {
    const { deps, id, view } = context;
    const found = await findSource(context);
    if (found.kind === 'refused') {
      return found.answer;
    }
    const { gate } = await view;
    if (gate.state !== 'active') {
      return passive(context, gate.reason);
    }
    if (found.shown.configured?.definition.enabled === false && found.shown.configured.purge === undefined) {
      return off(id);
    }
    const sent = await found.queue.send({
      group: id,
      dedupe: `sync/${id}/${deps.requestId()}`,
      body: JSON.stringify({ source: id }),
    });
    return sent.kind === 'failed'
      ? unavailable(deps, 'queue', sent.failure)
      : { status: 200, fields: { id, queued: true } };
  },
};

export const SOURCE_ACTION_ROUTES: readonly GuardedRoute[] = [check, sync];
