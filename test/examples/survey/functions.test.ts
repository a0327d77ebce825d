/** Vote, results and reset over HTTP: once, in both Regions, in the generation that the voter had in sight. */
import { beforeEach, describe, expect, it } from 'vitest';

import { SURVEY_ROUTES } from '../../../examples/survey/functions/app.ts';
import { FIRST_GENERATION, voteKey } from '../../../examples/survey/functions/records.ts';
import { ACCESS_ROLES, isOrganisationRole } from '../../../functions/domain/access.ts';
import type { Sent } from '../../functions/query/api-stage.ts';
import { type Got, HOME, PEER, TestSurvey } from './survey-stage.ts';

let survey = new TestSurvey();
let token = '';
let editor = '';

const vote = async (body: unknown, region = HOME, more: Sent = {}): Promise<Got> =>
  survey.send(region, 'lunch/votes', { method: 'PUT', token, body, ...more });

const results = async (region = HOME, name = 'lunch'): Promise<Got> =>
  survey.send(region, `${name}/results`, { token });

const reset = async (region = HOME, headers: Sent['headers'] = {}): Promise<Got> =>
  survey.send(region, 'lunch/resets', { method: 'POST', token: editor, headers });

beforeEach(async () => {
  survey = new TestSurvey();
  token = await survey.token('voter');
  editor = await survey.token('editor');
});

describe('a vote', () => {
  it('is one record per survey and voter: voting again changes it', async () => {
    await vote({ choice: 'soup', voter: 'ada' });
    await vote({ choice: 'soup', voter: 'bob' });
    survey.api.clockMs += 1;
    expect(await vote({ choice: 'salad', voter: 'ada' })).toMatchObject({
      status: 200,
      body: { survey: 'lunch', choice: 'salad', replication: 'both', generation: FIRST_GENERATION, region: HOME },
    });
    for (const region of [HOME, PEER]) {
      const { body } = await results(region);
      expect(body).toMatchObject({
        counts: { salad: 1, soup: 1 },
        votes: 2,
        region,
        freshness: { asOf: survey.api.clockMs, owed: 0 },
        degraded: [],
      });
      expect(JSON.stringify(body)).not.toContain('ada');
    }
  });

  it('under one idempotency key is one vote, in whichever Region it arrives, and how often', async () => {
    const key = { headers: { 'idempotency-key': 'press-1' } };
    const first = await vote({ choice: 'soup', voter: 'ada' }, HOME, key);
    survey.api.clockMs += 1000;
    await vote({ choice: 'salad', voter: 'ada' }, PEER);
    survey.api.clockMs += 1000;
    for (const region of [HOME, PEER]) {
      expect(await vote({ choice: 'soup', voter: 'ada' }, region, key)).toMatchObject({
        status: 200,
        body: { repeated: true, version: first.body['version'] },
      });
    }
    expect((await results()).body).toMatchObject({ counts: { salad: 1 }, votes: 1 });
  });

  it('is owed while the other Region is down, and the count says how many are', async () => {
    survey.api.faults.add('peer');
    expect(await vote({ choice: 'soup', voter: 'ada' })).toMatchObject({ status: 200, body: { replication: 'owed' } });
    expect((await results()).body).toMatchObject({ votes: 1, freshness: { owed: 1, peerRegion: PEER } });
  });

  it('is taken while the home table is down, where the voter has seen a generation', async () => {
    await results();
    survey.api.faults.add('home');
    expect(await vote({ choice: 'soup', voter: 'ada' })).toMatchObject({ status: 503 });
    const seen = { choice: 'soup', voter: 'ada', generation: FIRST_GENERATION };
    expect(await vote(seen)).toMatchObject({ status: 200, body: { replication: 'owed' } });
    survey.api.faults.clear();
    expect((await results(PEER)).body).toMatchObject({ votes: 1, freshness: { owed: 1 } });
  });

  it('that no Region took is not claimed', async () => {
    await results();
    survey.api.faults.add('home').add('peer');
    expect(await vote({ choice: 'soup', voter: 'ada', generation: FIRST_GENERATION })).toMatchObject({
      status: 503,
      body: { what: 'no Region confirmed this write' },
    });
  });

  it.each([
    [{}, 'choice'],
    [{ choice: 'Soup' }, 'choice'],
    [{ choice: 'a'.repeat(65) }, 'choice'],
    [{ choice: 7 }, 'choice'],
    [{ choice: 'soup', voter: '' }, 'voter'],
    [{ choice: 'soup', voter: 'a b' }, 'voter'],
    [{ choice: 'soup', voter: 'a'.repeat(129) }, 'voter'],
    [{ choice: 'soup', generation: 'second' }, 'generation'],
    [{ choice: 'soup', generation: `u|${'9'.repeat(19)}|x|${'y'.repeat(300)}` }, 'generation'],
    [{ choice: 'soup', weight: 100 }, 'unknown field "weight"'],
  ])('of %j is refused', async (body, what) => {
    const answer = await vote(body);
    expect(answer.status).toBe(400);
    expect(answer.body['what']).toContain(what);
  });

  it.each(['Lunch', '-lunch', 'a%23b', 'x'.repeat(65)])('in a survey named %s is refused', async (name) => {
    expect((await survey.send(HOME, `${name}/votes`, { method: 'PUT', token, body: { choice: 'a' } })).status).toBe(
      404,
    );
    expect((await results(HOME, name)).status).toBe(404);
  });

  it('counts in its own survey only, and one that is damaged nowhere', async () => {
    await vote({ choice: 'soup' });
    expect((await results(HOME, 'lunch-2')).body).toMatchObject({ counts: {}, votes: 0 });
    const content = { kind: 'payload', payload: { choice: 'soup' } } as const;
    await survey.api.writes.write({ table: 'workspaces', key: voteKey('lunch', FIRST_GENERATION, 'eve'), content });
    expect((await results()).body).toMatchObject({
      votes: 1,
      degraded: ['1 votes are damaged and not counted'],
    });
  });
});

