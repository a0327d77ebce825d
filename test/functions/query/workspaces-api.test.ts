/** Workspaces over HTTP: made, seen by whom they are for, changed by who may, and deleted with all that is in them. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { settingKey } from '../../../functions/domain/settings.ts';
import { definitionKey, gitDefinition } from '../../../functions/domain/source-definition.ts';
import { memberKey, workspaceKey } from '../../../functions/domain/workspace.ts';
import { ApiStage, bodyOf, type Json, requestOf, type Sent } from './api-stage.ts';

let stage = new ApiStage();
let app: Hono;
let admin = '';

const send = async (address: string, sent: Sent = {}, to = app): Promise<{ status: number; body: Json }> => {
  const response = await to.request(address, requestOf({ token: admin, ...sent }));
  return { status: response.status, body: await bodyOf(response) };
};

const make = async (id: string, more: object = {}, headers: Sent['headers'] = {}): ReturnType<typeof send> =>
  send('/v1/workspaces', { method: 'POST', body: { id, name: `The ${id}`, ...more }, headers });

const addMember = async (id: string, member: string, role: string, token = admin): ReturnType<typeof send> =>
  send(`/v1/workspaces/${id}/members/${encodeURIComponent(member)}`, { method: 'PUT', body: { role }, token });

const defineSource = async (id: string, workspace?: string): Promise<void> => {
  await stage.corpus.commitSource(id);
  const { config } = gitDefinition({ id, name: id, url: `https://git.example.com/${id}` });
  const payload = { id, kind: 'git', name: id, config, enabled: true, updatedBy: 'x', updatedAt: 1 };
  await stage.writes.write({
    table: 'workspaces',
    key: definitionKey(id),
    content: { kind: 'payload', payload: workspace === undefined ? payload : { ...payload, workspace } },
  });
};

const idsOf = ({ body }: { readonly body: Json }): readonly unknown[] =>
  (body['items'] as readonly Json[]).map(({ id }) => id);

const actions = async (): Promise<readonly unknown[]> =>
  ((await send('/v1/audit')).body['items'] as readonly Json[]).map(({ action }) => action);

beforeEach(async () => {
  stage = new ApiStage();
  admin = await stage.token(['org-admin']);
  app = stage.app();
});

describe('a workspace', () => {
  it('is made in both Regions, private where nobody says otherwise, and told to the audit log', async () => {
    expect(await make('bank')).toMatchObject({
      status: 201,
      body: {
        workspace: { id: 'bank', name: 'The bank', visibility: 'private' },
        replication: 'both',
        repeated: false,
        audit: 'both',
      },
    });
    expect((await send('/v1/workspaces/bank', {}, stage.peerApp())).body).toMatchObject({ workspace: { id: 'bank' } });
    expect(await actions()).toStrictEqual(['workspace.created']);
  });

  it('is one however often it is asked for under one idempotency-key, and no other takes its id', async () => {
    const key = { 'idempotency-key': 'new-1' };
    await make('bank', {}, key);
    expect(await make('bank', {}, key)).toMatchObject({ body: { repeated: true } });
    for (const headers of [{}, { 'idempotency-key': 'new-2' }]) {
      expect(await make('bank', { name: 'Another' }, headers)).toMatchObject({ status: 409 });
    }
    expect(await make('global')).toMatchObject({ status: 409 });
    expect((await send('/v1/workspaces/bank')).body).toMatchObject({ workspace: { name: 'The bank' } });
  });

  it.each([
    [{ id: 'Bank', name: 'x' }, '"id"'],
    [{ id: '', name: 'x' }, '"id"'],
    [{ id: 'bank', name: '' }, '"name"'],
    [{ id: 'bank', name: 'x', visibility: 'global' }, '"visibility"'],
    [{ id: 'bank', name: 'x', owner: 'me' }, 'unknown field "owner"'],
  ])('of %j is refused', async (body, what) => {
    const answer = await send('/v1/workspaces', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(answer.body['what']).toContain(what);
  });

  it('is owed while the peer is down, and not claimed while both are', async () => {
    stage.faults.add('peer');
    expect(await make('bank')).toMatchObject({ status: 201, body: { replication: 'owed' } });
    stage.faults.clear();
    stage.faults.add('peer.put').add('home.put').add('peer.get');
    expect(await make('shop')).toMatchObject({ status: 503 });
  });

  it('that everybody belongs to is always there, keeps its visibility, and can be renamed', async () => {
    expect((await send('/v1/workspaces')).body['items']).toMatchObject([{ id: 'global', visibility: 'global' }]);
    const change = async (body: object): ReturnType<typeof send> =>
      send('/v1/workspaces/global', { method: 'PUT', body });
    expect(await change({ name: 'ACME' })).toMatchObject({
      status: 200,
      body: { workspace: { name: 'ACME', visibility: 'global' } },
    });
    expect(await change({ visibility: 'private' })).toMatchObject({ status: 400 });
    expect(await send('/v1/workspaces/global', { method: 'DELETE' })).toMatchObject({ status: 409 });
  });
});

describe('who may see a workspace', () => {
  it('is told by its visibility and its members, and it is not there for others', async () => {
    await make('bank');
    await make('open', { visibility: 'public' });
    await defineSource('bank-docs', 'bank');
    await defineSource('open-docs', 'open');
    const some = await stage.token(['reader'], ['shop']);
    expect(idsOf(await send('/v1/workspaces'))).toStrictEqual(['global', 'bank', 'open']);
    expect(idsOf(await send('/v1/workspaces', { token: some }))).toStrictEqual(['global', 'open']);
    const member = await stage.scopedToken(['reader'], ['bank']);
    expect((await send('/v1/workspaces', { token: member })).body['items']).toMatchObject([
      { id: 'global', role: null },
      { id: 'bank', role: 'reader' },
      { id: 'open', role: null },
    ]);
    expect(idsOf(await send('/v1/workspaces/bank/sources', { token: member }))).toStrictEqual(['bank-docs']);
    // A key for a workspace reads that one's sources, not those that people of the organisation read besides.
    expect(idsOf(await send('/v1/workspaces/open/sources', { token: member }))).toStrictEqual([]);
    expect(idsOf(await send('/v1/sources', { token: member }))).toStrictEqual(['bank-docs']);
  });

  it('decides alike for what is hidden and for what is not there, to the byte', async () => {
    await make('bank');
    const some = await stage.token(['reader'], ['shop']);
    const text = async (address: string, sent: Sent = {}): Promise<string> =>
      (await app.request(address, requestOf({ token: some, ...sent }))).text();
    for (const [below, sent] of [
      ['', {}],
      ['', { method: 'PUT', body: { name: 'mine' } }],
      ['/members', {}],
      ['/members/user:x', { method: 'PUT', body: { role: 'reader' } }],
      ['/members/user:x', { method: 'DELETE' }],
      ['/sources', {}],
      ['/settings', {}],
      ['/settings/displayName', { method: 'PUT', body: { value: 'x' } }],
    ] as const) {
      const hidden = await text(`/v1/workspaces/bank${below}`, sent);
      expect(hidden).toContain('no-workspace');
      expect(hidden.replaceAll('bank', 'nope')).toBe(await text(`/v1/workspaces/nope${below}`, sent));
    }
  });
});

describe('who may change what', () => {
  it('follows from the role in the workspace', async () => {
    await make('bank');
    const tokens = new Map<string, string>();
    for (const role of ['reader', 'member', 'workspace-admin'] as const) {
      tokens.set(role, await stage.scopedToken([role], ['bank']));
    }
    const statuses = async (role: string): Promise<readonly number[]> => {
      const token = tokens.get(role);
      const setting = { method: 'PUT', body: { value: '#bank' }, token };
      return [
        (await send('/v1/workspaces/bank/settings', { token })).status,
        (await send('/v1/workspaces/bank/settings/incidentChannel', setting)).status,
        (await addMember('bank', 'user:ada', 'reader', token)).status,
        (await send('/v1/workspaces/bank', { method: 'PUT', body: { name: 'B' }, token })).status,
        (await send('/v1/workspaces/bank', { method: 'DELETE', token })).status,
        (await send('/v1/settings/incidentChannel', setting)).status,
      ];
    };
    expect(await statuses('reader')).toStrictEqual([200, 403, 403, 403, 403, 403]);
    expect(await statuses('member')).toStrictEqual([200, 200, 403, 403, 403, 403]);
    expect(await statuses('workspace-admin')).toStrictEqual([200, 200, 200, 200, 403, 403]);
  });

  it('is one record for each field and each workspace', async () => {
    await make('bank');
    const set = async (address: string, value: string): Promise<void> => {
      expect((await send(address, { method: 'PUT', body: { value } })).status).toBe(200);
    };
    await set('/v1/settings/incidentChannel', '#all');
    await set('/v1/workspaces/bank/settings/incidentChannel', '#bank');
    const valueAt = async (address: string): Promise<unknown> =>
      ((await send(address)).body['items'] as readonly Json[]).find(({ field }) => field === 'incidentChannel')?.[
        'value'
      ];
    expect(await valueAt('/v1/settings')).toBe('#all');
    expect(await valueAt('/v1/workspaces/global/settings')).toBe('#all');
    expect(await valueAt('/v1/workspaces/bank/settings')).toBe('#bank');
    await send('/v1/workspaces/bank/settings/incidentChannel', { method: 'DELETE' });
    expect(await valueAt('/v1/workspaces/bank/settings')).toBeNull();
    expect(await valueAt('/v1/settings')).toBe('#all');
  });
});

describe('members', () => {
  it('are put in, listed and taken out, each told to the audit log', async () => {
    await make('bank');
    expect(await addMember('bank', 'group:team/bank', 'member')).toMatchObject({
      status: 200,
      body: { member: 'group:team/bank', replication: 'both', effectiveWithinMs: LIMITS.keyKeptMs, audit: 'both' },
    });
    await addMember('bank', 'user:ada', 'reader');
    expect((await send('/v1/workspaces/bank/members')).body['items']).toMatchObject([
      { member: 'group:team/bank', role: 'member' },
      { member: 'user:ada', role: 'reader' },
    ]);
    stage.clockMs += 1;
    expect(await send('/v1/workspaces/bank/members/user:ada', { method: 'DELETE' })).toMatchObject({ status: 200 });
    expect((await send('/v1/workspaces/bank/members')).body['items']).toHaveLength(1);
    expect((await actions())[0]).toBe('workspace.member-removed');
  });

  it.each(['ada', 'key:0000000000000000', 'user:', 'user:a b', 'user:a#b'])('can not be called %s', async (member) => {
    await make('bank');
    expect(await addMember('bank', member, 'reader')).toMatchObject({
      status: 400,
      body: { type: 'urn:twinmap:problem:bad-member' },
    });
  });

  it('hold roles of workspaces only', async () => {
    await make('bank');
    expect(await addMember('bank', 'user:ada', 'org-admin')).toMatchObject({ status: 400 });
  });
});

describe('a workspace that is deleted', () => {
  beforeEach(async () => {
    await make('bank');
    await addMember('bank', 'user:ada', 'reader');
    await addMember('bank', 'user:grace', 'member');
    await defineSource('bank-docs', 'bank');
    await defineSource('shop-docs');
    await send('/v1/workspaces/bank/settings/displayName', { method: 'PUT', body: { value: 'Bank' } });
  });

  it('takes its members, its settings and its sources along, in both Regions, and nobody else’s', async () => {
    expect(await send('/v1/workspaces/bank', { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { id: 'bank', deleted: true, sources: ['bank-docs'], members: 2, replication: 'both', audit: 'both' },
    });
    for (const { tables } of [stage.home, stage.peer]) {
      for (const key of [
        workspaceKey('bank'),
        memberKey('bank', 'user:ada'),
        memberKey('bank', 'user:grace'),
        settingKey('displayName', 'bank'),
      ]) {
        expect(await tables.workspaces.get(key)).toMatchObject({ value: { del: true } });
      }
      const marked = await tables.workspaces.get(definitionKey('bank-docs'));
      expect(marked).toMatchObject({ value: { data: expect.stringContaining('"purge":{') as unknown } });
      const kept = await tables.workspaces.get(definitionKey('shop-docs'));
      expect(kept).not.toMatchObject({ value: { data: expect.stringContaining('purge') as unknown } });
    }
    expect((await send('/v1/workspaces/bank')).status).toBe(404);
    expect((await actions())[0]).toBe('workspace.deleted');
  });

  it('is told as owed where any part of it is', async () => {
    stage.faults.add('peer');
    expect(await send('/v1/workspaces/bank', { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { replication: 'owed' },
    });
  });

  it('opens nothing to those who were in it, from the next reading on', async () => {
    const member = await stage.scopedToken(['reader'], ['bank']);
    expect(idsOf(await send('/v1/sources', { token: member }))).toStrictEqual(['bank-docs']);
    await send('/v1/workspaces/bank', { method: 'DELETE' });
    stage.clockMs += LIMITS.keyKeptMs;
    expect(idsOf(await send('/v1/sources', { token: member }))).toStrictEqual([]);
  });
});
