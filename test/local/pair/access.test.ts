/** Keys, settings and votes on two running Regions: made as a person makes them, over HTTP and from the command line. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import { addressesOf, authorityFile } from '../../../local/start/pair-addresses.ts';
import type { Command } from '../../../ops/command.ts';
import { breakGlass } from '../../../ops/break-glass.ts';
import { keyCreate, keyList, keyRevoke } from '../../../ops/key.ts';
import { workspaceCreate, workspaceDelete, workspaceList, workspaceMember } from '../../../ops/workspace.ts';
import { sourceList, sourcePrune } from '../../../ops/source.ts';
import { provePair } from '../../../local/start/sync-once.ts';
import { AUDIENCE, ISSUER, makeKeyOf, type ProviderKey } from '../../functions/access/identity-stage.ts';
import { PairStage, Repository, ROOT } from '../../support/pair-stage.ts';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');

let pinned: ProviderKey;
let published: ProviderKey;
/** The keys of a provider, that answers in one Region only: it is out for the other one. */
const jwks = createServer((request, response) => {
  const isOut = request.url !== '/primary.json';
  response.writeHead(isOut ? 503 : 200, { 'content-type': 'application/json' });
  response.end(isOut ? '{}' : JSON.stringify({ keys: [published.jwk] }));
});