describe('a reset', () => {
  it('begins a generation: old votes stay where they are and count no more', async () => {
    await vote({ choice: 'soup', voter: 'ada' });
    const began = await reset();
    expect(began).toMatchObject({ status: 200, body: { replication: 'both' } });
    const generation = began.body['generation'];
    expect((await results(PEER)).body).toMatchObject({ votes: 0, generation });
    expect(await vote({ choice: 'salad', voter: 'ada' }, PEER)).toMatchObject({ body: { generation } });
    expect((await results()).body).toMatchObject({ counts: { salad: 1 }, votes: 1, generation });
    const old = await survey.api.home.tables.workspaces.get(voteKey('lunch', FIRST_GENERATION, 'ada'));
    expect(old).toMatchObject({ kind: 'done', value: { sk: 'vote#ada' } });
    expect(old.kind === 'done' ? old.value?.del : 'failed').toBeUndefined();
  });

  it('sent twice under one key is one reset', async () => {
    const key = { 'idempotency-key': 'reset-1' };
    const first = await reset(HOME, key);
    survey.api.clockMs += 1000;
    expect(await reset(PEER, key)).toMatchObject({ body: { repeated: true, generation: first.body['generation'] } });
  });

  it('that the voter has not seen refuses the vote, which is not counted anywhere', async () => {
    await reset();
    expect(await vote({ choice: 'soup', voter: 'ada', generation: FIRST_GENERATION })).toMatchObject({
      status: 409,
      body: { what: 'the survey was reset since you last saw it' },
    });
    expect((await results()).body).toMatchObject({ votes: 0 });
  });

  it('that is still on its way takes the vote of whoever has seen it', async () => {
    survey.api.faults.add('peer');
    const { generation } = (await reset()).body;
    survey.api.faults.clear();
    // The other Region does not know of the reset; its voter does, from the first one.
    expect(await vote({ choice: 'soup', voter: 'ada', generation }, PEER)).toMatchObject({
      status: 200,
      body: { generation },
    });
    expect((await results(PEER)).body).toMatchObject({ votes: 0, generation: FIRST_GENERATION });
    expect((await results(HOME)).body).toMatchObject({ votes: 1, generation });
  });
});

describe('who may', () => {
  const ACCESS = [
    ['PUT /v1/surveys/:survey/votes', { reader: 403, voter: 200, editor: 200, 'org-admin': 200 }],
    ['GET /v1/surveys/:survey/results', { reader: 200, voter: 200, editor: 200, 'org-admin': 200 }],
    ['POST /v1/surveys/:survey/resets', { reader: 403, voter: 403, editor: 200, 'org-admin': 200 }],
  ] as const;

  it('is said for every route', () => {
    expect(SURVEY_ROUTES.map(({ method, path }) => `${method} ${path}`)).toStrictEqual(ACCESS.map(([route]) => route));
  });

  it.each(ACCESS)('%s', async (route, statuses) => {
    const [method = '', path = ''] = route.split(' ');
    const address = path.replace('/v1/surveys/:survey', 'lunch');
    const body = method === 'PUT' ? { choice: 'soup' } : undefined;
    for (const role of ACCESS_ROLES.filter((one) => isOrganisationRole(one))) {
      const as = await survey.token(role);
      expect([role, (await survey.send(HOME, address, { method, token: as, body })).status]).toStrictEqual([
        role,
        statuses[role],
      ]);
    }
    expect((await survey.send(HOME, address, { method, body })).status).toBe(401);
  });
});

describe('a page on another origin', () => {
  it('may ask: a preflight from disk and every answer say so, errors too', async () => {
    const preflight = await survey.send(HOME, 'lunch/votes', { method: 'OPTIONS', headers: { origin: 'null' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    for (const got of [preflight, await results(), await survey.send(HOME, 'lunch/nothing'), await vote({})]) {
      expect(got.headers.get('access-control-allow-origin')).toBe('*');
      expect(got.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('is not let in by the product: its answers have no such header', async () => {
    const response = await survey.api.app().request('/v1/status');
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('learns from every answer which Region gave it', async () => {
    for (const region of [HOME, PEER]) {
      expect((await results(region)).headers.get('x-twinmap-region')).toBe(region);
    }
  });
});

describe('ready', () => {
  it('is open, and says no where the table that votes need does not answer', async () => {
    expect(await survey.send(HOME, 'lunch/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    survey.api.faults.add('home');
    expect(await survey.send(HOME, 'lunch/ready')).toMatchObject({ status: 503 });
  });
});
