/** The proof of concept judges its runs: what it has to find is found, and a run without fault has no finding. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Role } from '../../functions/domain/region.ts';
import { openSource } from '../../functions/connectors/registry.ts';
import type { AccessCount } from '../../local/iam/access-guard.ts';
import { type Calls, callsBetween } from '../../scripts/poc/calls.ts';
import { differingDocuments, type DocumentVersions } from '../../scripts/poc/held-documents.ts';
import { judgeRuns, type Runs } from '../../scripts/poc/judge.ts';
import { openServices } from '../../scripts/poc/services.ts';
import { gitSources, openRepositories } from '../../scripts/poc/sources.ts';
import type { Run } from '../../scripts/poc/stage.ts';
import { pocTable } from '../../scripts/poc/table.ts';
import { writeItem } from '../../scripts/poc/texts.ts';
import { freshSync } from '../contracts/connector-index.ts';
import { settingFor } from '../functions/connectors/worlds/fake-world.ts';

const QUIET: Calls = { recordPuts: 0, sourceUpdates: 4, vectorWrites: 0, otherWrites: 1, all: 20 };
const HELD: DocumentVersions = new Map([
  ['shop a', '1'],
  ['wiki b', '1'],
]);
const EDITED: DocumentVersions = new Map([
  ['shop a', '2'],
  ['wiki b', '2'],
]);

const both = <T>(one: T): Record<Role, T> => ({ primary: one, secondary: one });

const runOf = (
  changed: Readonly<Record<string, number>>,
  documents: DocumentVersions,
  more: Partial<Run> = {},
): Run => ({
  result: {
    regions: [],
    differences: [],
    ends: Object.keys(changed).map((source) => ({ source, outcome: 'acknowledged', fields: { documents: 1 } })),
    expected: [],
    dispatches: [],
    failures: [],
    durationMs: 1000,
  },
  verdict: { acknowledged: true, identical: true, findings: [], exitCode: 0 },
  attempts: 1,
  wallMs: 1000,
  changed: new Map(Object.entries(changed)),
  calls: both(QUIET),
  memory: [{ memoryMb: 2048, maxRssMb: 300 }],
  documents: both(documents),
  ...more,
});

const GOOD: Runs = {
  first: runOf({ shop: 5, wiki: 5 }, HELD),
  unchanged: runOf({ shop: 0, wiki: 0 }, HELD),
  edited: runOf({ shop: 1, wiki: 1 }, EDITED),
};
const judge = (runs: Partial<Runs>): readonly string[] =>
  judgeRuns({ ...GOOD, ...runs }, 2, { repository: 'shop', wiki: 'wiki' });

describe('three runs', () => {
  it('without fault have no finding', () => {
    expect(judge({})).toEqual([]);
  });

  it.each<readonly [string, Partial<Runs>, RegExp]>([
    [
      'roots that differ',
      { first: runOf({}, HELD, { verdict: { acknowledged: true, identical: false, findings: [], exitCode: 3 } }) },
      /roots of the two Regions/u,
    ],
    [
      'a source that is not acknowledged',
      { edited: runOf({ shop: 1, wiki: 1 }, EDITED, { verdict: { ...GOOD.edited.verdict, acknowledged: false } }) },
      /not every source is acknowledged/u,
    ],
    [
      'a record that an unchanged run puts',
      { unchanged: runOf({}, HELD, { calls: both({ ...QUIET, recordPuts: 1 }) }) },
      /put 1 records/u,
    ],
    [
      'vectors that an unchanged run writes',
      { unchanged: runOf({}, HELD, { calls: both({ ...QUIET, vectorWrites: 1 }) }) },
      /wrote vectors/u,
    ],
    [
      'more control writes than four a source',
      { unchanged: runOf({}, HELD, { calls: both({ ...QUIET, otherWrites: 5 }) }) },
      /9 control writes .* 2 sources/u,
    ],
    [
      'a document that an unchanged run changes',
      { unchanged: runOf({}, EDITED), edited: runOf({ shop: 1, wiki: 1 }, HELD) },
      /changed 2 documents/u,
    ],
    ['an edit that changes more than it should', { edited: runOf({ shop: 2, wiki: 1 }, EDITED) }, /shop changed 2/u],
    ['an edit that does not arrive', { edited: runOf({ shop: 1 }, EDITED) }, /did not arrive/u],
    [
      'another document that is written with an edit',
      { edited: runOf({ shop: 1, wiki: 1 }, new Map([...EDITED, ['tickets c', '9']])) },
      /other versions of 3 documents/u,
    ],
    [
      'more memory than is declared',
      { first: runOf({}, HELD, { memory: [{ memoryMb: 2048, maxRssMb: 2049 }] }) },
      /2049 MB of 2048 MB/u,
    ],
  ])('with %s have one', (_what, runs, finding) => {
    expect(judge(runs).join('\n')).toMatch(finding);
  });

  it('make a table that names every source and every run', () => {
    const sources = [
      { id: 'shop', kind: 'git', name: 'shop', config: {} },
      { id: 'wiki', kind: 'confluence', name: 'wiki', config: {} },
    ];
    const text = pocTable(GOOD, sources).join('\n');
    for (const word of ['shop', 'confluence', 'all 2', 'first', 'unchanged', 'two edits', '300 of 2,048 MB']) {
      expect(text).toContain(word);
    }
  });
});

describe('calls', () => {
  const count = (action: string, resource: string, allowed: number): AccessCount => ({
    role: 'sync',
    action,
    resource,
    allowed,
    denied: 0,
  });

  it('are those since the last look, by what they wrote', () => {
    const before = [count('dynamodb:PutItem', 'table/x-graph', 5)];
    const after = [
      count('dynamodb:PutItem', 'table/x-graph', 8),
      count('dynamodb:UpdateItem', 'table/x-graph', 2),
      count('dynamodb:PutItem', 'table/x-audit', 1),
      count('s3vectors:PutVectors', 'index/chunks', 4),
      count('dynamodb:GetItem', 'table/x-graph', 10),
    ];
    expect(callsBetween(before, after)).toEqual({
      recordPuts: 3,
      sourceUpdates: 2,
      otherWrites: 1,
      vectorWrites: 4,
      all: 20,
    });
  });
});

it('documents differ where their version does, or where only one side has them', () => {
  expect(differingDocuments(HELD, HELD)).toEqual([]);
  expect(differingDocuments(HELD, new Map([['shop a', '2']]))).toEqual(['shop a', 'wiki b']);
});

it('items are the same on every run, and no two of them alike', () => {
  const titles = Array.from({ length: 200 }, (_, at) => writeItem(at).title);
  expect(new Set(titles).size).toBe(200);
  expect(writeItem(7)).toEqual(writeItem(7));
});

describe('sources', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'twinmap-poc-test-'));
    mkdirSync(path.join(folder, 'repos', 'shop'), { recursive: true });
    writeFileSync(path.join(folder, 'repos', 'shop', 'README.md'), '# Shop\n');
    const git = (...args: readonly string[]): void => {
      const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
      execFileSync('git', ['-C', path.join(folder, 'repos', 'shop'), ...identity, ...args], { stdio: 'ignore' });
    };
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'first');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are read through one address: repositories by real git, services by their stand-ins, and edits are one document', async () => {
    const repositories = await openRepositories(path.join(folder, 'repos'), folder);
    const services = await openServices(20, repositories.server.origin);
    try {
      const open = ({ kind, config }: { readonly kind: string; readonly config: unknown }) =>
        openSource(
          {
            kind,
            config: JSON.parse(
              JSON.stringify(config).replaceAll(
                /secretsmanager:twinmap\/poc-(\w+)/gu,
                (_, name: string) => `env:TWINMAP_POC_${name.toUpperCase()}`,
              ),
            ) as unknown,
          },
          settingFor(services.origin, services.secrets, { directory: folder, fetchDocumentsMax: 100 }),
        );
      const [shop] = gitSources(repositories.names, services.origin);
      const sources = [...(shop === undefined ? [] : [shop]), ...services.sources];
      const held = [];
      for (const source of sources) {
        held.push(await freshSync(open(source)));
      }
      expect(held.map((index) => index.first.size)).toEqual([1, 20, 20, 20]);
      await repositories.editOneFile();
      services.editOnePage();
      const upserts = [];
      for (const [at, index] of held.entries()) {
        upserts.push((await index.sync(open(sources[at] ?? { kind: '', config: {} }))).upserts);
      }
      expect(upserts).toEqual([1, 1, 0, 0]);
    } finally {
      await services.close();
      await repositories.server.close();
    }
  });

  it('that are not there are an error which says what to do', async () => {
    await expect(openRepositories(path.join(folder, 'none'), folder)).rejects.toThrow(/--make-repos/u);
    mkdirSync(path.join(folder, 'empty'));
    await expect(openRepositories(path.join(folder, 'empty'), folder)).rejects.toThrow(/holds no repositories/u);
  });
});
