/** Who may use which address: every route has a row here, and what has no rule is answered to nobody. */
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  ACCESS_ROLES,
  type AccessRole,
  isOrganisationRole,
  isPermitted,
  PERMISSIONS,
  PERMITTED,
} from '../../../functions/domain/access.ts';
import { createApiApp } from '../../../functions/handlers/api-app.ts';
import { isOpenRoute } from '../../../functions/query/route.ts';
import { ROUTES } from '../../../functions/query/routes.ts';
import { ApiStage, bodyOf, DAY_MS, type Json, requestOf } from './api-stage.ts';
import { NOT_THERE, ROUTE_TABLE as TABLE, type RouteRow as Row } from './route-table.ts';

const NAMED = TABLE.map((row) => [row[0], row] as const);
const GUARDED = NAMED.filter(([, [, nobody]]) => nobody === 401);

const stage = new ApiStage();
let app: Hono;
const tokens = new Map<AccessRole | undefined, string>();

beforeAll(async () => {
  await stage.corpus.commitSource('shop');
  await stage.corpus.add('shop', 'docs/queues.md', '# Queues\n\nThe dead letter queue keeps orders.\n');
  for (const role of ACCESS_ROLES.filter((one) => isOrganisationRole(one))) {
    tokens.set(role, await stage.token([role]));
  }
  app = stage.app();
});

const statusOf = async (row: Row, token: string | undefined): Promise<number> => {
  const [route, , , , , address, body] = row;
  const [method = ''] = route.split(' ');
  return (await app.request(address, requestOf({ method, token, body }))).status;
};

describe('the table of routes', () => {
  it('names every route, and no other', () => {
    const routes = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(TABLE.map(([route]) => route).toSorted()).toStrictEqual(routes.toSorted());
  });

  it.each(NAMED)('%s answers each role as it says', async (_route, row) => {
    const [, nobody, reader, editor, operator] = row;
    expect([
      await statusOf(row, undefined),
      await statusOf(row, tokens.get('reader')),
      await statusOf(row, tokens.get('editor')),
      await statusOf(row, tokens.get('org-admin')),
    ]).toStrictEqual([nobody, reader, editor, operator]);
  });

  it.each(GUARDED)('%s is closed to a voter, whose key opens surveys only', async (_route, row) => {
    expect(await statusOf(row, tokens.get('voter'))).toBe(403);
  });

  it('opens these addresses, and no other', () => {
    expect(ROUTES.filter((route) => isOpenRoute(route)).map(({ path }) => path)).toStrictEqual([
      '/healthz',
      '/readyz',
      '/v1/status',
      '/v1/openapi.json',
    ]);
  });

  it.each(GUARDED)('%s refuses a token that is wrong, or of yesterday', async (_route, row) => {
    const expired = await stage.key(['operator'], 'all', 1);
    stage.clockMs += 1;
    expect(await statusOf(row, `twm_${NOT_THERE}_${'A'.repeat(43)}`)).toBe(401);
    expect(await statusOf(row, expired.token)).toBe(401);
    expect(await statusOf(row, 'nonsense')).toBe(401);
  });

  it.each(GUARDED)("%s lets nobody in while keys can't be read", async (_route, row) => {
    const unseen = await stage.key(['operator'], 'all', DAY_MS);
    stage.faults.add('home.get');
    expect(await statusOf(row, unseen.token)).toBe(503);
    stage.faults.clear();
  });
});

describe('the roles', () => {
  it('permit what the table of roles says, and nothing else', () => {
    const principal = { id: 'key:x', name: 'x', sources: 'all' } as const;
    for (const role of ACCESS_ROLES) {
      const permitted = PERMISSIONS.filter((permission) => isPermitted({ ...principal, roles: [role] }, permission));
      expect(permitted).toStrictEqual(PERMISSIONS.filter((permission) => PERMITTED[role].includes(permission)));
    }
    expect(PERMISSIONS.filter((permission) => isPermitted({ ...principal, roles: [] }, permission))).toStrictEqual([]);
  });

  it('add up', async () => {
    const both = await stage.token(['reader', 'editor']);
    expect((await app.request('/v1/sources', requestOf({ token: both }))).status).toBe(200);
    expect((await app.request('/v1/settings/displayName', requestOf({ method: 'DELETE', token: both }))).status).toBe(
      200,
    );
  });
});

