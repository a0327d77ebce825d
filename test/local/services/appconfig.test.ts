import { GetLatestConfigurationCommand, StartConfigurationSessionCommand } from '@aws-sdk/client-appconfigdata';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { openRegion, type OpenRegion, TestClock } from './open-region.ts';

const SCHEMA = JSON.stringify({
  $schema: 'http://json-schema.org/draft-04/schema#',
  type: 'object',
  required: ['epoch', 'is_active_for_scheduled_work'],
  additionalProperties: false,
  properties: { epoch: { type: 'integer', minimum: 0 }, is_active_for_scheduled_work: { type: 'boolean' } },
});
const ACTIVE = JSON.stringify({ is_active_for_scheduled_work: true, epoch: 1 });
const PASSIVE = JSON.stringify({ is_active_for_scheduled_work: false, epoch: 2 });

interface Gate {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
}

let region: OpenRegion;
let clock: TestClock;
let gate: Gate;

const declareGate = async ({ services }: OpenRegion): Promise<Gate> => {
  const { id: applicationId } = await services.config.ensureApplication('twinmap');
  const { id: environmentId } = await services.config.ensureEnvironment(applicationId, 'gate');
  const { id: profileId } = await services.config.ensureProfile(applicationId, 'gate', [SCHEMA]);
  return { applicationId, environmentId, profileId };
};

const deploy = async (content: string): Promise<number> => {
  const { versionNumber } = await region.services.config.deploy({ ...gate, content, contentType: 'application/json' });
  return versionNumber;
};

beforeEach(async () => {
  clock = new TestClock();
  region = await openRegion({ now: clock.now });
  gate = await declareGate(region);
});

afterEach(async () => {
  await region.close();
});

const startSession = async (names: Partial<Gate> & { readonly pollSeconds?: number } = {}): Promise<string> => {
  const { InitialConfigurationToken } = await region.appconfig.send(
    new StartConfigurationSessionCommand({
      ApplicationIdentifier: names.applicationId ?? gate.applicationId,
      EnvironmentIdentifier: names.environmentId ?? gate.environmentId,
      ConfigurationProfileIdentifier: names.profileId ?? gate.profileId,
      RequiredMinimumPollIntervalInSeconds: names.pollSeconds,
    }),
  );
  return InitialConfigurationToken ?? '';
};

interface Latest {
  readonly content: string | undefined;
  readonly next: string;
  readonly interval: number | undefined;
  readonly contentType: string | undefined;
}

const getLatest = async (token: string): Promise<Latest> => {
  const answer = await region.appconfig.send(new GetLatestConfigurationCommand({ ConfigurationToken: token }));
  const text = answer.Configuration?.transformToString();
  return {
    content: text === undefined || text === '' ? undefined : text,
    next: answer.NextPollConfigurationToken ?? '',
    interval: answer.NextPollIntervalInSeconds,
    contentType: answer.ContentType,
  };
};

const tokenProblem = (problem: string) => ({
  name: 'BadRequestException',
  Reason: 'InvalidParameters',
  Details: { InvalidParameters: { ConfigurationToken: { Problem: problem } } },
});

