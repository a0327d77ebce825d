/** Whose a source is, and whose secrets it may name: nobody takes what was read for others, and nobody sends others' secrets away. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { sourceKey } from '../../../functions/domain/corpus.ts';
import type { JsonFields } from '../../../functions/domain/json-fields.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { definitionKey, parseDefinitionPayload } from '../../../functions/domain/source-definition.ts';
import { encodeFence } from '../../../functions/domain/version.ts';
import { memberKey } from '../../../functions/domain/workspace.ts';
import { sourceKinds } from '../../../functions/handlers/source-kinds.ts';
import { readSourceDefinitions } from '../../../functions/stores/source-definitions.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';

const OWN = 'secretsmanager:twinmap/bank/wiki';
const FOREIGN = 'secretsmanager:twinmap/payroll/wiki';

const wiki = (token: string, more: JsonFields = {}, config: JsonFields = {}): JsonFields => ({
  kind: 'confluence',
  name: 'Wiki',
  workspace: 'bank',
  config: { url: 'https://acme.atlassian.net', spaces: ['ENG'], email: 'a@example.com', token, ...config },
  ...more,
});

let stage = new ApiStage();
let app: Hono;
let admin = '';
let manager = '';

const ask = async (
  method: string,
  address: string,
  body?: unknown,
  token = manager,
): Promise<{ status: number; body: Json }> => {
  const response = await app.request(address, requestOf({ token, method, ...(body === undefined ? {} : { body }) }));
  return { status: response.status, body: await bodyOf(response) };
};

const put = async (body: unknown, token = manager, id = 'wiki'): ReturnType<typeof ask> =>
  ask('PUT', `/v1/sources/${id}`, body, token);

const stored = async (id = 'wiki'): Promise<unknown> => {
  const read = await stage.home.tables.workspaces.get(definitionKey(id));
  return read.kind === 'done' ? parseDefinitionPayload(read.value?.data ?? '') : undefined;
};

const make = async (id: string): ReturnType<typeof ask> => ask('POST', '/v1/workspaces', { id, name: id }, admin);

const commit = async (id: string): Promise<void> => {
  await stage.corpus.commitSource(id);
  await stage.corpus.add(id, 'a.md', '# A');
};

const later = (): void => {
  stage.clockMs += 60_000;
};

beforeEach(async () => {
  stage = new ApiStage();
  app = stage.app({ sourceKinds: sourceKinds(false) });
  admin = await stage.token(['org-admin']);
  await make('bank');
  await make('shop');
  manager = await stage.scopedToken(['workspace-admin'], ['bank']);
});

describe('who manages one workspace', () => {
  it('names the secrets of this workspace', async () => {
    expect((await put(wiki(OWN))).status).toBe(201);
    expect(await stored()).not.toHaveProperty('secretsBy');
  });

  it.each([
    ["another workspace's", FOREIGN],
    ["the organisation's", 'secretsmanager:twinmap/wiki'],
    ['one whose name begins alike', 'secretsmanager:twinmap/bank2/wiki'],
    ['one by its ARN', 'secretsmanager:arn:aws:secretsmanager:us-east-2:111122223333:secret:twinmap/bank/wiki'],
    ['a field of one', `${FOREIGN}#token`],
  ])('can not name %s', async (_whose, token) => {
    expect(await put(wiki(token))).toMatchObject({ status: 403, body: { type: 'urn:twinmap:problem:foreign-secret' } });
    expect(await stored()).toBeUndefined();
  });

  it('can not name them deeper in a configuration, or in the global workspace', async () => {
    const git = {
      kind: 'git',
      config: {
        repositories: [{ url: 'https://git.example.com/a.git' }],
        credentials: { user: 'x', token: FOREIGN },
      },
    };
    expect((await put({ ...git, workspace: 'bank' })).status).toBe(403);
    const global = await stage.scopedToken(['workspace-admin'], ['global']);
    expect((await put(git, global)).status).toBe(403);
  });

  it('keeps the word of an org-admin only for exactly what it was given for', async () => {
    expect((await put(wiki(FOREIGN), admin)).status).toBe(201);
    expect(await stored()).toMatchObject({ secretsBy: 'organisation' });
    expect((await ask('GET', '/v1/sources/wiki')).body['source']).toMatchObject({ secretsBy: 'organisation' });
    later();
    expect((await put(wiki(FOREIGN, { name: 'Renamed', enabled: false }))).status).toBe(200);
    expect(await stored()).toMatchObject({ name: 'Renamed', enabled: false, secretsBy: 'organisation' });
    for (const changed of [
      wiki(FOREIGN, {}, { url: 'https://evil.example' }),
      wiki('secretsmanager:twinmap/payroll/other'),
      wiki(FOREIGN, {}, { spaces: ['ENG', 'HR'] }),
      wiki(FOREIGN, { kind: 'jira' }, { spaces: undefined, projects: ['ENG'] }),
    ]) {
      expect((await put(changed)).status).toBe(403);
    }
    later();
    expect((await put(wiki(OWN, {}, { url: 'https://other.example' }))).status).toBe(200);
    expect(await stored()).not.toHaveProperty('secretsBy');
    expect((await put(wiki(FOREIGN))).status).toBe(403);
  });

  it('gets no such word for another workspace of theirs, or by putting what was removed', async () => {
    await put(wiki(FOREIGN), admin);
    const both = await stage.scopedToken(['workspace-admin'], ['bank', 'shop']);
    expect((await put(wiki(FOREIGN, { workspace: 'shop' }), both)).status).toBe(403);
    later();
    await ask('DELETE', '/v1/sources/wiki');
    later();
    expect((await put(wiki(FOREIGN))).status).toBe(403);
  });
});

describe('what the stack names', () => {
  it('is by the word of the organisation where it has to be', async () => {
    const one = { id: 'wiki', kind: 'confluence', name: 'Wiki', enabled: true, workspace: 'bank' };
    const own = [
      { ...one, config: { token: FOREIGN } },
      { ...one, id: 'mine', config: { token: OWN } },
    ];
    const read = await readSourceDefinitions(stage.home.tables.workspaces, own);
    const words = read.kind === 'done' ? read.value.sources.map(({ definition }) => definition.secretsBy) : [];
    expect(words).toEqual(['organisation', undefined]);
  });
});

describe('an id', () => {
  const damage = async (id: string): Promise<void> => {
    const content = { kind: 'payload', payload: { id } } as const;
    await stage.writes.write({ table: 'workspaces', key: definitionKey(id), content });
  };

  it('whose definition is damaged is taken by nobody but an org-admin', async () => {
    await damage('wiki');
    expect(await put(wiki(OWN))).toMatchObject({ status: 409, body: { type: 'urn:twinmap:problem:source-exists' } });
    later();
    expect((await put(wiki(OWN), admin)).status).toBe(201);
  });

  it('of which something was read, and which nobody has defined, is taken by nobody but an org-admin', async () => {
    await stage.corpus.commitSource('wiki');
    expect((await put(wiki(OWN))).status).toBe(409);
    expect((await put(wiki(OWN), admin)).status).toBe(200);
  });

  it('of a source that went with its workspace is free when it is purged, and not before', async () => {
    await put(wiki(OWN));
    await commit('wiki');
    later();
    await ask('DELETE', '/v1/workspaces/bank', undefined, admin);
    later();
    const elsewhere = wiki('secretsmanager:twinmap/shop/wiki', { workspace: 'shop' });
    const shop = await stage.scopedToken(['workspace-admin'], ['shop']);
    expect(await put(elsewhere, shop)).toMatchObject({ body: { type: 'urn:twinmap:problem:source-exists' } });
    expect(await put(elsewhere, admin)).toMatchObject({ body: { type: 'urn:twinmap:problem:source-purging' } });
    await stage.corpus.remove(sourceKey('wiki'));
    expect((await put(elsewhere, shop)).status).toBe(201);
  });

  it('of a source that a run has claimed and never committed is not free when its workspace is gone', async () => {
    await put(wiki(OWN));
    await stage.corpus.add('wiki', 'a.md', '# What the first run had written');
    const fence = { epoch: 1, region: stage.home.region, run: 1, op: '0'.repeat(26) };
    await stage.corpus.records.claim(sourceKey('wiki'), encodeFence(fence));
    later();
    await ask('DELETE', '/v1/workspaces/bank', undefined, admin);
    later();
    const shop = await stage.scopedToken(['workspace-admin'], ['shop']);
    const elsewhere = wiki('secretsmanager:twinmap/shop/wiki', { workspace: 'shop' });
    expect(await put(elsewhere, shop)).toMatchObject({ body: { type: 'urn:twinmap:problem:source-exists' } });
    expect(await make('bank')).toMatchObject({ body: { type: 'urn:twinmap:problem:workspace-purging' } });
  });
});

describe('a workspace', () => {
  it('is not made again under an id whose sources are still being purged', async () => {
    await put(wiki(OWN));
    await commit('wiki');
    later();
    await ask('DELETE', '/v1/workspaces/bank', undefined, admin);
    later();
    expect(await make('bank')).toMatchObject({ status: 409, body: { type: 'urn:twinmap:problem:workspace-purging' } });
    await stage.corpus.remove(sourceKey('wiki'));
    expect((await make('bank')).status).toBe(201);
  });

  it('with more members than one request removes is there until all of them are gone', async () => {
    const members = Array.from({ length: LIMITS.workspaceMembersBuriedMax + 1 }, (_one, at) => `user:${at}`);
    for (const member of members) {
      const payload = { workspace: 'shop', member, role: 'reader', addedBy: 'x', addedAt: 1 };
      await stage.writes.write({
        table: 'workspaces',
        key: memberKey('shop', member),
        content: { kind: 'payload', payload },
      });
    }
    later();
    expect(await ask('DELETE', '/v1/workspaces/shop', undefined, admin)).toMatchObject({
      status: 409,
      body: { type: 'urn:twinmap:problem:unfinished' },
    });
    expect((await ask('GET', '/v1/workspaces/shop', undefined, admin)).status).toBe(200);
    later();
    expect(await ask('DELETE', '/v1/workspaces/shop', undefined, admin)).toMatchObject({
      status: 200,
      body: { deleted: true, members: 1 },
    });
    const last = await stage.home.tables.workspaces.get(memberKey('shop', 'user:999'));
    expect(last).toMatchObject({ value: { del: true } });
  });
});