describe('a refusal', () => {
  const refused = async (address: string, authorization?: string): Promise<{ response: Response; body: Json }> => {
    const response = await app.request(address, { headers: authorization === undefined ? {} : { authorization } });
    return { response, body: await bodyOf(response) };
  };

  it('without a token says how to send one', async () => {
    const { response, body } = await refused('/v1/search?q=queue');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="twinmap"');
    expect(body).toMatchObject({ status: 401, what: 'a token is needed', region: 'us-east-2', epoch: 7 });
    expect(body['next']).toContain('authorization: Bearer twm_');
  });

  it('says of a wrong one what is wrong, as far as that is safe, and never repeats it', async () => {
    const secret = 'S'.repeat(43);
    const unknown = await refused('/v1/sources', `Bearer twm_${NOT_THERE}_${secret}`);
    expect(unknown.response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(unknown.body['why']).toBe('It is not known here, or its secret is another one, or it was revoked.');
    const malformed = await refused('/v1/sources', `Bearer ${secret}`);
    expect(malformed.body['why']).toContain('is not "Bearer" and a token');
    expect(JSON.stringify([unknown.body, malformed.body, stage.telemetry.logs])).not.toContain(secret);
  });

  it('tells of no source, whatever the address', async () => {
    for (const address of [
      '/v1/sources',
      '/v1/search?q=queue',
      '/v1/status',
      '/readyz',
      '/nowhere',
      '/v1/status?x=1',
    ]) {
      const { body } = await refused(address);
      expect(body).not.toHaveProperty('sources');
      expect(JSON.stringify(body)).not.toContain('shop');
    }
  });

  it('for want of a permission says which role has it', async () => {
    const { body } = await refused('/v1/keys', `Bearer ${tokens.get('reader') ?? ''}`);
    expect(body).toMatchObject({ status: 403, sources: { shop: {} } });
    expect(body['why']).toBe('It needs the permission keys:manage; the token has the roles reader.');
    expect(body['next']).toContain('the role org-admin');
  });

  it('of an address that is not there asks nobody who they are', async () => {
    expect((await refused('/nowhere')).response.status).toBe(404);
    expect((await app.request('/v1/keys', { method: 'PATCH' })).headers.get('allow')).toBe('POST, GET, HEAD');
  });
});

describe('/v1/status', () => {
  it('tells anybody what a router needs, and nothing of the corpus', async () => {
    const body = await bodyOf(await app.request('/v1/status'));
    expect(Object.keys(body).toSorted()).toStrictEqual(
      ['degraded', 'epoch', 'gate', 'peerRegion', 'region', 'replication', 'role'].toSorted(),
    );
    expect(body).toMatchObject({
      gate: { state: 'active', epoch: 7, peerWrites: 'required' },
      replication: { state: 'unknown' },
    });
    expect(body['replication']).not.toHaveProperty('owed');
  });

  it('tells how much is owed to whoever may read every source, and to nobody else', async () => {
    const owed = { count: 3, oldestAgeMs: 4000 };
    const told = stage.app({ readReplication: async () => ({ state: 'catching-up', owed }) });
    const some = await stage.token(['reader'], ['shop']);
    const replicationFor = async (token: string | undefined): Promise<unknown> =>
      (await bodyOf(await told.request('/v1/status', requestOf({ token }))))['replication'];
    expect(await replicationFor(tokens.get('reader'))).toStrictEqual({ state: 'catching-up', owed });
    expect(await replicationFor(some)).toStrictEqual({ state: 'catching-up' });
    expect(await replicationFor(undefined)).toStrictEqual({ state: 'catching-up' });
  });

  it("does not know the state when it can't be read", async () => {
    const failing = stage.app({
      readReplication: async () => {
        throw new Error('secret detail');
      },
    });
    const text = await (await failing.request('/v1/status')).text();
    expect(JSON.parse(text)).toMatchObject({ replication: { state: 'unknown' } });
    expect(text).not.toContain('secret detail');
  });

  it('in a single-Region install has no replication', async () => {
    const { peerRegion: _peer, ...single } = stage.dependencies();
    const body = await bodyOf(await createApiApp(single).request('/v1/status'));
    expect(body).toMatchObject({ peerRegion: null, replication: null });
  });

  it("still answers when a token can't be judged, and says so", async () => {
    const unseen = await stage.key(['reader']);
    stage.faults.add('home.get');
    const body = await bodyOf(await app.request('/v1/status', requestOf({ token: unseen.token })));
    expect(body['degraded']).toStrictEqual(['the token could not be judged: home.get is down']);
    expect(body).not.toHaveProperty('totals');
    stage.faults.clear();
  });
});
