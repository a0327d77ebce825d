/** Lambda's own API of a local Region: what the operator's client gets from a function that answers, fails, is busy or is not there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { InvokeOutcome } from '../../../local/lambda/outcome.ts';
import { openServices, type OpenServices } from '../../../local/services/open-services.ts';
import { FunctionClient } from '../../../ops/aws/function-client.ts';
import { useLocalCredentials } from '../../../ops/pair-stores.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-lambda-'));
const seen: unknown[] = [];
let services: OpenServices;
let client: FunctionClient;

const OUTCOMES: Readonly<Record<string, InvokeOutcome>> = {
  fine: { kind: 'returned', payload: { kind: 'passive' } },
  broken: { kind: 'function-error', errorType: 'RegionUnavailableError', message: 'no tables', trace: [] },
  slow: { kind: 'timed-out', timeoutMs: 1000 },
  busy: { kind: 'throttled' },
};

beforeAll(async () => {
  useLocalCredentials();
  services = await openServices({
    region: 'us-east-2',
    accountId: '111122223333',
    dataDirectory: directory,
    functions: {
      invoke: async (functionName, payload) => {
        seen.push(payload);
        return OUTCOMES[functionName] ?? { kind: 'unknown-function', functionName };
      },
      describe: async (name) =>
        name === 'fine' ? { name, arn: 'arn', codeSha256: 'c0de', memoryMb: 128, timeoutSeconds: 3 } : undefined,
    },
  });
  client = new FunctionClient({
    region: 'us-east-2',
    endpoint: services.endpoints.lambda,
    bounds: { connectTimeoutMs: 2000, callTimeoutMs: 10_000, attemptsMax: 1 },
  });
});

afterAll(async () => {
  await services.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('an invocation', () => {
  it('gives what the function returned, and the function what was sent', async () => {
    expect(await client.invoke('fine', { hello: 1 })).toStrictEqual({ kind: 'done', value: { kind: 'passive' } });
    expect(seen.at(-1)).toStrictEqual({ hello: 1 });
  });

  it.each([
    ['broken', { code: 'RegionUnavailableError', message: 'no tables' }],
    ['slow', { code: 'Runtime.timed-out' }],
    ['busy', { reason: 'throttled', code: 'TooManyRequestsException' }],
    ['nowhere', { reason: 'refused', code: 'ResourceNotFoundException' }],
  ])('of a function that is %s is a failure with its name', async (name, failure) => {
    expect(await client.invoke(name, {})).toMatchObject({ kind: 'failed', failure });
  });
});

describe('the code of a function', () => {
  it('is told by its hash', async () => {
    expect(await client.codeOf('fine')).toStrictEqual({ kind: 'done', value: 'c0de' });
    expect(await client.codeOf('nowhere')).toMatchObject({
      kind: 'failed',
      failure: { code: 'ResourceNotFoundException' },
    });
  });
});