describe('data plane', () => {
  test('a fresh session gets the whole document, an unchanged poll nothing, a changed one the new document', async () => {
    await deploy(ACTIVE);
    const first = await getLatest(await startSession());
    expect(first).toMatchObject({ content: ACTIVE, contentType: 'application/json', interval: 60 });
    const second = await getLatest(first.next);
    expect(second.content).toBeUndefined();
    await deploy(PASSIVE);
    const third = await getLatest(second.next);
    expect(third.content).toBe(PASSIVE);
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: PASSIVE });
  });

  test('a token is good once, for 24 hours, and only where it was issued', async () => {
    await deploy(ACTIVE);
    const token = await startSession();
    const { next } = await getLatest(token);
    await expect(getLatest(token)).rejects.toMatchObject(tokenProblem('Expired'));
    await expect(getLatest('nonsense')).rejects.toMatchObject(tokenProblem('Corrupted'));
    clock.advance(24 * 60 * 60 * 1000 + 1);
    await expect(getLatest(next)).rejects.toMatchObject(tokenProblem('Expired'));
  });

  test('a session with a minimum interval refuses an early poll and keeps its token', async () => {
    await deploy(ACTIVE);
    const first = await getLatest(await startSession({ pollSeconds: 15 }));
    expect(first.interval).toBe(15);
    await expect(getLatest(first.next)).rejects.toMatchObject(tokenProblem('PollIntervalNotSatisfied'));
    clock.advance(15_000);
    await expect(getLatest(first.next)).resolves.toMatchObject({ content: undefined });
  });

  test.each([14, 86_401])('a minimum interval of %d seconds is refused', async (pollSeconds) => {
    await expect(startSession({ pollSeconds })).rejects.toMatchObject({ name: 'BadRequestException' });
  });

  test('names serve as well as ids, unknown ones are not found', async () => {
    await deploy(ACTIVE);
    const token = await startSession({ applicationId: 'twinmap', environmentId: 'gate', profileId: 'gate' });
    await expect(getLatest(token)).resolves.toMatchObject({ content: ACTIVE });
    await expect(startSession({ environmentId: 'nowhere' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      ResourceType: 'Environment',
    });
  });

  test('nothing deployed is not found', async () => {
    const token = await startSession();
    await expect(getLatest(token)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      ResourceType: 'Deployment',
    });
  });

  test('a lost reply uses the token up', async () => {
    await deploy(ACTIVE);
    const token = await startSession();
    region.services.faults.set({ service: 'appconfig', mode: 'lost-reply', times: 1 });
    await expect(getLatest(token)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(getLatest(token)).rejects.toMatchObject(tokenProblem('Expired'));
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: ACTIVE });
  });
});

describe('declared documents', () => {
  test('unchanged content deploys nothing, changed content one version more', async () => {
    await expect(deploy(ACTIVE)).resolves.toBe(1);
    await expect(deploy(ACTIVE)).resolves.toBe(1);
    await expect(deploy(PASSIVE)).resolves.toBe(2);
    await expect(deploy(ACTIVE)).resolves.toBe(3);
  });

  test.each([
    ['{"epoch":1}', /must have required property 'is_active_for_scheduled_work'/u],
    ['{"epoch":-1,"is_active_for_scheduled_work":true}', /must be >= 0/u],
    ['{"epoch":1,"is_active_for_scheduled_work":true,"x":1}', /must NOT have additional properties/u],
    ['not json', /the content is not JSON/u],
  ])('content that the schema refuses is not deployed: %s', async (content, reason) => {
    await deploy(ACTIVE);
    await expect(deploy(content)).rejects.toThrow(ConfigError);
    await expect(deploy(content)).rejects.toThrow(reason);
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: ACTIVE });
  });

  test('declaring again gives the same ids, and an unknown parent is refused', async () => {
    await expect(declareGate(region)).resolves.toEqual(gate);
    expect([gate.applicationId, gate.environmentId, gate.profileId].join(' ')).toMatch(/^(?:[a-z0-9]{7} ?){3}$/u);
    await expect(region.services.config.ensureEnvironment('nobody', 'gate')).rejects.toThrow(ConfigError);
    const nowhere = { ...gate, environmentId: 'nobody', content: ACTIVE, contentType: 'application/json' };
    await expect(region.services.config.deploy(nowhere)).rejects.toThrow(/has no environment nobody/u);
  });

  test('the deployed document and its ids are there after a restart', async () => {
    await deploy(PASSIVE);
    region = await region.restart();
    await expect(declareGate(region)).resolves.toEqual(gate);
    await expect(deploy(PASSIVE)).resolves.toBe(1);
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: PASSIVE });
  });
});

