/** The survey on two running Regions, through a DNS failure of the preferred one: `npm run survey:scenarios` in ten seconds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROLES } from '../../../functions/domain/region.ts';
import { missingKeys, type RoleUse, unusedGrants } from '../../../local/iam/grants.ts';
import { type Played, Scenarios } from '../../../scripts/survey/scenarios.ts';
import { SurveyStage } from '../../../scripts/survey/survey-stage.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const LOAD = { voters: 10, clicksPerSecond: 5 };
const DRAINED_EVERY_MS = 2000;

const dataDirectory = mkdtempSync(path.join(tmpdir(), 'twinmap-survey-test-'));
const denied: string[] = [];
let stage: SurveyStage;
let token = '';
let fallback: Played;

beforeAll(async () => {
  stage = await SurveyStage.open({
    rootDirectory: ROOT,
    dataDirectory,
    jobsIntervalMs: DRAINED_EVERY_MS,
    onEvent: (_role, event) => {
      if (event.kind === 'access-denied') {
        denied.push(JSON.stringify(event));
      }
    },
  });
  token = await stage.key('voter');
  const scenarios = new Scenarios(stage, token, LOAD);
  fallback = await scenarios.withFallback({ beforeMs: 1500, failingMs: 3000, afterMs: 2500 });
}, 180_000);

afterAll(async () => {
  await stage.close();
  rmSync(dataDirectory, { recursive: true, force: true });
}, 30_000);

describe('while DNS of the preferred Region fails and comes back', () => {
  it('no click fails, and the other Region takes those of that time', () => {
    expect([fallback.held, fallback.elsewhere > 0]).toStrictEqual([fallback.clicks, true]);
  });

  it('no acknowledged vote is lost, none counts twice, and both Regions hold the same in the end', () => {
    expect(fallback).toMatchObject({ lost: 0, undone: 0, doubled: 0, areEqual: true });
    expect(fallback.equalAfterMs).toBeLessThan(15_000);
  });
});

describe('the survey of one Region', () => {
  const send = async (address: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${stage.provisioned.primary.endpoint}${address}`, init);

  it('has its own paths of the load balancer, and the product the others', async () => {
    expect((await send('/v1/surveys/lunch/ready')).headers.get('access-control-allow-origin')).toBe('*');
    expect((await send('/v1/status')).headers.get('access-control-allow-origin')).toBeNull();
    expect((await send('/v1/surveys')).status).toBe(404);
  });

  it('writes at the peer while its own table is down', async () => {
    const vote = async (choice: string): Promise<unknown> => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': choice,
      };
      const body = JSON.stringify({ choice, voter: 'ada', generation: 'first' });
      return (await send('/v1/surveys/lunch/votes', { method: 'PUT', headers, body })).json();
    };
    expect(await vote('soup')).toMatchObject({ replication: 'both' });
    const { pair } = stage;
    await pair.links.primary.ask({ kind: 'set-fault', rule: { service: 'dynamodb', mode: 'refuse' } });
    expect(await vote('salad')).toMatchObject({ replication: 'owed', region: 'us-east-2' });
    await pair.links.primary.ask({ kind: 'clear-faults' });
    const results = await send('/v1/surveys/lunch/results', { headers: { authorization: `Bearer ${token}` } });
    expect(await results.json()).toMatchObject({ region: 'us-east-2', generation: 'first' });
  });
});

describe('the role of the survey', () => {
  it('grants what the function asks for, and nothing that it never does', async () => {
    const { pair } = stage;
    const calls = (await Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'access' })))).flat();
    const uses = ROLES.flatMap((role) => pair.principalsOf(role))
      .filter(({ functionName }) => functionName.endsWith('-survey'))
      .map((principal): RoleUse => ({ principal, calls, use: {} }));
    expect(uses).toHaveLength(2);
    expect([denied, uses.flatMap((use) => missingKeys(use))]).toStrictEqual([[], []]);
    const unused = uses.map((use) => new Set(unusedGrants(use).map(({ sid, action }) => `${sid} ${action}`)));
    // The drain of a breaker that closes, five seconds later; test/local/pair/permissions.test.ts waits for the API's.
    const later = new Set(['HomeVotes dynamodb:BatchGetItem', 'HomeDebts dynamodb:Query']);
    const never = [...(unused[0] ?? [])].filter((name) => unused[1]?.has(name));
    expect(never.filter((name) => !later.has(name))).toStrictEqual([]);
  });
});
