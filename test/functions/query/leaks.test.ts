/**
 * Random workspaces, members and grants against every lane and tool: what a caller may not read leaves no trace in any answer, error,
 * total or cursor; and what is hidden is answered, to the byte, like what is not there. What is allowed is said here a second time, in
 * the plainest way, by nothing of the code that decides it.
 */
import fc from 'fast-check';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';

import { ChosenAuthenticator } from '../../../functions/access/choose-authenticator.ts';
import { documentId as documentIdOf } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { definitionKey } from '../../../functions/domain/source-definition.ts';
import { memberKey, workspaceKey } from '../../../functions/domain/workspace.ts';
import { sha256Hex } from '../../../functions/stores/envelope.ts';
import { IdentityStage, makeKeyOf, pinnedOf, type ProviderKey } from '../access/identity-stage.ts';
import { ApiStage, requestOf } from './api-stage.ts';

const SOURCES = ['zulu', 'yank', 'xray', 'whis'] as const;
const WORKSPACES = ['kilo', 'lima', 'mike'] as const;
/** As long as the names of the others, and nobody's. */
const GHOST = 'ghos';

type Source = (typeof SOURCES)[number];
type Space = (typeof WORKSPACES)[number];

interface World {
  /** Undefined: the global workspace. */
  readonly homes: Readonly<Record<Source, Space | undefined>>;
  readonly visibility: Readonly<Record<Space, 'private' | 'public' | 'gone'>>;
  readonly members: Readonly<Record<Space, readonly ('user:ada' | 'group:crew')[]>>;
}

type Caller =
  | { readonly kind: 'person'; readonly groups: readonly string[] }
  | { readonly kind: 'key'; readonly sources: 'all' | readonly Source[] }
  | { readonly kind: 'workspace-key'; readonly workspaces: readonly Space[] };

const worlds: fc.Arbitrary<World> = fc.record({
  homes: fc.record(Object.fromEntries(SOURCES.map((id) => [id, fc.constantFrom(undefined, ...WORKSPACES)])) as never),
  visibility: fc.record(
    Object.fromEntries(WORKSPACES.map((id) => [id, fc.constantFrom('private', 'private', 'public', 'gone')])) as never,
  ),
  members: fc.record(
    Object.fromEntries(WORKSPACES.map((id) => [id, fc.subarray(['user:ada', 'group:crew'])])) as never,
  ),
});

const callers: fc.Arbitrary<Caller> = fc.oneof(
  fc.record({ kind: fc.constant('person' as const), groups: fc.subarray(['crew', 'others']) }),
  fc.record({
    kind: fc.constant('key' as const),
    sources: fc.oneof(fc.constant('all' as const), fc.subarray([...SOURCES])),
  }),
  fc.record({
    kind: fc.constant('workspace-key' as const),
    workspaces: fc.subarray([...WORKSPACES], { minLength: 1 }),
  }),
);

const isMember = ({ members }: World, caller: Caller, space: Space): boolean =>
  caller.kind === 'person' &&
  (members[space].includes('user:ada') || (caller.groups.includes('crew') && members[space].includes('group:crew')));

/** The rule, as a person would say it. */
const mayRead = (world: World, caller: Caller, source: Source): boolean => {
  if (caller.kind === 'key') {
    return caller.sources === 'all' || caller.sources.includes(source);
  }
  const space = world.homes[source];
  if (space === undefined) {
    return caller.kind === 'person';
  }
  const visibility = world.visibility[space];
  if (caller.kind === 'workspace-key') {
    return visibility !== 'gone' && caller.workspaces.includes(space);
  }
  return visibility === 'public' || (visibility === 'private' && isMember(world, caller, space));
};

const maySee = (world: World, caller: Caller, space: Space): boolean => {
  switch (world.visibility[space]) {
    case 'gone': {
      return false;
    }
    case 'public': {
      return true;
    }
    case 'private': {
      return (
        isMember(world, caller, space) ||
        (caller.kind === 'workspace-key' && caller.workspaces.includes(space)) ||
        (caller.kind === 'key' && caller.sources === 'all')
      );
    }
  }
};

const stage = new ApiStage();
const provider = new IdentityStage(stage);
let signing: ProviderKey;
let app: Hono;

const idOf = (source: string): string => documentIdOf(source, sha256Hex(`${source}.md`));

const put = async (key: { pk: string; sk: string }, payload: object | undefined): Promise<void> => {
  await stage.writes.write({
    table: 'workspaces',
    key,
    content: payload === undefined ? { kind: 'tombstone' } : { kind: 'payload', payload },
  });
};

const STAMP = { createdBy: 'x', createdAt: 1, updatedBy: 'x', updatedAt: 1 };

const build = async (world: World): Promise<void> => {
  for (const source of SOURCES) {
    const workspace = world.homes[source];
    const definition = { id: source, kind: 'git', name: `${source} name`, config: {}, enabled: true, ...STAMP };
    await put(definitionKey(source), { ...definition, ...(workspace === undefined ? {} : { workspace }) });
  }
  for (const space of WORKSPACES) {
    const visibility = world.visibility[space];
    const payload = { name: `${space} name`, visibility, ...STAMP };
    await put(workspaceKey(space), visibility === 'gone' ? undefined : payload);
    for (const member of ['user:ada', 'group:crew'] as const) {
      const isIn = world.members[space].includes(member);
      const held = { workspace: space, member, role: 'reader', addedBy: 'x', addedAt: 1 };
      await put(memberKey(space, member), isIn ? held : undefined);
    }
  }
  stage.clockMs += LIMITS.keyKeptMs;
};

