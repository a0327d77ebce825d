/** The main job from end to end: a real repository goes in, both Regions hold it, either one answers, and changes follow. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FakeConfluence } from '../../../local/fakes/fake-confluence.ts';
import { openFrontDoor } from '../../../local/start/front-door.ts';
import { PairStage, Repository } from '../../support/pair-stage.ts';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');

const fieldsOf = (synced: Awaited<ReturnType<PairStage['sync']>>): Readonly<Record<string, unknown>> =>
  synced.result.ends[0]?.fields ?? {};

beforeAll(async () => {
  // As a person's shell has it who types `npm start`; the Regions inherit it, the functions don't.
  process.env['WHOLE_PATH_WIKI_TOKEN'] = 'confluence-token-7f3a';
  repository.write(
    'README.md',
    '# Shop\n\nSells things.\n\n## On call\n\nThe payments team answers pages about refunds.\n',
  );
  repository.write(
    'docs/decisions/0001-queues.md',
    '# 1. Use queues\n\nStatus: Accepted\n\nOrders wait in a dead letter queue.\n',
  );
  repository.write('src/refund.ts', 'export const refundCustomer = (cents: number): number => -cents;\n');
  repository.write('src/with space.ts', 'export const spaced = 1;\n');
  repository.write('src/line\nbreak.md', '# Odd name\n\nA path with a newline.\n');
  repository.write('logo.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0]));
  repository.write('broken.txt', Buffer.from([0x66, 0xff, 0xfe, 0x6f, 0xc3, 0x28]));
  repository.write('empty.md', '');
  repository.commit('first');
  await stage.start([repository.directory]);
}, 90_000);

afterAll(async () => {
  await stage.close();
}, 30_000);

describe('two Regions', () => {
  it('hold the same after the first sync, and it is acknowledged', async () => {
    const { result, verdict } = await stage.sync();
    expect(verdict).toStrictEqual({ exitCode: 0, acknowledged: true, identical: true, findings: [] });
    const [primary, secondary] = result.regions.map(({ proof }) => proof);
    expect(primary?.documents).toBe(6);
    expect(primary?.chunks).toBeGreaterThan(4);
    expect(primary?.vectors).toBe(primary?.chunks);
    expect([secondary?.root, secondary?.documents, secondary?.chunks]).toStrictEqual([
      primary?.root,
      primary?.documents,
      primary?.chunks,
    ]);
    expect(result.ends[0]?.fields).toMatchObject({ mode: 'never-committed', documents: 6, skipped: 2 });
  }, 60_000);

  it('tell of the file that could not be decoded', () => {
    const told = stage.lines.filter((line) => line.includes('"document.skipped"'));
    expect(told.map((line) => (JSON.parse(line) as { path: string }).path)).toStrictEqual(['broken.txt']);
  });

  it.each(['primary', 'secondary'] as const)('answer the same question from the %s', async (role) => {
    const { status, body } = await stage.get(role, '/v1/search?q=which%20team%20answers%20pages%20about%20refunds');
    expect(status).toBe(200);
    expect(body).toMatchObject({ role, epoch: 1 });
    const [first] = body['passages'] as { path: string }[];
    expect(first?.path).toBe('README.md');
  });

  it.each(['primary', 'secondary'] as const)('find an identifier in the %s', async (role) => {
    const { body } = await stage.get(role, '/v1/search?q=refundCustomer');
    const [first] = body['passages'] as { path: string; startLine: number }[];
    expect(first).toMatchObject({ path: 'src/refund.ts', startLine: 1 });
  });

  it('emit write metrics that name store, Region and outcome', () => {
    const metrics = stage.lines.filter((line) => line.includes('"DualWrite"'));
    for (const [store, region] of [
      ['graph', 'us-east-2'],
      ['graph', 'us-west-2'],
      ['vectors', 'us-east-2'],
      ['vectors', 'us-west-2'],
    ]) {
      const wanted = `"Store":"${store ?? ''}","Region":"${region ?? ''}","Outcome":"written"`;
      expect(
        metrics.some((line) => line.includes(wanted)),
        wanted,
      ).toBe(true);
    }
  });
});

describe('an unchanged repository', () => {
  it('costs a claim and a commit in each Region, and no embedding', async () => {
    const { pair } = stage.running();
    const before = await Promise.all(
      (['primary', 'secondary'] as const).map(async (role) => pair.links[role].ask({ kind: 'statistics' })),
    );
    const synced = await stage.sync();
    expect(fieldsOf(synced)).toMatchObject({ mode: 'unchanged', changed: 0, deleted: 0 });
    const after = await Promise.all(
      (['primary', 'secondary'] as const).map(async (role) => pair.links[role].ask({ kind: 'statistics' })),
    );
    for (const [at, { calls }] of after.entries()) {
      const spent = (name: string): number => (calls[name] ?? 0) - (before[at]?.calls[name] ?? 0);
      expect(spent('dynamodb.UpdateItem')).toBe(2);
      expect(spent('dynamodb.PutItem')).toBe(0);
      expect(spent('s3vectors.PutVectors')).toBe(0);
    }
  }, 30_000);
});

describe('a changed repository', () => {
  it.each([
    [
      'an edit',
      () => {
        repository.write('src/refund.ts', 'export const refundCustomer = (cents: number): number => 0 - cents;\n');
      },
      { changed: 1, deleted: 0 },
    ],
    [
      'a rename',
      () => {
        repository.git('mv', 'src/with space.ts', 'src/moved.ts');
      },
      { changed: 1, deleted: 1 },
    ],
    [
      'a delete',
      () => {
        repository.git('rm', '--quiet', 'src/moved.ts');
      },
      { changed: 0, deleted: 1 },
    ],
  ] as const)(
    'with %s changes exactly those documents',
    async (what, change, expected) => {
      change();
      repository.commit(what);
      const synced = await stage.sync();
      expect(fieldsOf(synced)).toMatchObject({ mode: 'incremental', ...expected });
      expect(synced.verdict).toMatchObject({ exitCode: 0, identical: true });
    },
    30_000,
  );

  it('after a force-push holds what the new branch holds', async () => {
    repository.git('reset', '--quiet', '--hard', 'HEAD~2');
    repository.write('src/refund.ts', 'export const refundNobody = (): number => 0;\n');
    repository.commit('another history');
    const synced = await stage.sync();
    expect(synced.verdict).toMatchObject({ exitCode: 0, identical: true });
    expect(fieldsOf(synced)).toMatchObject({ changed: 2, deleted: 0, documents: 6 });
    const { body } = await stage.get('secondary', '/v1/search?q=refundNobody');
    expect((body['passages'] as { path: string }[])[0]?.path).toBe('src/refund.ts');
    const stale = await stage.get('primary', '/v1/search?q=refundCustomer');
    expect(JSON.stringify(stale.body['passages'])).not.toContain('refundCustomer =');
  }, 30_000);
});

describe('a second source, of another kind, added by a person', () => {
  const wiki = new FakeConfluence();
  let onCall = '';
  const definition = (spaces: readonly string[]): object => ({
    kind: 'confluence',
    name: 'Wiki',
    config: { url: wiki.origin, spaces, email: wiki.email, token: 'env:WHOLE_PATH_WIKI_TOKEN' },
  });
  const ask = async (method: string, address: string, body?: unknown): ReturnType<PairStage['send']> =>
    stage.send('primary', method, address, { as: stage.tokens?.operator, body });
  const endOf = ({ result }: Awaited<ReturnType<PairStage['sync']>>): Readonly<Record<string, unknown>> =>
    result.ends.find(({ source }) => source === 'wiki')?.fields ?? {};
  const paths = async (role: 'primary' | 'secondary', words: string): Promise<readonly string[]> => {
    const { body } = await stage.get(role, `/v1/search?q=${encodeURIComponent(words)}&source=wiki`);
    return ((body['passages'] ?? []) as { path: string }[]).map(({ path }) => path);
  };

  beforeAll(async () => {
    await wiki.start();
    onCall = wiki.create('ENG', 'Who carries the pager', '<p>The heron squad carries the pager.</p>');
    wiki.create('OPS', 'Backups', '<p>Backups run at night.</p>');
  });

  afterAll(async () => {
    await wiki.close();
  });

  it('is checked, with a secret that no function was given', async () => {
    const added = await ask('PUT', '/v1/sources/wiki', definition(['ENG', 'OPS']));
    expect(added).toMatchObject({ status: 201, body: { replication: 'both' } });
    const { status, body } = await ask('POST', '/v1/sources/wiki/check');
    expect([status, (body['check'] as { findings: { level: string }[] }).findings.map(({ level }) => level)]).toEqual([
      200,
      expect.not.arrayContaining(['error']) as string[],
    ]);
  }, 30_000);

  it('is read into both Regions with the next tick', async () => {
    const synced = await stage.sync();
    expect(synced.verdict).toMatchObject({ exitCode: 0, identical: true });
    expect(endOf(synced)).toMatchObject({ outcome: 'acknowledged', mode: 'never-committed', documents: 2 });
    for (const role of ['primary', 'secondary'] as const) {
      expect(await paths(role, 'who carries the pager')).toContain('ENG/Who carries the pager.md');
    }
  }, 30_000);

  it('brings an edit, and where its definition changes compares everything', async () => {
    wiki.edit(onCall, { storage: '<p>The osprey squad carries the pager.</p>' });
    expect(endOf(await stage.sync())).toMatchObject({ mode: 'incremental', changed: 1 });
    wiki.trash(onCall);
    const changed = await ask('PUT', '/v1/sources/wiki', definition(['OPS', 'ENG']));
    expect(changed.status).toBe(200);
    const synced = await stage.sync();
    expect(endOf(synced)).toMatchObject({ mode: 'definition-changed', deleted: 1, documents: 1 });
    expect(synced.verdict).toMatchObject({ exitCode: 0, identical: true });
  }, 60_000);

  it('goes from both Regions when it is removed, and its records and vectors with it', async () => {
    const before = await stage.sync();
    expect((await ask('DELETE', '/v1/sources/wiki')).body).toMatchObject({ removing: true, replication: 'both' });
    const synced = await stage.sync();
    expect(endOf(synced)).toMatchObject({ outcome: 'purged', deleted: 1 });
    for (const [at, { proof }] of synced.result.regions.entries()) {
      const earlier = before.result.regions[at]?.proof;
      expect(proof?.documents).toBe((earlier?.documents ?? 0) - 1);
      expect(proof?.vectors).toBe(proof?.chunks);
    }
    expect(synced.verdict.identical).toBe(true);
    // What is shown may be a second old.
    await expect.poll(async () => (await ask('GET', '/v1/sources/wiki')).status, { timeout: 5000 }).toBe(404);
    // Done is done: the next tick has nothing to do for it.
    expect(endOf(await stage.sync())).toEqual({});
  }, 60_000);
});

describe('the router on top of both Regions', () => {
  it('goes on answering, without one failed answer, when the active Region is killed', async () => {
    const { pair, provisioned } = stage.running();
    const regions = (['primary', 'secondary'] as const).map((role) => ({
      region: provisioned[role].region,
      endpoint: provisioned[role].endpoint,
    }));
    const router = await openFrontDoor({ regions });
    const statuses: number[] = [];
    const answeredBy = new Set<unknown>();
    for (let asked = 0; asked < 40; asked += 1) {
      if (asked === 15) {
        pair.links.primary.kill();
      }
      const response = await fetch(new URL('/v1/search?q=refunds', router.url), {
        headers: { authorization: `Bearer ${stage.tokens?.reader ?? ''}` },
        signal: AbortSignal.timeout(10_000),
      });
      statuses.push(response.status);
      answeredBy.add(((await response.json()) as { region: unknown }).region);
    }
    await router.close();
    expect(statuses.filter((status) => status !== 200)).toStrictEqual([]);
    expect(answeredBy).toContain('us-west-2');
  }, 60_000);
});
