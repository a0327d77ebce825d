/** Settings of who may come in: an identity provider, and AWS identities that break the glass. Off by default, and checked before anything is made. */
import { beforeAll, describe, expect, it } from 'vitest';

import { parseRegionConfig } from '../../infra/config.ts';
import { functionEnvironment } from '../../infra/environment.ts';
import { FUNCTION_NAMES } from '../../infra/names.ts';
import { exampleSettings, type Settings } from './complete-settings.ts';

const KEY = { kty: 'EC', crv: 'P-256', kid: 'a', x: 'x'.repeat(43), y: 'y'.repeat(43) };
const PROVIDER = { issuer: 'https://login.example.com', audience: 'twinmap', keys: [KEY] };
const ROLE = 'arn:aws:iam::111122223333:role/teams/oncall';

let complete: Settings = {};

beforeAll(async () => {
  complete = await exampleSettings('primary');
});

const parse = (more: Readonly<Record<string, unknown>>): ReturnType<typeof parseRegionConfig> =>
  parseRegionConfig({
    ...complete,
    ...Object.fromEntries(
      Object.entries(more).map(([name, value]) => [
        `twinmap:${name}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  });

const problemsOf = (more: Readonly<Record<string, unknown>>): readonly string[] => {
  const parsed = parse(more);
  return parsed.kind === 'invalid' ? parsed.problems : [];
};

const LIVE = {
  gateApplication: 'a',
  gateEnvironment: 'e',
  gateProfile: 'p',
  syncQueueUrl: 'https://sqs',
  signingKeyArn: 'arn',
};

describe('an identity provider', () => {
  it('is nobody’s where it is not set, or empty as Pulumi.yaml has it', () => {
    for (const more of [{}, { identityProvider: {} }]) {
      const parsed = parse(more);
      expect(parsed.kind === 'valid' && parsed.config.identityProvider).toBeUndefined();
    }
  });

  it('is told to the API function alone', () => {
    const parsed = parse({ identityProvider: PROVIDER, breakGlassPrincipals: [ROLE] });
    if (parsed.kind === 'invalid') {
      throw new Error(parsed.problems.join('; '));
    }
    const told = FUNCTION_NAMES.filter(
      (name) => 'TWINMAP_IDENTITY_PROVIDER' in functionEnvironment(name, parsed.config, LIVE),
    );
    expect(told).toStrictEqual(['api']);
    expect(functionEnvironment('api', parsed.config, LIVE)).toMatchObject({
      TWINMAP_GLASS_PRINCIPALS: ROLE,
      TWINMAP_ACCOUNT: parsed.config.accountId,
    });
    expect(parsed.warnings.join('\n')).not.toContain('identityProvider');
  });

  it('without pinned keys is warned of: an outage would lock people out', () => {
    const { keys: _keys, ...unpinned } = PROVIDER;
    const parsed = parse({ identityProvider: { ...unpinned, jwksUrl: 'https://login.example.com/keys' } });
    expect(parsed.kind === 'valid' && parsed.warnings.join('\n')).toContain('pins no keys');
  });

  it.each([
    ['without a way to its keys', { ...PROVIDER, keys: [] }, 'needs jwksUrl, or keys'],
    ['over plain http', { ...PROVIDER, issuer: 'http://login.example.com' }, 'at .issuer: not an https URL'],
    ['with a private key', { ...PROVIDER, keys: [{ ...KEY, d: 'secret' }] }, 'a private key'],
    ['with a symmetric key', { ...PROVIDER, keys: [{ kty: 'oct', k: 'secret' }] }, 'at .keys[0].kty'],
    ['with keys on this machine', { ...PROVIDER, jwksUrl: 'http://127.0.0.1:1/keys' }, 'is on this machine'],
    ['with a setting that is not known', { ...PROVIDER, audiences: [] }, 'audiences'],
    [
      'that makes everybody an org-admin',
      { ...PROVIDER, grants: [{ group: '*', role: 'org-admin' }] },
      'not everybody',
    ],
    ['with a member of no workspace', { ...PROVIDER, grants: [{ group: 'x', role: 'member' }] }, 'not held there'],
    [
      'with an org-admin of a workspace',
      { ...PROVIDER, grants: [{ group: 'x', role: 'org-admin', workspace: 'bank' }] },
      'not held there',
    ],
  ])('%s is refused, and never shown whole', (_what, identityProvider, why) => {
    const problems = problemsOf({ identityProvider });
    expect(problems.join('\n')).toContain(why);
    expect(problems.join('\n')).not.toContain('secret');
  });
});

describe('identities that break the glass', () => {
  it('are nobody by default', () => {
    const parsed = parse({});
    expect(parsed.kind === 'valid' && parsed.config.breakGlassPrincipals).toStrictEqual([]);
  });

  it.each([
    [['oncall'], 'not the ARN of a role or a user'],
    [['arn:aws:iam::111122223333:root'], 'not the ARN of a role or a user'],
    [['arn:aws:sts::111122223333:assumed-role/oncall/ada'], 'not the ARN of a role or a user'],
    [['arn:aws-us-gov:iam::111122223333:role/oncall'], 'of another partition'],
  ])('%j are refused', (breakGlassPrincipals, why) => {
    expect(problemsOf({ breakGlassPrincipals }).join('\n')).toContain(why);
  });
});
