/**
 * The page's client against both Regions' functions: never a vote twice, and what is found out too late elsewhere: a client that
 * sticks to a Region, a health check that lies, and not knowing which Region served.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { resultsSentence, voteSentence } from '../../../examples/survey/page/sentences.ts';
import { type PendingVote, SurveyClient } from '../../../examples/survey/page/survey-client.ts';
import { createRegionClient } from '../../../router/client/region-client.ts';
import { HOME, PEER, TestSurvey } from './survey-stage.ts';

type Fault = 'dns' | 'lost-answer' | 'silent' | 'table';

let survey = new TestSurvey();
let token = '';
let keys = 0;
let pending: PendingVote | undefined;
let open: { readonly close: () => void }[] = [];
const faults = new Map<string, Fault>();
const asked: string[] = [];

const REGIONS = [HOME, PEER].map((id) => ({ id, endpoint: `https://${id}.example` }));

/** As a browser's fetch: whatever goes wrong, it says nothing of it. */
const browserFetch: typeof fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  const region = url.hostname.replace('.example', '');
  const fault = faults.get(region);
  asked.push(`${region} ${url.pathname.split('/').at(-1) ?? ''}`);
  if (fault === 'dns') {
    throw new TypeError('Failed to fetch');
  }
  if (fault === 'silent') {
    return new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => {
        reject(new TypeError('Failed to fetch'));
      });
    });
  }
  if (url.pathname === '/healthz') {
    return Response.json({ status: 'up' });
  }
  const response = await survey.apps[region]?.request(url.pathname, init);
  if (fault === 'lost-answer' || response === undefined) {
    throw new TypeError('Failed to fetch');
  }
  return response;
};

const newClient = (voter = 'ada'): SurveyClient => {
  const client = new SurveyClient({
    survey: 'lunch',
    regions: REGIONS,
    token,
    voter,
    fetch: browserFetch,
    memory: {
      read: () => pending,
      write: (vote) => {
        pending = vote;
      },
    },
    now: () => survey.api.clockMs,
    newKey: () => {
      keys += 1;
      return `press-${keys}`;
    },
  });
  open.push(client);
  return client;
};

const votesIn = async (region: string): Promise<unknown> =>
  (await survey.send(region, 'lunch/results', { token })).body['votes'];

const until = async (isTrue: () => Promise<boolean>): Promise<void> => {
  await expect.poll(isTrue, { timeout: 8000, interval: 100 }).toBe(true);
};

beforeEach(async () => {
  survey = new TestSurvey();
  token = await survey.token('voter');
  pending = undefined;
  faults.clear();
  asked.length = 0;
});

afterEach(() => {
  for (const one of open) {
    one.close();
  }
  open = [];
});

describe('a click', () => {
  it.each(['dns', 'lost-answer', 'silent'] as const)(
    'goes to the other Region at once on %s, as one vote',
    async (fault) => {
      faults.set(HOME, fault);
      const startedMs = performance.now();
      expect(await newClient().vote('soup')).toMatchObject({ kind: 'held', region: PEER, attempts: 2 });
      expect(performance.now() - startedMs).toBeLessThan(2000);
      expect(await votesIn(PEER)).toBe(1);
    },
  );

  it('in a bad moment of both Regions stays the same vote until somebody confirms it', async () => {
    const client = newClient();
    faults.set(HOME, 'lost-answer').set(PEER, 'dns');
    expect(await client.vote('soup')).toMatchObject({ kind: 'unreachable' });
    expect(pending).toMatchObject({ choice: 'soup', key: `press-${keys}` });
    faults.clear();
    // The page was opened again: what is not confirmed is still known.
    expect(await newClient().vote('soup')).toMatchObject({ kind: 'held' });
    expect([pending, await votesIn(HOME)]).toStrictEqual([undefined, 1]);
  }, 20_000);

  it('twice at once is one vote', async () => {
    const client = newClient();
    const before = keys;
    const both = await Promise.all([client.vote('soup'), client.vote('soup')]);
    expect(both[0]).toBe(both[1]);
    expect(asked.filter((text) => text.endsWith(' votes'))).toHaveLength(1);
    expect(keys - before).toBeGreaterThan(0);
  });

  it('after a reset that the page has not seen is not counted, and the next one is', async () => {
    const client = newClient();
    await client.results();
    await survey.send(HOME, 'lunch/resets', { method: 'POST', token: await survey.token('editor') });
    expect(await client.vote('soup')).toStrictEqual({ kind: 'reset' });
    expect(await votesIn(HOME)).toBe(0);
    expect(await client.vote('soup')).toMatchObject({ kind: 'held' });
    expect(await votesIn(HOME)).toBe(1);
  });
});

