/** `twinmap ask` against real HTTP answers: what is shown, which Region is tried, and every exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ask } from '../../ops/ask.ts';

const passage = {
  path: 'docs/a.md',
  title: 'A',
  source: 'shop',
  heading: null,
  startLine: 3,
  endLine: 9,
  text: Array.from({ length: 9 }, (_, at) => `line ${at}`).join('\n'),
  score: 0.5,
};

const TOKEN = `twm_${'a'.repeat(16)}_${'A'.repeat(43)}`;
const seen: (string | undefined)[] = [];

const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-ask-'));
const servers: Server[] = [];

const serve = async (status: number, body: unknown): Promise<string> => {
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  servers.push(server);
  const listening = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    listening.resolve(undefined);
  });
  await listening.promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const answerOf = (region: string, role: string): unknown => ({ region, role, epoch: 4, passages: [passage] });

const announce = (primary: string, secondary: string, router?: string): void => {
  const regions = [
    { role: 'primary', region: 'us-east-2', endpoint: primary },
    { role: 'secondary', region: 'us-west-2', endpoint: secondary },
  ];
  const running = { pid: process.pid, regions, ...(router === undefined ? {} : { router }) };
  writeFileSync(path.join(directory, 'running.json'), JSON.stringify(running));
};

const run = async (
  options: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: number; text: string; given: unknown }> => {
  const lines: string[] = [];
  let given: unknown;
  const exitCode = await ask.run({
    words: ['who', 'is', 'paged'],
    options: { data: directory, ...options },
    say: (line) => {
      lines.push(line);
    },
    give: (value) => {
      given = value;
    },
  });
  // CI asks for colours, a pipe does not; the words are the same.
  return { exitCode, text: stripVTControlCharacters(lines.join('\n')), given };
};

beforeEach(() => {
  vi.stubEnv('TWINMAP_TOKEN', '');
  writeFileSync(path.join(directory, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  seen.length = 0;
});

afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.close();
  }
  rmSync(path.join(directory, 'running.json'), { force: true });
});

describe('twinmap ask', () => {
  it('shows where an answer stands, also without a heading', async () => {
    announce(await serve(200, answerOf('us-east-2', 'primary')), 'http://127.0.0.1:1');
    const { exitCode, text } = await run();
    expect(exitCode).toBe(0);
    expect(text).toContain('answered by us-east-2 (primary), epoch 4');
    expect(text).toContain('1. docs/a.md:3-9');
    expect(text).toContain('… 3 more lines');
  });

  it('asks the other Region when one does not answer, and says so', async () => {
    announce('http://127.0.0.1:1', await serve(200, answerOf('us-west-2', 'secondary')));
    const { exitCode, text } = await run();
    expect(exitCode).toBe(0);
    expect(text).toMatch(/us-east-2 \(primary\) did not answer[\s\S]*answered by us-west-2/u);
  });

  it('asks the router first where one runs', async () => {
    const region = await serve(500, {});
    announce(region, region, await serve(200, answerOf('us-west-2', 'secondary')));
    expect((await run()).text).toMatch(/^answered by us-west-2/u);
  });

  it('asks only the Region that was named', async () => {
    announce(await serve(200, answerOf('us-east-2', 'primary')), 'http://127.0.0.1:1');
    expect(await run({ region: 'secondary' })).toMatchObject({ exitCode: 4 });
    expect(await run({ region: 'us-east-2' })).toMatchObject({ exitCode: 0 });
  });

  it('refuses a Region that the pair does not have', async () => {
    announce('http://127.0.0.1:1', 'http://127.0.0.1:1');
    const { exitCode, text, given } = await run({ region: 'mars' });
    expect(exitCode).toBe(64);
    expect(text).toContain('primary (us-east-2), secondary (us-west-2)');
    expect(given).toHaveProperty('error');
  });

  it('takes a question that is wrong for wrong usage, and asks nobody else', async () => {
    announce(
      await serve(400, { detail: 'The limit is no number.' }),
      await serve(200, answerOf('us-west-2', 'secondary')),
    );
    expect(await run({ limit: 'x' })).toMatchObject({ exitCode: 64, text: 'The limit is no number.' });
  });

  it('is unreachable where no Region answers', async () => {
    announce('http://127.0.0.1:1', 'http://127.0.0.1:1');
    expect(await run()).toMatchObject({ exitCode: 4 });
  });

  it('says how to start where nothing runs', async () => {
    await expect(run()).rejects.toThrow(/no local Regions are running in .*npm start/u);
    writeFileSync(path.join(directory, 'running.json'), '{"pid":');
    await expect(run()).rejects.toThrow(/npm start/u);
  });
});

describe('the token of twinmap ask', () => {
  const other = (letter: string): string => `twm_${letter.repeat(16)}_${'A'.repeat(43)}`;

  it('is the one that npm start keeps, unless the environment or the command line give another', async () => {
    announce(await serve(200, answerOf('us-east-2', 'primary')), 'http://127.0.0.1:1');
    await run();
    vi.stubEnv('TWINMAP_TOKEN', other('b'));
    await run();
    await run({ token: other('c') });
    expect([...new Set(seen)]).toStrictEqual([TOKEN, other('b'), other('c')].map((token) => `Bearer ${token}`));
  });

  it('is asked for where there is none, with how to get one', async () => {
    announce(await serve(200, answerOf('us-east-2', 'primary')), 'http://127.0.0.1:1');
    rmSync(path.join(directory, 'token'));
    await expect(run()).rejects.toThrow(/there is no token: .*--token or TWINMAP_TOKEN.*twinmap key create/u);
    expect(seen).toStrictEqual([]);
  });

  it.each(['nonsense', 'twm_secret', `${TOKEN}\r\nx-evil: 1`])('that is none is not sent: %j', async (token) => {
    announce(await serve(200, answerOf('us-east-2', 'primary')), 'http://127.0.0.1:1');
    const failure = run({ token });
    await expect(failure).rejects.toThrow(/what --token gives is not a token/u);
    await expect(failure).rejects.not.toThrow(/secret|nonsense|evil/u);
    expect(seen).toStrictEqual([]);
  });

  it('that is not accepted is said so, and never shown', async () => {
    announce(await serve(401, { detail: 'It has expired.' }), 'http://127.0.0.1:1');
    const { exitCode, text, given } = await run();
    expect(exitCode).toBe(64);
    expect(text).toBe('the token is not accepted by us-east-2: It has expired.');
    expect(JSON.stringify([text, given])).not.toContain(TOKEN);
  });

  it('does not follow to another address', async () => {
    const elsewhere = await serve(200, answerOf('us-west-2', 'secondary'));
    const server = createServer((_request, response) => {
      response.writeHead(307, { location: elsewhere }).end();
    });
    servers.push(server);
    const listening = Promise.withResolvers<undefined>();
    server.listen(0, '127.0.0.1', () => {
      listening.resolve(undefined);
    });
    await listening.promise;
    announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'http://127.0.0.1:1');
    expect(await run()).toMatchObject({ exitCode: 4 });
    expect(seen).toStrictEqual([]);
  });
});
