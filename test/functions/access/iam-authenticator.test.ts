/** Breaking the glass: a signature that STS vouches for, a listed name, a reason, and a record before there is an answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Authentication } from '../../../functions/access/authenticator.ts';
import { ChosenAuthenticator } from '../../../functions/access/choose-authenticator.ts';
import { IamAuthenticator } from '../../../functions/access/iam-authenticator.ts';
import { callerIdentity } from '../../../functions/aws/caller-identity.ts';
import { makeCallerProof } from '../../../functions/aws/caller-proof.ts';
import { signQuery } from '../../../functions/aws/sigv4-query.ts';
import type { AuditEvent } from '../../../functions/domain/audit-event.ts';
import { accountIn, principalNamed, proofAudience, SELF_AUDIENCE } from '../../../functions/domain/caller-proof.ts';
import { done, failed, type Result } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { openAccess } from '../../../functions/handlers/open-access.ts';
import { openServices, type OpenServices } from '../../../local/services/open-services.ts';
import { ApiStage, bodyOf } from '../query/api-stage.ts';

const REGION = 'us-east-2';
const ROLE = 'arn:aws:iam::111122223333:role/teams/oncall';
const ADA = 'arn:aws:sts::111122223333:assumed-role/oncall/ada';
const ACCOUNT = '111122223333';
const AUDIENCE = proofAudience({ account: ACCOUNT, region: REGION });
const REASON = 'the identity provider is out';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

const signed = (more: Partial<Parameters<typeof signQuery>[1]> = {}, sessionToken?: string): string =>
  signQuery(sessionToken === undefined ? CREDENTIALS : { ...CREDENTIALS, sessionToken }, {
    service: 'sts',
    region: REGION,
    host: 'sts.us-east-2.amazonaws.com',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { 'x-twinmap-for': AUDIENCE },
    expiresSeconds: 300,
    atMs: 1_760_000_000_000,
    ...more,
  });

const headerOf = (query: string): string => `TwinmapIam ${Buffer.from(query).toString('base64url')}`;

let stage = new ApiStage();
let asked: string[] = [];
let says: Result<string | undefined> = done(ADA);
let authenticator: IamAuthenticator;

const show = async (query: string, reason: string | undefined = REASON): Promise<Authentication> =>
  authenticator.authenticate({
    authorization: headerOf(query),
    ...(reason === undefined ? {} : { reason }),
    address: 'GET /v1/status',
  });

const events = async (): Promise<readonly AuditEvent[]> => {
  const read = await stage.dependencies().readAudit(10);
  return read.kind === 'done' ? read.value.events : [];
};

beforeEach(() => {
  stage = new ApiStage();
  asked = [];
  says = done(ADA);
  const { audit, telemetry } = stage.dependencies();
  authenticator = new IamAuthenticator({
    region: REGION,
    principals: [ROLE],
    askCaller: async (query) => {
      asked.push(query);
      return says;
    },
    audit,
    telemetry,
    now: () => stage.clockMs,
  });
});

describe('a signed query', () => {
  it.each([
    [undefined, '5522832c902ed39ac5a939dd1001ec01385d706b5c2194c6571c860e7192d5d9'],
    ['tok/en+with=signs/', '7272dbb945cb69b0046e7a9d3488d262879a3c0cac68d6c09b78888afe82a02b'],
  ])('has the signature that the AWS SDK makes, with the session %s', (session, signature) => {
    const headers = { 'x-twinmap-for': `twinmap/${REGION}` };
    expect(new URLSearchParams(signed({ headers }, session)).get('X-Amz-Signature')).toBe(signature);
  });
});

describe('an identity of AWS', () => {
  it('that is listed, with a reason, reads everything and changes nothing, and is recorded first', async () => {
    expect(await show(signed())).toStrictEqual({
      kind: 'recognised',
      principal: { id: `iam:${ADA}`, name: 'ada', roles: ['reader'], sources: 'all' },
    });
    expect(await events()).toMatchObject([
      {
        action: 'access.glass-broken',
        actor: `iam:${ADA}`,
        target: 'api:GET /v1/status',
        outcome: 'done',
        details: { reason: REASON },
      },
    ]);
  });

  it('that is not listed is refused, and the attempt is recorded where it is of the same account', async () => {
    for (const arn of [
      'arn:aws:sts::111122223333:assumed-role/another/ada',
      'arn:aws:sts::444455556666:assumed-role/oncall/ada',
      'arn:aws:iam::111122223333:user/oncall',
      'arn:aws:sts::111122223333:federated-user/oncall',
    ]) {
      says = done(arn);
      stage.clockMs += 1;
      expect(await show(signed({ atMs: stage.clockMs }))).toEqual({ kind: 'refused', reason: 'not-listed' });
    }
    expect((await events()).map(({ outcome }) => outcome)).toStrictEqual(['refused', 'refused', 'refused']);
    expect(stage.telemetry.counts.filter((line) => line.startsWith('GlassRefused'))).toHaveLength(4);
  });

  it('that is refused over and over is recorded a few times a minute, with how often it was not', async () => {
    says = done('arn:aws:sts::111122223333:assumed-role/another/ada');
    for (let at = 0; at < LIMITS.glassRefusalsRecordedMax + 20; at += 1) {
      stage.clockMs += 1;
      expect(await show(signed({ atMs: stage.clockMs }))).toEqual({ kind: 'refused', reason: 'not-listed' });
    }
    expect(await events()).toHaveLength(LIMITS.glassRefusalsRecordedMax);
    stage.clockMs += LIMITS.glassRefusalsMs;
    await show(signed({ atMs: stage.clockMs }));
    expect((await events())[0]).toMatchObject({ outcome: 'refused', details: { refusedBefore: 20 } });
    says = done(ADA);
    expect(await show(signed({ atMs: stage.clockMs }))).toMatchObject({ kind: 'recognised' });
  });

  it.each(['', 'short', ' with spaces around it ', 'two\nlines of reason', 'x'.repeat(301)])(
    'with the reason %j is refused',
    async (reason) => {
      expect(await show(signed(), reason)).toEqual({ kind: 'refused', reason: 'not-listed' });
    },
  );

  it('opens nothing while no Region can record it', async () => {
    stage.faults.add('home').add('peer');
    expect(await show(signed())).toMatchObject({ kind: 'unavailable' });
    stage.faults.delete('peer');
    expect(await show(signed())).toMatchObject({ kind: 'recognised' });
  });

  it('that STS does not vouch for is unknown, and while STS is out nothing is said', async () => {
    says = done(undefined);
    expect(await show(signed())).toEqual({ kind: 'refused', reason: 'unknown' });
    says = failed({ reason: 'unreachable', code: 'ECONNREFUSED', message: 'no way there' });
    expect(await show(signed())).toMatchObject({ kind: 'unavailable' });
    expect(await events()).toStrictEqual([]);
  });
});

describe('a proof', () => {
  it('ends after five minutes, and may not be of the future', async () => {
    const query = signed();
    stage.clockMs += LIMITS.callerProofSeconds * 1000 - 1;
    expect(await show(query)).toMatchObject({ kind: 'recognised' });
    stage.clockMs += 1;
    expect(await show(query)).toEqual({ kind: 'refused', reason: 'expired' });
    const ahead = stage.clockMs + LIMITS.tokenSkewSeconds * 1000;
    expect(await show(signed({ atMs: ahead }))).toEqual({ kind: 'refused', reason: 'expired' });
  });

  it.each([
    ['for another Region', signed({ region: 'us-west-2' })],
    ['for another service', signed({ service: 's3' })],
    ['that does not cover whom it is for', signed({ headers: {} })],
    ['that covers a header of somebody else’s', signed({ headers: { 'x-k8s-aws-id': 'cluster' } })],
    ['for another action', signed({ query: { Action: 'AssumeRole', Version: '2011-06-15' } })],
    ['with a parameter more', signed({ query: { Action: 'GetCallerIdentity', Version: '2011-06-15', Extra: '1' } })],
    ['with a parameter twice', `${signed()}&Action=GetCallerIdentity`],
    ['with a way out of the query', `${signed()}#@evil.example.com/`],
    ['of nothing', ''],
  ])('%s is refused, and STS is not asked', async (_what, query) => {
    expect(await show(query)).toEqual({ kind: 'refused', reason: 'malformed' });
    expect(asked).toStrictEqual([]);
  });

  it('is no key and no token, and where nobody is listed it is not a credential at all', async () => {
    const { authenticator: keys } = stage.dependencies();
    const authorization = headerOf(signed());
    expect(await new ChosenAuthenticator({ keys }).authenticate({ authorization })).toEqual({
      kind: 'refused',
      reason: 'malformed',
    });
    const chosen = new ChosenAuthenticator({ keys, glass: authenticator });
    expect(await chosen.authenticate({ authorization, reason: REASON })).toMatchObject({ kind: 'recognised' });
    expect(await chosen.authenticate({ authorization: `Bearer ${await stage.token(['reader'])}` })).toMatchObject({
      principal: { roles: ['reader'] },
    });
  });

  it('is signed for one install: its account and its Region, and for nobody’s own question', async () => {
    const shown: (string | undefined)[] = [];
    const sts = createServer((request, response) => {
      shown.push(String(request.headers['x-twinmap-for']));
      response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => {
      sts.listen(0, '127.0.0.1', resolve);
    });
    const endpoint = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
    const { workspaces, audit, telemetry } = stage.dependencies();
    const environment = {
      TWINMAP_HOME_REGION: REGION,
      TWINMAP_ACCOUNT: ACCOUNT,
      TWINMAP_GLASS_PRINCIPALS: ROLE,
      TWINMAP_HOME_STS_ENDPOINT: endpoint,
    };
    const now = (): number => stage.clockMs;
    const opened = openAccess({ environment, telemetry, workspaces, ownSources: [], audit, now });
    await opened.authenticator.authenticate({ authorization: headerOf(signed()), reason: REASON });
    sts.close();
    expect(shown).toEqual([`twinmap/${ACCOUNT}/${REGION}`]);
    const signatures = [AUDIENCE, proofAudience({ account: '444455556666', region: REGION }), SELF_AUDIENCE].map(
      (audience) => new URLSearchParams(signed({ headers: { 'x-twinmap-for': audience } })).get('X-Amz-Signature'),
    );
    expect(new Set(signatures).size).toBe(3);
    expect(accountIn(`arn:aws:lambda:${REGION}:${ACCOUNT}:function:twinmap-${REGION}-api`)).toBe(ACCOUNT);
    expect(accountIn(`twinmap-${REGION}-api`)).toBeUndefined();
  });

  it('compares a role by its account and name, whichever its path and whoever wears it', () => {
    expect(principalNamed(ROLE)).toBe(principalNamed(ADA));
    expect(principalNamed('arn:aws:iam::111122223333:root')).toBeUndefined();
    expect(principalNamed('arn:aws-us-gov:iam::111122223333:role/oncall')).not.toBe(principalNamed(ROLE));
  });
});

describe('with the STS of a local Region', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sts-'));
  let services: OpenServices;

  beforeAll(async () => {
    const nameOf = (id: string): string => (id === 'AKIDEXAMPLE' ? ADA : 'arn:aws:iam::111122223333:user/x');
    services = await openServices({
      region: REGION,
      accountId: '111122223333',
      dataDirectory: folder,
      sts: { assume: () => undefined, nameOf },
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', '');
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a proof made of the shell’s credentials opens the API, and none made for another Region does', async () => {
    const now = (): number => stage.clockMs;
    const askCaller = callerIdentity({ region: REGION, audience: AUDIENCE, endpoint: services.endpoints.sts, now });
    const { audit, telemetry, authenticator: keys } = stage.dependencies();
    const glass = new IamAuthenticator({ region: REGION, principals: [ROLE], askCaller, audit, telemetry, now });
    const app = stage.app({ authenticator: new ChosenAuthenticator({ keys, glass }) });
    const stsHost = new URL(services.endpoints.sts).host;
    const read = async (region: string, reason: string): Promise<Response> => {
      const authorization = await makeCallerProof({ region, stsHost, audience: AUDIENCE, atMs: stage.clockMs });
      return app.request('/v1/sources', { headers: { authorization, 'x-twinmap-reason': reason } });
    };
    await stage.corpus.commitSource('shop');
    const opened = await read(REGION, REASON);
    expect(opened.status).toBe(200);
    expect(await bodyOf(opened)).toMatchObject({ items: [{ id: 'shop' }] });
    expect((await read(REGION, '')).status).toBe(401);
    expect((await read('us-west-2', REASON)).status).toBe(401);
    expect(await events()).toMatchObject([{ outcome: 'refused' }, { outcome: 'done', actor: `iam:${ADA}` }]);
  });

  it('one proof opens an agent’s call, which is one question of STS and one event, by what the agent reads', async () => {
    const { authenticator: keys } = stage.dependencies();
    const app = stage.app({ authenticator: new ChosenAuthenticator({ keys, glass: authenticator }) });
    await stage.corpus.commitSource('shop');
    const message = { method: 'tools/call', params: { name: 'search', arguments: { query: 'who pays?', limit: 1 } } };
    const answer = await app.request('/mcp', {
      method: 'POST',
      headers: {
        host: 'localhost',
        authorization: headerOf(signed()),
        'x-twinmap-reason': REASON,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    });
    expect(await answer.text()).toContain('passages');
    expect(asked).toHaveLength(1);
    expect(await events()).toMatchObject([{ outcome: 'done', target: 'api:POST /mcp /v1/search' }]);
  });

  it('an STS that is out is a failure in time', async () => {
    const askCaller = callerIdentity({
      region: REGION,
      audience: AUDIENCE,
      endpoint: 'http://127.0.0.1:9',
      now: () => stage.clockMs,
    });
    expect(await askCaller(signed())).toMatchObject({ kind: 'failed' });
  });
});