const publish = async (): Promise<string> => {
  await new Promise<void>((resolve) => {
    jwks.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`;
};

const providerToken = async ({ privateKey, algorithm, kid }: ProviderKey): Promise<string> =>
  new SignJWT({ name: 'Ada' })
    .setProtectedHeader({ alg: algorithm, kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('ada')
    .setExpirationTime('5m')
    .sign(privateKey);

/** What `npm start` writes for commands. */
const announce = async (): Promise<void> => {
  const { pair, provisioned } = stage.running();
  const addresses = await addressesOf(ROOT, pair);
  const regions = ROLES.map((role) => {
    const { region, endpoint } = provisioned[role];
    return { role, region, endpoint, stores: addresses[role].stores, functions: addresses[role].functions };
  });
  const running = { pid: process.pid, regions, authority: authorityFile(stage.dataDirectory) };
  writeFileSync(path.join(stage.dataDirectory, 'running.json'), JSON.stringify(running));
};

const run = async (
  command: Command,
  options: Readonly<Record<string, string | boolean>>,
  words: readonly string[] = [],
): Promise<{ exitCode: number; text: string; given: Record<string, unknown> }> => {
  const lines: string[] = [];
  let given: unknown;
  const exitCode = await command.run({
    words,
    options: { data: stage.dataDirectory, ...options },
    say: (line) => {
      lines.push(line);
    },
    give: (value) => {
      given = value;
    },
  });
  return { exitCode, text: lines.join('\n'), given: given as Record<string, unknown> };
};

const operator = (): string => stage.tokens?.operator ?? '';

beforeAll(async () => {
  repository.write('README.md', '# Shop\n\nThe payments team answers pages about refunds.\n');
  repository.commit('first');
  [pinned, published] = await Promise.all([makeKeyOf('pinned'), makeKeyOf('published')]);
  const base = await publish();
  const settingsOf = (role: Role): Readonly<Record<string, string>> => ({
    'twinmap:identityProvider': JSON.stringify({
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUrl: `${base}${role}.json`,
      keys: [pinned.jwk],
    }),
    'twinmap:breakGlassPrincipals': JSON.stringify(['arn:aws:iam::111122223333:user/LOCALOPERATOR']),
  });
  stage.settings = { primary: settingsOf('primary'), secondary: settingsOf('secondary') };
  await stage.start([repository.directory]);
  await announce();
}, 90_000);

afterAll(async () => {
  jwks.closeAllConnections();
  jwks.close();
  await stage.close();
}, 30_000);

describe('the tokens of npm start', () => {
  it('are kept for their owner only', () => {
    for (const [name, token] of [
      ['token', stage.tokens?.reader],
      ['operator-token', operator()],
    ] as const) {
      const file = path.join(stage.dataDirectory, name);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8')).toBe(`${token ?? ''}\n`);
    }
  });

  it('open both Regions, and nothing opens without one', async () => {
    for (const role of ROLES) {
      expect(await stage.get(role, '/v1/sources')).toMatchObject({ status: 200 });
      expect(await stage.send(role, 'GET', '/v1/sources', {})).toMatchObject({ status: 401 });
      expect(await stage.send(role, 'GET', '/v1/status', {})).toMatchObject({
        status: 200,
        body: { gate: { peerWrites: 'required' } },
      });
      expect((await stage.get(role, '/v1/keys', operator())).body['items']).toHaveLength(2);
    }
  }, 30_000);
});

describe('a setting', () => {
  it('that is written in either Region is held by both, once', async () => {
    const write = async (role: Role, value: string, key: string): ReturnType<PairStage['send']> =>
      stage.send(role, 'PUT', '/v1/settings/displayName', { as: operator(), body: { value }, key });
    const first = await write('primary', 'one', 'change-1');
    expect(first).toMatchObject({ status: 200, body: { replication: 'both', audit: 'both', repeated: false } });
    expect(await write('secondary', 'one', 'change-1')).toMatchObject({
      status: 200,
      body: { repeated: true, version: first.body['version'] },
    });
    expect(await write('secondary', 'two', 'change-2')).toMatchObject({ body: { replication: 'both' } });
    for (const role of ROLES) {
      expect(await stage.get(role, '/v1/settings/displayName')).toMatchObject({ body: { setting: { value: 'two' } } });
    }
    const events = (await stage.get('primary', '/v1/audit', operator())).body['items'];
    expect(events).toMatchObject([{ action: 'settings.changed' }, { action: 'settings.changed' }, {}]);
  }, 30_000);

  it('is owed while the peer is down, and the answer says so', async () => {
    const { pair } = stage.running();
    await pair.links.secondary.ask({ kind: 'set-fault', rule: { service: 'dynamodb', mode: 'refuse' } });
    const sent = { as: operator(), body: { value: '#incidents' } };
    expect(await stage.send('primary', 'PUT', '/v1/settings/incidentChannel', sent)).toMatchObject({
      status: 200,
      body: { replication: 'owed' },
    });
    await pair.links.secondary.ask({ kind: 'clear-faults' });
    expect(await stage.get('primary', '/v1/settings/incidentChannel')).toMatchObject({
      body: { setting: { value: '#incidents' } },
    });
  }, 30_000);

  it('that is still owed is sent before the proof says that the Regions differ', async () => {
    const { pair } = stage.running();
    await pair.links.secondary.ask({ kind: 'set-fault', rule: { service: 'dynamodb', mode: 'refuse' } });
    const sent = { as: operator(), body: { value: 'the platform team' } };
    expect(await stage.send('primary', 'PUT', '/v1/settings/supportContact', sent)).toMatchObject({
      body: { replication: 'owed' },
    });
    await pair.links.secondary.ask({ kind: 'clear-faults' });
    const { regions, differences } = await provePair(stage.running());
    expect(differences).toStrictEqual([]);
    expect(new Set(regions.map(({ proof }) => proof?.root)).size).toBe(1);
  }, 30_000);
});

describe('twinmap key', () => {
  it('makes a key without the API, lists it, and revokes it', async () => {
    const made = await run(keyCreate, { role: 'reader,editor', name: 'on call', expires: '7d' });
    expect(made).toMatchObject({ exitCode: 0, given: { roles: ['reader', 'editor'], replication: 'both' } });
    const { id, token } = made.given as { readonly id: string; readonly token: string };
    expect(made.text.startsWith(token)).toBe(true);
    for (const role of ROLES) {
      expect(await stage.get(role, '/v1/settings', token)).toMatchObject({ status: 200 });
    }
    expect((await run(keyList, {})).text).toContain(`${id}  reader,editor  all sources`);
    expect(await run(keyRevoke, {}, [id])).toMatchObject({ exitCode: 0, given: { id, revoked: true } });
    await sleep(LIMITS.keyKeptMs);
    for (const role of ROLES) {
      expect(await stage.get(role, '/v1/settings', token)).toMatchObject({ status: 401 });
    }
    const events = (await stage.get('primary', '/v1/audit', operator())).body['items'];
    expect(events).toMatchObject([
      { action: 'key.revoked', target: `key:${id}` },
      { action: 'key.created', target: `key:${id}`, details: { name: 'on call' } },
      {},
      {},
      {},
      {},
      {},
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  }, 60_000);

  it.each([
    [{ role: 'admin', name: 'x' }, '--role takes reader, voter, editor, member, workspace-admin, org-admin'],
    [{ name: 'x' }, '--role takes'],
    [{ role: 'reader' }, '--name takes one line'],
    [{ role: 'reader', name: 'x', expires: '1y' }, '--expires takes days'],
    [{ role: 'reader', name: 'x', sources: 'a b' }, '--sources takes'],
    [{ role: 'operator', name: 'x', sources: 'shop' }, "an org-admin can't be limited"],
    [{ role: 'reader', name: 'x', region: 'mars' }, 'no Region "mars"'],
    [{ role: 'reader', name: 'x', stores: '/nowhere.json' }, "can't be read as JSON"],
  ])('refuses %j', async (options, why) => {
    await expect(run(keyCreate, options)).rejects.toThrow(why);
  });

  it('goes to the stores that a file names', async () => {
    const addresses = await addressesOf(ROOT, stage.running().pair);
    const file = path.join(stage.directory, 'stores.json');
    writeFileSync(file, JSON.stringify({ regions: [addresses.primary, addresses.secondary] }));
    const made = await run(keyCreate, { role: 'reader', name: 'x', stores: file, region: 'secondary' });
    expect(made).toMatchObject({ exitCode: 0, given: { replication: 'both' } });
    writeFileSync(file, JSON.stringify({ regions: [{ role: 'primary', region: 'us-east-2' }] }));
    await expect(run(keyList, { stores: file })).rejects.toThrow(/regions\.0\.stores is wrong/u);
  }, 30_000);

  it('says when no Region took it', async () => {
    const { pair } = stage.running();
    for (const role of ROLES) {
      await pair.links[role].ask({ kind: 'set-fault', rule: { service: 'dynamodb', mode: 'refuse' } });
    }
    const made = await run(keyCreate, { role: 'reader', name: 'x' });
    expect(made).toMatchObject({ exitCode: 4, given: { error: 'no Region confirmed it' } });
    expect(made.given).not.toHaveProperty('token');
    for (const role of ROLES) {
      await pair.links[role].ask({ kind: 'clear-faults' });
    }
  }, 60_000);
});

describe('a token of an identity provider', () => {
  it('opens a Region for which the provider is out, by the keys that the stack pins', async () => {
    expect(await stage.get('secondary', '/v1/sources', await providerToken(pinned))).toMatchObject({ status: 200 });
    expect(await stage.get('secondary', '/v1/sources', await providerToken(published))).toMatchObject({ status: 401 });
  }, 30_000);

  it('opens the other one by the keys that are fetched, in place of those', async () => {
    expect(await stage.get('primary', '/v1/sources', await providerToken(published))).toMatchObject({ status: 200 });
    expect(await stage.get('primary', '/v1/sources', await providerToken(pinned))).toMatchObject({ status: 401 });
    expect(await stage.get('primary', '/v1/keys', await providerToken(published))).toMatchObject({ status: 403 });
  }, 30_000);
});

describe('twinmap break-glass', () => {
  const address = '/v1/search?q=refunds';

  it('reads by the identity of the shell, of the API function itself, and the audit log has the reason', async () => {
    await stage.sync();
    const read = await run(breakGlass, { reason: 'the identity provider is out' }, [address]);
    expect(read).toMatchObject({ exitCode: 0, given: { status: 200, answer: { query: 'refunds' } } });
    const { body } = await stage.get('primary', '/v1/audit', operator());
    expect((body['items'] as readonly unknown[])[0]).toMatchObject({
      action: 'access.glass-broken',
      actor: 'iam:arn:aws:iam::111122223333:user/LOCALOPERATOR',
      target: 'api:GET /v1/search',
      details: { reason: 'the identity provider is out' },
    });
    expect(await run(breakGlass, { reason: 'the identity provider is out' }, ['/v1/keys'])).toMatchObject({
      exitCode: 1,
      given: { status: 403 },
    });
  }, 60_000);

  it('needs a reason, and an address of the API', async () => {
    await expect(run(breakGlass, { reason: 'no' }, [address])).rejects.toThrow('--reason takes one line');
    await expect(run(breakGlass, { reason: 'the provider is out' }, ['//evil.example'])).rejects.toThrow(
      'takes an address',
    );
  });
});

describe('twinmap workspace', () => {
  it('makes, fills, lists and deletes a workspace over the API', async () => {
    expect(await run(workspaceCreate, { name: 'Payments' }, ['payments'])).toMatchObject({
      exitCode: 0,
      given: { workspace: { id: 'payments', visibility: 'private' }, replication: 'both' },
    });
    expect(await run(workspaceMember, { role: 'reader' }, ['payments', 'user:ada'])).toMatchObject({ exitCode: 0 });
    expect((await run(workspaceList, {})).text).toContain('payments  private  Payments');
    expect(await run(workspaceCreate, {}, ['payments'])).toMatchObject({ exitCode: 1 });
    await expect(run(workspaceDelete, {}, ['payments'])).rejects.toThrow('run it again with --yes');
    expect(await run(workspaceDelete, { yes: true }, ['payments'])).toMatchObject({ exitCode: 0 });
  }, 60_000);
});

describe('twinmap source', () => {
  it('lists deletions that wait, refuses any other plan, and the cycle after an approval makes exactly them', async () => {
    const pages = Array.from({ length: 60 }, (_, at) => `pages/page-${at}.md`);
    for (const page of pages) {
      repository.write(page, `# ${page}\n\nText.\n`);
    }
    repository.commit('many pages');
    await stage.sync();
    repository.git('rm', '-q', ...pages);
    repository.commit('none of them');
    await stage.sync();
    const waiting = await run(sourceList, {});
    expect(waiting.text).toContain('60 documents are gone from the origin and wait for you');
    const [, source = '', plan = ''] = /source prune (\S+) --approve ([0-9a-f]{16})/u.exec(waiting.text) ?? [];
    await expect(run(sourcePrune, { approve: 'f'.repeat(16) }, [source])).rejects.toThrow(/nothing of .* waits under/u);
    expect(await run(sourcePrune, { approve: plan }, [source])).toMatchObject({
      exitCode: 0,
      given: { documents: 60, replication: 'both' },
    });
    await stage.sync();
    const after = await run(sourceList, {});
    expect(after.text).toMatch(/ 1 documents, /u);
    expect(after.text).not.toContain('wait for you');
  }, 60_000);
});

describe('a Region that lost its data', () => {
  it('knows the same keys again after the next start', async () => {
    const before = stage.tokens;
    await stage.stop();
    rmSync(path.join(stage.dataDirectory, 'secondary'), { recursive: true });
    await stage.restart();
    expect(stage.tokens).toStrictEqual(before);
    for (const role of ROLES) {
      expect(await stage.get(role, '/v1/settings')).toMatchObject({ status: 200 });
    }
  }, 60_000);
});