describe('a press that arrives late', () => {
  it('does not undo the newer one that was taken meanwhile, in either Region', async () => {
    const client = newClient();
    await client.vote('soup');
    const late = { choice: 'salad', voter: 'ada', pressedAt: survey.api.clockMs - 1 };
    survey.api.clockMs += 30_000;
    for (const region of [HOME, PEER]) {
      expect(await survey.send(region, 'lunch/votes', { method: 'PUT', token, body: late })).toMatchObject({
        status: 409,
        body: { what: 'a newer write stands' },
      });
      expect((await survey.send(region, 'lunch/results', { token })).body).toMatchObject({ counts: { soup: 1 } });
    }
  });
});

describe('what is found out too late', () => {
  it('a client that sticks to a Region: this one remembers the failure, probes, and goes back by itself', async () => {
    const client = newClient();
    faults.set(HOME, 'dns');
    await client.vote('soup');
    asked.length = 0;
    expect(await client.vote('salad')).toMatchObject({ region: PEER, attempts: 1 });
    expect(asked.filter((text) => text === `${HOME} votes`)).toStrictEqual([]);
    faults.clear();
    await until(async () => {
      const outcome = await client.vote('pizza');
      return outcome.kind === 'held' && outcome.region === HOME;
    });
  }, 15_000);

  it('a health check that lies: the function is up and its table is gone, and ready says so', async () => {
    survey.api.faults.add('home');
    const lied = createRegionClient({
      regions: REGIONS,
      settings: { consecutiveFailuresMax: 1, recoveryDelayMinMs: 50, recoveryGapMs: 10 },
      fetch: browserFetch,
    });
    open.push(lied);
    const headers = { authorization: `Bearer ${token}` };
    await lied.fetch('/v1/surveys/lunch/results', { headers });
    // Believes /healthz, and is back at a Region that can't count.
    await until(async () => lied.policy.health(HOME).state === 'closed');
    const client = newClient();
    expect(await client.results()).toMatchObject({ kind: 'counted', region: PEER, attempts: 2 });
    await until(async () => asked.filter((text) => text === `${HOME} ready`).length >= 2);
    expect(await client.results()).toMatchObject({ kind: 'counted', region: PEER, attempts: 1 });
  }, 15_000);

  it('not knowing which Region serves: every outcome names it, and the page says it in words', async () => {
    const client = newClient();
    const label = 'Soup';
    expect(voteSentence(await client.vote('soup'), HOME, label)).toBe(
      'Your vote for Soup was taken by us-east-2. Both Regions hold it.',
    );
    faults.set(HOME, 'dns');
    survey.api.faults.add('home');
    expect(voteSentence(await client.vote('soup'), HOME, label)).toBe(
      'Your vote for Soup was taken by us-west-2. us-east-2 did not answer. It is kept there, and goes to the other Region as soon as that answers.',
    );
    expect(resultsSentence(await client.results(), HOME, () => '12:00')).toBe(
      '1 vote, as us-west-2 held them at 12:00. 1 is still on the way to the other Region. us-east-2 is left out until it answers again.',
    );
  });
});
