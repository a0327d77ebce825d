/** Look-ups against a name server that fails as DNS fails: bounded, with a code, and without losing what was good. */
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { BoundedLookup } from '../../../functions/aws/bounded-lookup.ts';
import { isNameFailure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { type NameMode, type NameServer, openNameServer, serviceHost } from '../../../local/services/name-server.ts';

const HOST = serviceHost('dynamodb', 'us-east-2');
const TIMEOUT_MS = 100;
/** What a busy machine may add. */
const SLACK_MS = 400;

let names: NameServer;

beforeAll(async () => {
  const opened = await openNameServer();
  if (opened === undefined) {
    throw new Error('these tests need UDP on loopback');
  }
  names = opened;
});

afterEach(() => {
  names.setMode(HOST, 'ok');
});

afterAll(async () => {
  await names.close();
});

interface Answer {
  readonly code?: string;
  readonly error?: Error;
  readonly addresses?: readonly string[];
  readonly family?: number | undefined;
  readonly ms: number;
}

const ask = async (lookup: BoundedLookup, host: string, family?: 4 | 6): Promise<Answer> => {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    lookup.lookup(host, { all: true, ...(family === undefined ? {} : { family }) }, (error, found) => {
      const ms = performance.now() - startedAt;
      if (error !== null) {
        resolve({ code: error.code ?? '', error, ms });
      } else if (typeof found === 'string') {
        resolve({ addresses: [found], ms });
      } else {
        resolve({ addresses: found.map(({ address }) => address), family: found[0]?.family, ms });
      }
    });
  });
};

const open = (now: () => number = () => 0): BoundedLookup =>
  new BoundedLookup({ servers: [names.server], timeoutMs: TIMEOUT_MS, now });

describe('a name that is not known yet', () => {
  it('is asked of the servers that are named', async () => {
    expect(await ask(open(), HOST)).toMatchObject({ addresses: ['127.0.0.1'], family: 4 });
  });

  it.each<[NameMode, string]>([
    ['empty', 'ENODATA'],
    ['nxdomain', 'ENOTFOUND'],
    ['servfail', 'ESERVFAIL'],
    ['silent', 'ETIMEOUT'],
  ])('fails with DNS "%s" as %s, within its bound and as a failure of the name', async (mode, code) => {
    names.setMode(HOST, mode);
    const answer = await ask(open(), HOST);
    expect(answer.code).toBe(code);
    expect(isNameFailure(answer.error)).toBe(true);
    expect(answer.ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it('fails within the same bound where several servers are silent', async () => {
    names.setMode(HOST, 'silent');
    const lookup = new BoundedLookup({
      servers: [names.server, names.server, names.server],
      timeoutMs: TIMEOUT_MS,
      now: () => 0,
    });
    const answer = await ask(lookup, HOST);
    expect([answer.code, answer.ms < TIMEOUT_MS + SLACK_MS]).toEqual(['ETIMEOUT', true]);
  });

  it('is found by a process that was busy for longer than the bound: the answer was there all the time', async () => {
    const asked = ask(open(), HOST);
    const until = performance.now() + 3 * TIMEOUT_MS;
    // After the question has left, nothing else runs for a while.
    await new Promise(setImmediate);
    while (performance.now() < until) {
      Math.sqrt(until);
    }
    expect((await asked).addresses).toEqual(['127.0.0.1']);
  });

  it('is asked again by whoever comes next', async () => {
    names.setMode(HOST, 'nxdomain');
    const lookup = open();
    expect((await ask(lookup, HOST)).code).toBe('ENOTFOUND');
    names.setMode(HOST, 'ok');
    expect((await ask(lookup, HOST)).addresses).toEqual(['127.0.0.1']);
  });

  it('is one question for many that connect at once', async () => {
    const before = names.asked(HOST);
    const lookup = open();
    await Promise.all(Array.from({ length: 20 }, async () => ask(lookup, HOST)));
    expect(names.asked(HOST) - before).toBe(1);
  });
});

describe('a name that was good', () => {
  it.each<NameMode>(['empty', 'nxdomain', 'servfail', 'silent'])(
    'goes on with DNS "%s", and nobody waits for it',
    async (mode) => {
      let nowMs = 0;
      const lookup = open(() => nowMs);
      await ask(lookup, HOST);
      names.setMode(HOST, mode);
      nowMs = LIMITS.dnsLastGoodMs;
      const answers = [await ask(lookup, HOST), await ask(lookup, HOST)];
      expect(answers.map(({ addresses }) => addresses)).toEqual([['127.0.0.1'], ['127.0.0.1']]);
      expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(TIMEOUT_MS - 20);
    },
  );

  it('is given up when it is too old', async () => {
    let nowMs = 0;
    const lookup = open(() => nowMs);
    await ask(lookup, HOST);
    names.setMode(HOST, 'nxdomain');
    nowMs = LIMITS.dnsLastGoodMs + 1;
    expect((await ask(lookup, HOST)).code).toBe('ENOTFOUND');
  });

  it('is not asked again while it is fresh, and once when it is not', async () => {
    let nowMs = 0;
    const lookup = open(() => nowMs);
    await ask(lookup, HOST);
    const before = names.asked(HOST);
    await ask(lookup, HOST);
    expect(names.asked(HOST)).toBe(before);
    nowMs = LIMITS.dnsFreshMaxMs;
    await ask(lookup, HOST);
    await ask(lookup, HOST);
    await expect.poll(() => names.asked(HOST)).toBe(before + 1);
  });

  it('is asked no more than once a second while DNS fails', async () => {
    let nowMs = 0;
    const lookup = open(() => nowMs);
    await ask(lookup, HOST);
    names.setMode(HOST, 'servfail');
    nowMs = LIMITS.dnsFreshMaxMs;
    await ask(lookup, HOST);
    const before = names.asked(HOST);
    await expect.poll(() => names.asked(HOST)).toBeGreaterThanOrEqual(before);
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    const asked = names.asked(HOST);
    nowMs += LIMITS.dnsFreshMinMs - 1;
    await ask(lookup, HOST);
    expect(names.asked(HOST)).toBe(asked);
  });
});

describe('what needs no DNS', () => {
  it.each([
    ['127.0.0.2', undefined, '127.0.0.2'],
    ['::1', undefined, '::1'],
    ['localhost', undefined, '127.0.0.1'],
    ['localhost', 6, '::1'],
    ['x.localhost', undefined, '127.0.0.1'],
  ] as const)('%s (family %s) is %s without a question', async (host, family, address) => {
    const lookup = new BoundedLookup({ servers: ['127.0.0.1:1'], timeoutMs: TIMEOUT_MS, now: () => 0 });
    expect((await ask(lookup, host, family)).addresses).toEqual([address]);
  });

  it('is no name of ours: a server that does not know it refuses it', async () => {
    expect((await ask(open(), 'example.com')).code).toBe('EREFUSED');
  });
});

describe('an agent with it', () => {
  it('connects by the name, with and without several addresses to try', async () => {
    const server = createServer((_request, response) => response.end('here'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    for (const autoSelectFamily of [true, false]) {
      const agent = new Agent({ lookup: open().lookup, autoSelectFamily });
      const status = await new Promise((resolve, reject) => {
        get({ host: HOST, port, agent }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).once('error', reject);
      });
      expect(status).toBe(200);
      agent.destroy();
    }
    server.close();
  });
});