describe('control plane', () => {
  const call = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${region.services.endpoint}${path}`, {
      method,
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=AK/20251121/us-east-2/appconfig/aws4_request, SignedHeaders=host, Signature=0',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const versionsPath = () =>
    `/applications/${gate.applicationId}/configurationprofiles/${gate.profileId}/hostedconfigurationversions`;
  const deploymentsPath = () => `/applications/${gate.applicationId}/environments/${gate.environmentId}/deployments`;
  const startDeployment = async (version: number, latest?: number) =>
    call(
      'POST',
      deploymentsPath(),
      JSON.stringify({
        ConfigurationProfileId: gate.profileId,
        ConfigurationVersion: String(version),
        DeploymentStrategyId: 'flip',
        Description: 'drill',
        LatestDeploymentNumber: latest,
      }),
    );

  test('a flip makes a version, deploys it, and clients read it', async () => {
    await deploy(ACTIVE);
    const created = await call('POST', versionsPath(), PASSIVE, { 'latest-version-number': '1', description: 'drill' });
    expect([created.status, created.text, created.headers.get('version-number')]).toEqual([201, PASSIVE, '2']);
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: ACTIVE });
    const started = await startDeployment(2, 1);
    expect(started.status).toBe(201);
    expect(JSON.parse(started.text)).toMatchObject({
      DeploymentNumber: 2,
      ConfigurationVersion: '2',
      State: 'COMPLETE',
      ConfigurationName: 'gate',
      StartedAt: new Date(clock.now()).toISOString(),
    });
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: PASSIVE });
    const read = await call('GET', `${versionsPath()}/2`);
    expect([read.status, read.text, read.headers.get('description')]).toEqual([200, PASSIVE, 'drill']);
    const shown = await call('GET', `${deploymentsPath()}/2`);
    expect(JSON.parse(shown.text)).toMatchObject({ DeploymentNumber: 2, Description: 'drill' });
  });

  test('both optimistic locks refuse whoever saw an older state', async () => {
    await deploy(ACTIVE);
    await deploy(PASSIVE);
    const version = await call('POST', versionsPath(), ACTIVE, { 'latest-version-number': '1' });
    expect([version.status, version.headers.get('x-amzn-errortype')]).toEqual([409, 'ConflictException']);
    const deployment = await startDeployment(1, 1);
    expect([deployment.status, deployment.headers.get('x-amzn-errortype')]).toEqual([409, 'ConflictException']);
    await expect(getLatest(await startSession())).resolves.toMatchObject({ content: PASSIVE });
  });

  test('a version that the schema refuses can be made but not deployed', async () => {
    await deploy(ACTIVE);
    expect((await call('POST', versionsPath(), '{"epoch":"x"}')).status).toBe(201);
    const started = await startDeployment(2);
    expect(started.status).toBe(400);
    expect(JSON.parse(started.text)).toMatchObject({ Reason: 'InvalidConfiguration' });
  });

  test('deployments, versions and resources are listed newest first and paged', async () => {
    await deploy(ACTIVE);
    await deploy(PASSIVE);
    const first = JSON.parse((await call('GET', `${deploymentsPath()}?max_results=1`)).text) as Record<string, unknown>;
    expect(first).toMatchObject({ Items: [{ DeploymentNumber: 2 }], NextToken: '1' });
    const second = await call('GET', `${deploymentsPath()}?max_results=1&next_token=1`);
    expect(JSON.parse(second.text)).toMatchObject({ Items: [{ DeploymentNumber: 1 }] });
    const versions = await call('GET', versionsPath());
    expect(JSON.parse(versions.text)).toMatchObject({ Items: [{ VersionNumber: 2 }, { VersionNumber: 1 }] });
    const applications = await call('GET', '/applications');
    expect(JSON.parse(applications.text)).toEqual({ Items: [{ Id: gate.applicationId, Name: 'twinmap' }] });
  });

  test('an unknown version or deployment is not found', async () => {
    await deploy(ACTIVE);
    expect((await startDeployment(9)).status).toBe(404);
    expect((await call('GET', `${versionsPath()}/9`)).status).toBe(404);
    expect((await call('GET', `${deploymentsPath()}/9`)).status).toBe(404);
  });
});
