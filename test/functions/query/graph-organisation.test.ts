/**
 * The shipped organisation through the real cycle into stores, and out again through the routes: what its author planted, for whoever
 * may read it, and nothing of the rest for anybody else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { readTree } from '../graph/organisation.ts';
import { SyncedOrganisation } from '../../support/synced-organisation.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/organisation');
const REPOSITORIES = readdirSync(FOLDER).filter((name) => !name.endsWith('.json'));

const names = z.array(z.string()).default([]);
const expectedSchema = z.object({
  regions: z.record(z.string(), z.object({ DOWN: names, DEGRADED: names, 'CONTROL-PLANE': names })),
  unknown: z.array(z.object({ component: z.string() })),
});
const EXPECTED = expectedSchema.parse(JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')));

const rowSchema = z.object({ name: z.string(), impact: z.string() });
const incidentSchema = z.object({
  asked: z.string(),
  rules: z.string(),
  rows: z.array(rowSchema),
  counts: z.record(z.string(), z.number()),
  restricted: z.record(z.string(), z.number()),
  freshness: z.array(z.object({ source: z.string(), asOf: z.number() })),
});

const organisation = new SyncedOrganisation();
const stage = new ApiStage();
let app: Hono;
let token: string;

const get = async (address: string, as = token): Promise<Json> =>
  bodyOf(await app.request(address, requestOf({ token: as })));

beforeAll(async () => {
  for (const name of REPOSITORIES) {
    await organisation.sync({ name, files: readTree(path.join(FOLDER, name)) });
  }
  app = stage.app({ records: organisation.primary.graph });
  token = await stage.token(['reader']);
});

describe('an incident, asked over HTTP', () => {
  it.each(Object.keys(EXPECTED.regions))('%s has exactly the rows that were planted', async (region) => {
    const { rows, asked } = incidentSchema.parse(await get(`/v1/incidents/region/${region}`));
    expect(asked).toBe(region);
    const planted = EXPECTED.regions[region];
    const wanted = new Map(
      Object.entries(planted ?? {}).flatMap(([impact, list]) => list.map((name) => [name, impact])),
    );
    for (const { component } of EXPECTED.unknown) {
      wanted.set(component, wanted.get(component) ?? 'UNKNOWN');
    }
    expect(new Map(rows.map(({ name, impact }) => [name, impact]))).toStrictEqual(wanted);
  });

  it('the other Region gives the same answer from its own stores', async () => {
    const other = stage.app({ records: organisation.secondary.graph });
    const [here, there] = await Promise.all(
      [app, other].map(async (one) =>
        bodyOf(await one.request('/v1/incidents/region/us-east-1', requestOf({ token }))),
      ),
    );
    expect(there?.['rows']).toStrictEqual(here?.['rows']);
  });

  it('is answered while the peer Region, the vectors and the embedder are dead', async () => {
    const dead = async (): Promise<never> => {
      throw new Error('nobody may ask this');
    };
    const lonely = stage.app({
      records: organisation.primary.graph,
      embedder: { model: 'dead', dimensions: 4, embed: dead },
    });
    stage.faults.add('peer');
    const answered = await lonely.request('/v1/incidents/region/us-east-1', requestOf({ token }));
    stage.faults.delete('peer');
    expect(answered.status).toBe(200);
    expect(incidentSchema.parse(await bodyOf(answered)).rows.length).toBeGreaterThan(5);
  });

  it('says how fresh each source is that it rests on', async () => {
    const { freshness, rules } = incidentSchema.parse(await get('/v1/incidents/region/us-east-1'));
    expect(rules).not.toBe('');
    expect(freshness.length).toBeGreaterThan(3);
    expect(freshness.every(({ asOf }) => asOf === organisation.nowMs)).toBe(true);
  });

  it('is an audit event', async () => {
    const admin = await stage.token(['org-admin']);
    await get('/v1/incidents/region/eu-west-1');
    const { items } = z
      .object({ items: z.array(z.object({ action: z.string(), target: z.string() })) })
      .parse(await get('/v1/audit', admin));
    expect(items).toContainEqual({ action: 'incident.read', target: 'region:eu-west-1' });
  });

  it('a record of a node that its file does not say any more is not shown', async () => {
    const name = 'stale';
    const infra = (region: string): string =>
      `provider "aws" {\n  region = "${region}"\n}\nresource "aws_sqs_queue" "q" {\n  name = "of-${name}"\n}\n`;
    const catalog = (component: string): string =>
      `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${component}\n`;
    const filesIn = (second: string): readonly { readonly path: string; readonly text: string }[] => [
      { path: 'one/catalog-info.yaml', text: catalog('stale-one') },
      { path: 'one/main.tf', text: infra('us-east-1') },
      { path: 'two/catalog-info.yaml', text: catalog('stale-two') },
      { path: 'two/main.tf', text: infra(second) },
    ];
    const partitions = (): readonly (readonly [string, Map<string, object>])[] =>
      [...organisation.primary.graph.partitions].filter(([pk]) => pk.startsWith(`graph#src-${name}#`));
    await organisation.sync({ name, files: filesIn('us-east-1') });
    const old = partitions().map(
      ([pk, items]) => [pk, new Map([...items].filter(([sk]) => sk.startsWith('node#')))] as const,
    );
    await organisation.sync({ name, files: filesIn('eu-west-1') });
    for (const [pk, items] of partitions()) {
      for (const [sk, item] of old.find(([known]) => known === pk)?.[1] ?? []) {
        items.set(sk, item);
      }
    }
    // What a Region's sources are is asked again after a second.
    stage.clockMs += 2000;
    const { rows } = incidentSchema.parse(await get('/v1/incidents/region/us-east-1'));
    const shown = rows.map((row) => row.name).filter((one) => one.startsWith('stale'));
    await organisation.sync({ name, files: [] });
    expect(shown).toStrictEqual(['stale-one']);
  });
});

describe('names', () => {
  it('a component that nobody knows is answered with those that are near', async () => {
    const answered = await app.request('/v1/components/ordrs/on-call', requestOf({ token }));
    expect(answered.status).toBe(404);
    expect((await bodyOf(answered))['next']).toContain('orders');
  });

  it('a component that is like no other is answered with some that there are', async () => {
    const answered = await app.request('/v1/components/zzzzzzzzzz/on-call', requestOf({ token }));
    expect((await bodyOf(answered))['next']).toMatch(/^There are (?:[\w/-]+, ){4}[\w/-]+; \/v1\/graph\/names/u);
  });

  it.each(['component:default/orders', 'ORDERS', 'component:orders'])(
    '%s is the component that it means',
    async (name) => {
      const answered = await app.request(`/v1/components/${encodeURIComponent(name)}/on-call`, requestOf({ token }));
      expect(await bodyOf(answered)).toMatchObject({ component: 'component:orders' });
    },
  );

  it('a Region in capitals is that Region', async () => {
    const answered = await app.request('/v1/incidents/region/US-EAST-1', requestOf({ token }));
    expect(await bodyOf(answered)).toMatchObject({ asked: 'us-east-1' });
  });

  it('what is no Region is said to be none', async () => {
    const answered = await app.request('/v1/incidents/region/us-esat-1', requestOf({ token }));
    expect(answered.status).toBe(404);
    expect((await bodyOf(answered))['next']).toContain('us-east-1');
  });

  describe.each(['/v1/incidents/region/', '/v1/regions/'])('a Region that is asked about at %s', (start) => {
    const asking = async (region: string, as = token): Promise<Response> =>
      app.request(`${start}${region}${start.includes('incidents') ? '' : '/dependents'}`, requestOf({ token: as }));

    it('that AWS does not have, and no file names, is refused with those that are near', async () => {
      const answered = await asking('us-east-9');
      expect(answered.status).toBe(404);
      const { what, why, next } = await bodyOf(answered);
      expect(what).toBe('"us-east-9" is no AWS Region');
      expect(why).toContain('none that this version knows');
      expect(next).toContain('us-east-1');
    });

    it('that AWS has is answered, also where nothing is tied to it', async () => {
      const answered = await asking('ap-southeast-7');
      expect(answered.status).toBe(200);
      expect(await bodyOf(answered)).toMatchObject({ counts: { DOWN: 0 } });
    });

    it('that this version does not know is answered where a file names it, and counted where that may not be read', async () => {
      const name = 'pioneer';
      const files = [
        { path: 'catalog-info.yaml', text: `kind: Component\nmetadata:\n  name: ${name}\n` },
        {
          path: 'main.tf',
          text: 'provider "aws" {\n  region = "us-east-9"\n}\nresource "aws_sqs_queue" "q" {\n  name = "first"\n}\n',
        },
      ];
      await organisation.sync({ name, files });
      stage.clockMs += 2000;
      const open = await bodyOf(await asking('us-east-9'));
      const limited = await stage.token(['reader'], ['src-payments']);
      const closed = await bodyOf(await asking('us-east-9', limited));
      await organisation.sync({ name, files: [] });
      stage.clockMs += 2000;
      expect(open).toMatchObject({ counts: { DOWN: 1 }, restricted: { DOWN: 0 } });
      expect(closed).toMatchObject({ counts: { DOWN: 1 }, restricted: { DOWN: 1 } });
      expect(JSON.stringify(closed)).not.toContain(name);
      expect((await asking('us-east-9')).status).toBe(404);
    });
  });

  it('the owner, the runbooks and the reach of a component are answered', async () => {
    const onCall = await get('/v1/components/payments/on-call');
    expect(onCall).toMatchObject({ component: 'component:payments' });
    expect(await get('/v1/components/payments/workarounds')).toMatchObject({ component: 'component:payments' });
    expect(await get('/v1/components/payments/blast-radius')).toMatchObject({ component: 'component:payments' });
  });
});

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Everything that only this repository's files say. */
const wordsOf = (repository: string): readonly string[] => [`src-${repository}`, `"repository":"${repository}"`];

