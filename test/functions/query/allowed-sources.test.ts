/** What a caller may not read does not exist for them: in no lane, in no total, in no cursor, in no error. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { allowedSources, isSourceAllowed, type Principal } from '../../../functions/domain/access.ts';
import { documentId } from '../../../functions/domain/corpus.ts';
import { sha256Hex } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';

const SOURCES = ['alpha', 'bravo', 'carol', 'delta'] as const;

/** Every source has a word of its own, and all of them a common one: whatever leaks can be seen. */
const wordOf = (source: string): string => `${source}secret`;

const stage = new ApiStage();
const hiddenOrphan = { src: 'alpha', doc: documentId('alpha', sha256Hex('gone.md')), chunk: 'c'.repeat(32) };
const idOf = (source: string): string => documentId(source, sha256Hex(`${source}.md`));

beforeAll(async () => {
  for (const [at, source] of SOURCES.entries()) {
    await stage.corpus.commitSource(source, {
      snapshot: wordOf(source),
      counts: { documents: 10 ** at, chunks: 2 * 10 ** at, skipped: 0 },
    });
    await stage.corpus.add(source, `${source}.md`, `# ${source}\n\nThe common queue and ${wordOf(source)}.\n`);
  }
});

const principalWith = (sources: Principal['sources'], roles: Principal['roles'] = ['reader']): Principal => ({
  id: 'key:x',
  name: 'x',
  roles,
  sources,
});

const addresses = (): readonly string[] => [
  '/v1/status',
  '/v1/sources',
  '/v1/search?q=common%20queue&limit=50',
  '/v1/search',
  '/v1/settings',
  '/v1/keys',
  '/v1/status?unknown=1',
  ...SOURCES.flatMap((source) => [`/v1/search?q=${wordOf(source)}`, `/v1/documents/${idOf(source)}`]),
];

/** An error repeats what was asked for; that is no leak. */
const withoutEcho = (text: string, address: string): string => {
  const asked = SOURCES.find((source) => address.includes(source));
  return asked === undefined
    ? text
    : text
        .replaceAll(`"query":"${wordOf(asked)}"`, '')
        .replaceAll(idOf(asked), '')
        .replaceAll(`\\"${asked}\\"`, '');
};

describe('allowedSources', () => {
  it('gives what the principal may read, in the same order, and nothing else', () => {
    const arbitrary = fc.array(fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(arbitrary, fc.oneof(fc.constant('all' as const), arbitrary), (sources, granted) => {
        const allowed = allowedSources(principalWith(granted), sources, (source) => source);
        expect(allowed).toStrictEqual(sources.filter((source) => granted === 'all' || granted.includes(source)));
      }),
    );
  });

  it('gives nothing to nobody, and nothing to who may not read', () => {
    expect(allowedSources(undefined, SOURCES, (source) => source)).toStrictEqual([]);
    expect(allowedSources(principalWith('all', ['editor']), SOURCES, (source) => source)).toStrictEqual([]);
    expect(allowedSources(principalWith('all', []), SOURCES, (source) => source)).toStrictEqual([]);
    expect(isSourceAllowed(undefined, 'alpha')).toBe(false);
  });
});

describe('no lane', () => {
  it('tells of a source that is not allowed, whichever are', async () => {
    const app = stage.app();
    await fc.assert(
      fc.asyncProperty(fc.subarray([...SOURCES]), async (granted) => {
        const token = await stage.token(['reader', 'editor'], granted);
        const hidden = SOURCES.filter((source) => !granted.includes(source));
        for (const address of addresses()) {
          const text = withoutEcho(await (await app.request(address, requestOf({ token }))).text(), address);
          for (const source of hidden) {
            expect(text, `${address} for ${granted.join(',')}`).not.toContain(source);
          }
        }
      }),
      { numRuns: 16 },
    );
  });

  it('shows less than it may', async () => {
    const app = stage.app();
    const token = await stage.token(['reader'], ['bravo', 'delta']);
    const read = async (address: string): Promise<Json> => bodyOf(await app.request(address, requestOf({ token })));
    expect(await read('/v1/sources')).toMatchObject({ items: [{ id: 'bravo' }, { id: 'delta' }] });
    expect(await read('/v1/status')).toMatchObject({
      sourceCount: 2,
      totals: { documents: 1010, chunks: 2020, skipped: 0 },
      sources: { bravo: {}, delta: {} },
    });
    const passages = (await read('/v1/search?q=common%20queue&limit=50'))['passages'] as readonly Json[];
    expect(new Set(passages.map(({ source }) => source))).toStrictEqual(new Set(['bravo', 'delta']));
    expect(await read(`/v1/documents/${idOf('bravo')}`)).toMatchObject({ document: { src: 'bravo' } });
  });

  it('answers otherwise of a source that is hidden than of one that is not there', async () => {
    const app = stage.app();
    const token = await stage.token(['reader'], ['bravo']);
    const read = async (address: string): Promise<string> => (await app.request(address, requestOf({ token }))).text();
    const hiddenDocument = await read(`/v1/documents/${idOf('alpha')}`);
    const noDocument = await read(`/v1/documents/${idOf('alpha').replace('alpha', 'nowhe')}`);
    expect(hiddenDocument.replaceAll('alpha', 'nowhe')).toBe(noDocument);
    const hiddenSource = await read('/v1/search?q=x&source=alpha');
    expect(hiddenSource.replaceAll('alpha', 'nowhe')).toBe(await read('/v1/search?q=x&source=nowhe'));
  });

  it('shows a hit of a hidden source, whatever the index gives', async () => {
    // A vector that no document lists is dropped, and counted: of a hidden source not even that.
    const hidden = [...stage.corpus.vectors.vectors.values()].find(({ metadata }) => metadata.src === 'alpha');
    await stage.corpus.vectors.put([makeVector(hidden?.data ?? new Float32Array(), hiddenOrphan, '0'.repeat(26))]);
    const query = stage.corpus.vectors.query.bind(stage.corpus.vectors);
    stage.corpus.vectors.query = async ({ vector, topK }) => query({ vector, topK });
    const token = await stage.token(['reader'], ['bravo']);
    const body = await bodyOf(await stage.app().request('/v1/search?q=common%20queue', requestOf({ token })));
    stage.corpus.vectors.query = query;
    expect((body['passages'] as readonly Json[]).map(({ source }) => source)).toStrictEqual(['bravo']);
    expect(body['dropped']).toStrictEqual({});
  });

  it('asks the index without a filter for somebody who may not read everything', async () => {
    const query = stage.corpus.vectors.query.bind(stage.corpus.vectors);
    const asked: unknown[] = [];
    stage.corpus.vectors.query = async (request) => {
      asked.push(request.sources);
      return query(request);
    };
    const app = stage.app();
    for (const granted of [['bravo'], [], 'all'] as const) {
      const token = await stage.token(['reader'], granted);
      await app.request('/v1/search?q=common%20queue', requestOf({ token }));
    }
    stage.corpus.vectors.query = query;
    // Who may read no source is answered without asking: an empty filter is no filter in some index.
    expect(asked).toStrictEqual([['bravo'], undefined]);
  });
});
