/** A role of another account, from the local STS: asked for once, renewed in time, and not needed while what it gave is valid. */
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { assumedRole, type CredentialSource } from '../../../functions/aws/assumed-role.ts';
import { clientOptions } from '../../../functions/aws/client-options.ts';
import { classifyFailure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { openRegion, type OpenRegion, REGION } from '../../local/services/open-region.ts';

const ROLE = 'arn:aws:iam::444455556666:role/twinmap-us-west-2-peer';
const START_MS = Date.parse('2026-01-31T09:00:00Z');
const MINUTE_MS = 60_000;
const CALL_TIMEOUT_MS = 300;

let region: OpenRegion;
let nowMs = START_MS;
let given = 0;
let trusts = true;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'LOCALTEST';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  region = await openRegion({
    now: () => nowMs,
    sts: {
      nameOf: (key) => key,
      assume: (_caller, roleArn) => {
        given += 1;
        return trusts && roleArn === ROLE
          ? { accessKeyId: `SESSION${given}`, sessionArnStart: 'arn:aws:sts::444455556666:assumed-role/peer' }
          : undefined;
      },
    },
  });
});

afterEach(() => {
  nowMs = START_MS;
  given = 0;
  trusts = true;
  region.services.faults.clear();
});

afterAll(async () => {
  await region.close();
});

const target = (callTimeoutMs = CALL_TIMEOUT_MS) => ({
  region: REGION,
  endpoint: region.services.endpoint,
  bounds: { connectTimeoutMs: 200, callTimeoutMs, attemptsMax: 1 },
});

const source = (roleArn = ROLE): CredentialSource =>
  assumedRole({ target: target(), roleArn, sessionName: 'twinmap us-east-2/sync', now: () => nowMs });

describe('the credentials of an assumed role', () => {
  it('are asked for once by callers at the same time, and kept', async () => {
    const credentials = source();
    const [one, other] = await Promise.all([credentials(), credentials()]);
    nowMs += 39 * MINUTE_MS;
    const later = await credentials();
    expect(new Set([one, other, later].map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['SESSION1']));
    expect(one.sessionToken).toBe('local-session-of-twinmap-us-east-2-sync');
  });

  it('are renewed long before they end, and the SDK is told so', async () => {
    const credentials = source();
    const { expiration } = await credentials();
    const endMs = START_MS + LIMITS.peerRoleSessionSeconds * 1000;
    // The SDK asks five minutes before what it is told.
    expect(expiration.getTime() - 5 * MINUTE_MS).toBe(endMs - LIMITS.peerRoleRenewMs);
    nowMs = endMs - LIMITS.peerRoleRenewMs + 1;
    expect((await credentials()).accessKeyId).toBe('SESSION2');
  });

  it.each(['error-503', 'blackhole'] as const)(
    'go on through an outage of STS (%s) for as long as they are valid',
    async (mode) => {
      const credentials = source();
      await credentials();
      region.services.faults.set({ service: 'sts', mode });
      nowMs += 50 * MINUTE_MS;
      expect((await credentials()).accessKeyId).toBe('SESSION1');
      const before = performance.now();
      await credentials();
      expect(performance.now() - before, 'a second call waits for STS').toBeLessThan(CALL_TIMEOUT_MS / 2);
      nowMs += 10 * MINUTE_MS;
      await expect(credentials()).rejects.toThrow();
      region.services.faults.clear();
      expect((await credentials()).accessKeyId).toMatch(/^SESSION/u);
    },
  );

  it('come within the bound of a call, or not at all', async () => {
    region.services.faults.set({ service: 'sts', mode: 'blackhole' });
    const before = performance.now();
    const failure = await source()().catch(classifyFailure);
    expect(failure).toMatchObject({ reason: 'unreachable' });
    expect(performance.now() - before).toBeLessThan(CALL_TIMEOUT_MS * 3);
  });

  it('are refused by action and resource where the role does not trust the caller', async () => {
    trusts = false;
    const failure = await source()().catch(classifyFailure);
    expect(failure).toMatchObject({
      reason: 'refused',
      code: 'AccessDenied',
      message: `User: LOCALTEST is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`,
    });
  });

  it('are those that a client signs with', async () => {
    const client = new STSClient(clientOptions({ ...target(), credentials: source() }));
    expect(await client.config.credentials()).toMatchObject({ accessKeyId: 'SESSION1' });
  });
});