describe('whoever may read some sources', () => {
  it('no answer names a component, a file or a source of the others; all are counted', async () => {
    const everything = incidentSchema.parse(await get('/v1/incidents/region/us-east-1'));
    const grants = fc.subarray(REPOSITORIES, { minLength: 1, maxLength: 20 });
    const address = fc.constantFrom(
      '/v1/incidents/region/us-east-1',
      '/v1/regions/eu-west-1/dependents',
      '/v1/components/payments/blast-radius',
      '/v1/components/orders/on-call',
      '/v1/components/identity/workarounds',
      '/v1/components/paymnts/on-call',
      '/v1/graph/names',
    );
    await fc.assert(
      fc.asyncProperty(grants, address, async (granted, asked) => {
        const limited = await stage.token(
          ['reader'],
          granted.map((name) => `src-${name}`),
        );
        const response = await app.request(asked, requestOf({ token: limited }));
        const text = await response.text();
        for (const repository of REPOSITORIES.filter((name) => !granted.includes(name))) {
          for (const word of wordsOf(repository)) {
            expect(text, `${asked} for ${granted.join(', ')}`).not.toContain(word);
          }
        }
        // Of an incident; the other answers have other counts.
        const limitedAnswer = incidentSchema.safeParse(JSON.parse(text)).data;
        const isSame = limitedAnswer?.asked === everything.asked;
        const shown = isSame ? (limitedAnswer?.rows.length ?? 0) : everything.rows.length;
        const hidden = isSame ? sumOf(limitedAnswer?.restricted ?? {}) : 0;
        expect(shown + hidden).toBe(everything.rows.length);
        expect(isSame ? limitedAnswer?.counts : everything.counts).toStrictEqual(everything.counts);
      }),
      { numRuns: 20 },
    );
  });
});