const tokenOf = async (caller: Caller): Promise<string> => {
  switch (caller.kind) {
    case 'person': {
      return provider.token(signing, { groups: caller.groups });
    }
    case 'key': {
      return stage.token(['reader'], caller.sources);
    }
    case 'workspace-key': {
      return stage.scopedToken(['reader'], caller.workspaces);
    }
  }
};

/** Addresses that name nothing: whatever stands in their answers was found. */
const OPEN_ADDRESSES = [
  '/v1/status',
  '/readyz',
  '/v1/sources',
  '/v1/workspaces',
  '/v1/workspaces/global/sources',
  '/v1/workspaces/global/members',
  '/v1/settings',
  '/v1/keys',
  '/v1/audit',
  '/v1/search?q=common%20queue&limit=50',
  '/v1/search?q=secret&limit=50',
  '/v1/search',
  '/v1/regions',
  '/v1/regions/us-east-1/dependents',
  '/v1/incidents/region/us-east-1',
  '/v1/components/component:shop/blast-radius',
  '/v1/status?unknown=1',
  '/nowhere',
];

/** Addresses that name a source, or something in one. */
const namingSource = (source: string): readonly string[] => [
  `/v1/sources/${source}`,
  `/v1/documents/${idOf(source)}`,
  `/v1/search?q=x&source=${source}`,
];

const namingSpace = (space: string): readonly string[] =>
  ['', '/members', '/sources', '/settings'].map((below) => `/v1/workspaces/${space}${below}`);

const read = async (address: string, token: string): Promise<string> =>
  (await app.request(address, requestOf({ token }))).text();

/** An id holds a hash of the path, which is another one for another source. */
const disguised = (text: string, name: string): string =>
  text.replaceAll(idOf(name), idOf(GHOST)).replaceAll(name, GHOST);

/** One call as it goes over the wire: the client's own checks of answers would only take time here. */
const rpc = async (token: string, method: string, params: object): Promise<string> => {
  const headers = { host: 'localhost', accept: 'application/json, text/event-stream' };
  const body = { jsonrpc: '2.0', id: 1, method, params };
  return (await app.request('/mcp', requestOf({ method: 'POST', token, body, headers }))).text();
};

const callTool = async (token: string, name: string, input: object): Promise<string> => {
  const text = await rpc(token, 'tools/call', { name, arguments: input });
  expect(text).toContain('"result"');
  return text;
};

beforeAll(async () => {
  signing = await makeKeyOf('a');
  for (const [at, source] of SOURCES.entries()) {
    await stage.corpus.commitSource(source, {
      snapshot: `${source}-snapshot`,
      counts: { documents: 10 ** at, chunks: 2 * 10 ** at, skipped: 0 },
    });
    await stage.corpus.add(source, `${source}.md`, `# ${source}\n\nThe common queue, and the secret of ${source}.\n`);
  }
  const tokens = provider.authenticator(provider.keys(pinnedOf(signing), false));
  app = stage.app({ authenticator: new ChosenAuthenticator({ keys: stage.authenticator(stage.home), tokens }) });
});

const cases = fc.record({ world: worlds, caller: callers });

describe('whoever asks, and however workspaces are cut', () => {
  it('no answer holds a trace of what is not allowed, and none lacks what is', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ world, caller }) => {
        await build(world);
        const token = await tokenOf(caller);
        const hidden = SOURCES.filter((source) => !mayRead(world, caller, source));
        // A source says which workspace it belongs to, to whoever was given the source itself.
        const told = SOURCES.filter((source) => !hidden.includes(source));
        const homes = new Set(told.map((source) => world.homes[source]));
        const unseen = WORKSPACES.filter((space) => !maySee(world, caller, space) && !homes.has(space));
        for (const address of OPEN_ADDRESSES) {
          const text = await read(address, token);
          for (const name of [...hidden, ...unseen]) {
            expect(text, address).not.toContain(name);
          }
        }
        const found = JSON.parse(await read('/v1/status', token)) as { readonly sources?: object };
        const allowed = SOURCES.filter((source) => !hidden.includes(source));
        expect(Object.keys(found.sources ?? {}).toSorted()).toStrictEqual([...allowed].toSorted());
      }),
      { numRuns: 25 },
    );
  });

  it('what is hidden and what is not there are one and the same, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ world, caller }) => {
        await build(world);
        const token = await tokenOf(caller);
        const pairs = [
          ...SOURCES.filter((source) => !mayRead(world, caller, source)).map((name) => [name, namingSource] as const),
          ...WORKSPACES.filter((space) => !maySee(world, caller, space)).map((name) => [name, namingSpace] as const),
        ];
        for (const [name, addresses] of pairs) {
          const ghosts = addresses(GHOST);
          for (const [at, address] of addresses(name).entries()) {
            expect(disguised(await read(address, token), name)).toBe(await read(ghosts[at] ?? '', token));
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('no tool tells an agent more', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ world, caller }) => {
        await build(world);
        const token = await tokenOf(caller);
        const hidden = SOURCES.filter((source) => !mayRead(world, caller, source));
        const texts = [
          await rpc(token, 'tools/list', {}),
          await callTool(token, 'region_status', {}),
          await callTool(token, 'search', { query: 'common queue secret', limit: 50 }),
          await callTool(token, 'incident', { region: 'us-east-1' }),
          await callTool(token, 'region_dependents', { region: 'us-east-1' }),
          await callTool(token, 'who_is_on_call', { component: 'shop' }),
        ].join('\n');
        for (const source of hidden) {
          expect(texts).not.toContain(source);
          const asked = await callTool(token, 'get_document', { document: idOf(source) });
          expect(disguised(asked, source)).toBe(await callTool(token, 'get_document', { document: idOf(GHOST) }));
        }
      }),
      { numRuns: 8 },
    );
  });
});
