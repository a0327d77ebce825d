/** Deletions that wait are approved by a person, by name, and by nobody who may not. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { parsePruneApproval, pruneApprovalKey } from '../../../functions/domain/prune-approval.ts';
import { ApiStage, bodyOf, type Json, requestOf, type Sent } from './api-stage.ts';

const PLAN = '0123456789abcdef';
const OTHER = 'fedcba9876543210';

let stage = new ApiStage();
let app: Hono;
let operator = '';

const approve = async (body: unknown, sent: Sent = {}): Promise<{ status: number; body: Json }> => {
  const response = await app.request(
    '/v1/sources/shop/prune',
    requestOf({ token: operator, method: 'POST', body, ...sent }),
  );
  return { status: response.status, body: await bodyOf(response) };
};

beforeEach(async () => {
  stage = new ApiStage();
  operator = await stage.token(['operator']);
  app = stage.app();
  await stage.corpus.commitSource('shop', { held: { plan: PLAN, documents: 120 } });
});

describe('deletions that wait', () => {
  it('are shown with the source, under the name of their plan', async () => {
    const response = await app.request('/v1/sources', requestOf({ token: operator }));
    expect(await bodyOf(response)).toMatchObject({ items: [{ id: 'shop', held: { plan: PLAN, documents: 120 } }] });
  });

  it('are approved in both Regions, and the audit log has it', async () => {
    expect(await approve({ plan: PLAN })).toMatchObject({
      status: 200,
      body: { source: 'shop', plan: PLAN, documents: 120, replication: 'both', audit: 'both' },
    });
    for (const region of [stage.home, stage.peer]) {
      const record = await region.tables.workspaces.get(pruneApprovalKey('shop'));
      expect(record.kind === 'done' && parsePruneApproval(record.value?.data ?? '')).toMatchObject({ plan: PLAN });
    }
  });

  it.each([
    ['another plan', { plan: OTHER }, 409],
    ['no plan', {}, 400],
    ['something that is no plan', { plan: 'all' }, 400],
  ])('are not approved by %s', async (_what, body, status) => {
    const answer = await approve(body);
    expect(answer.status).toBe(status);
    expect(await stage.home.tables.workspaces.get(pruneApprovalKey('shop'))).toStrictEqual({
      kind: 'done',
      value: undefined,
    });
  });

  it('are not approved by somebody who only reads or writes', async () => {
    const token = await stage.token(['reader', 'editor']);
    expect(await approve({ plan: PLAN }, { token })).toMatchObject({ status: 403 });
  });

  it('of a source that waits for nobody are not there', async () => {
    await stage.corpus.commitSource('bank');
    const response = await app.request(
      '/v1/sources/bank/prune',
      requestOf({ token: operator, method: 'POST', body: { plan: PLAN } }),
    );
    expect(response.status).toBe(409);
  });
});
