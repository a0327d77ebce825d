/** The commands against a running router, and the process that runs it: key, token, drill, check, SIGTERM. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROUTER_COMMANDS } from '../../../router/cli.ts';
import { type FaultOrigin, startFaultOrigin } from '../support/fault-origin.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'router-cli-'));
const configFile = path.join(folder, 'router.json');
const keyFile = path.join(folder, 'operator.key');
const ROOT = path.resolve(import.meta.dirname, '../../..');
let a: FaultOrigin;
let b: FaultOrigin;

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly given: Record<string, unknown>;
}

const run = async (
  name: string,
  words: readonly string[],
  options: Record<string, string | boolean> = {},
): Promise<Ran> => {
  const said: string[] = [];
  let given: unknown;
  const command = ROUTER_COMMANDS.find((one) => one.name === name);
  const code = await command?.run({
    words,
    options: { config: configFile, ...options },
    say: (line) => said.push(line),
    give: (value) => {
      given = value;
    },
  });
  return { code: code ?? -1, said: said.join('\n'), given: given as Record<string, unknown> };
};

const writeConfig = (more: Record<string, unknown> = {}): void => {
  const regions = [a, b].map(({ name, endpoint }) => ({ id: name, endpoint }));
  writeFileSync(configFile, JSON.stringify({ name: 'rt', listen: { host: '127.0.0.1', port: 0 }, regions, ...more }));
};

/** The process as a service manager would run it. */
const startProcess = async () => {
  const code = `import { runRouter } from '${ROOT}/router/entries/node/main.ts'; await runRouter(['--config', '${configFile}']);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<number | null>();
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    const url = /"url":"(?<url>[^"]+)"/u.exec(out)?.groups?.['url'];
    if (url !== undefined) {
      ready.resolve(url);
    }
  });
  child.once('exit', (status) => {
    ended.resolve(status);
    ready.reject(new Error(`The router ended: ${out}`));
  });
  return { url: await ready.promise, child, ended: ended.promise, out: () => out };
};

beforeAll(async () => {
  [a, b] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b')]);
  writeConfig();
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('router check', () => {
  it('asks each Region for everything and says what it found', async () => {
    const { code, said } = await run('check', []);
    expect(said).toContain('ok   it says: active, epoch 1, unknown');
    expect(code).toBe(0);
  });

  it('a Region that does not answer is bad, with why', async () => {
    await b.set('refuse');
    const { code, said } = await run('check', []);
    await b.set('none');
    expect(said).toMatch(/BAD {2}\/healthz: ECONNREFUSED/u);
    expect(code).toBe(4);
  });

  it('every mistake of a config is in one error', async () => {
    const file = path.join(folder, 'bad.json');
    writeFileSync(file, JSON.stringify({ regions: [], mode: 'x' }));
    await expect(run('check', [], { config: file })).rejects.toThrow(/regions [\s\S]*mode |mode [\s\S]*regions /u);
  });
});

describe('router token and router drill', () => {
  it('a key is made once, a token is minted with it, shown, and drills the fleet', async () => {
    const made = await run('token', ['new-key'], { key: keyFile });
    await expect(run('token', ['new-key'], { key: keyFile })).rejects.toThrow('EEXIST');
    writeConfig({ override: { keys: [{ kid: 'ops', publicKey: made.given['publicKey'] }] } });
    const minted = await run('token', ['prefer:b'], {
      key: keyFile,
      kid: 'ops',
      for: '5m',
      why: 'test',
      request: true,
    });
    const shown = await run('token', [String(minted.given['token'])]);
    expect(shown.said).toContain('prefer:b (request');
    expect(shown.said).toContain('This router takes it.');

    const router = await startProcess();
    try {
      const drilled = await run('drill', ['b'], {
        router: router.url,
        for: '1s',
        key: keyFile,
        kid: 'ops',
        path: '/x',
      });
      expect(drilled.given).toMatchObject({ failed: 0 });
      expect(Object.keys(drilled.given['regions'] as object).toSorted()).toStrictEqual(['a', 'b']);
      expect(drilled.code).toBe(0);
      expect(router.out()).toContain('"event":"override.applied"');
    } finally {
      router.child.kill('SIGTERM');
      await router.ended;
    }
  });

  it('SIGTERM lets what is in flight end, then the process', async () => {
    const router = await startProcess();
    const response = await fetch(`${router.url}/events`, { headers: { accept: 'text/event-stream' } });
    const reader = response.body?.getReader();
    await reader?.read();
    router.child.kill('SIGTERM');
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    const ready = await fetch(`${router.url}/readyz`);
    expect(ready.status).toBe(503);
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect(await router.ended).toBe(0);
  });
});

describe('router init and router render', () => {
  const outputs = (name: string, value: unknown): string => {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };

  it('the outputs of both stacks make a config, with addresses where a stack has them', async () => {
    const primary = outputs('primary', {
      region: 'us-east-2',
      endpoint: 'https://twinmap1.example',
      routerAddresses: ['10.1.0.10'],
      tableNames: {},
    });
    const secondary = outputs('secondary', { region: 'us-west-2', endpoint: 'https://twinmap2.example' });
    const { given, code } = await run('init', [primary, secondary]);
    expect(code).toBe(0);
    expect(given).toStrictEqual({
      regions: [
        { id: 'us-east-2', endpoint: 'https://twinmap1.example', addresses: ['10.1.0.10'] },
        { id: 'us-west-2', endpoint: 'https://twinmap2.example' },
      ],
    });
    await expect(run('init', [primary, primary])).rejects.toThrow('is the same as that of another Region');
    await expect(run('init', [primary, outputs('empty', {})])).rejects.toThrow('is the stack deployed?');
  });

  it('what is rendered says what it can not promise', async () => {
    const file = path.join(folder, 'names.json');
    const regions = [
      { id: 'a', endpoint: 'https://a.example', addresses: ['10.1.0.10', '2001:db8::1'] },
      { id: 'b', endpoint: 'https://b.example:8443' },
    ];
    writeFileSync(file, JSON.stringify({ regions, listen: { host: '::', port: 8080 } }));
    const out = path.join(folder, 'rendered');
    const workerd = await run('render', [], { config: file, out });
    expect(workerd.said).toContain('b: no addresses, so workerd asks DNS');
    const capnp = readFileSync(path.join(out, 'router.capnp'), 'utf8');
    expect(capnp).toContain('address = "[2001:db8::1]:443"');
    expect(capnp).toContain('address = "b.example:8443"');
    expect(capnp).toContain('certificateHost = "a.example"');
    expect(capnp).toContain('address = "[::]:8080"');
    expect(capnp).toContain('globalOutbound = "nowhere"');
    const worker = await run('render', [], { config: file, out, worker: true });
    expect(worker.said).toContain('This form needs Cloudflare to be up');
    const missing = path.join(folder, 'missing.json');
    writeFileSync(missing, JSON.stringify({ regions: [{ ...regions[0], caFile: '/nowhere/ca.pem' }] }));
    await expect(run('render', [], { config: missing, out })).rejects.toThrow("/nowhere/ca.pem can't be copied");
  });
});

describe('the command line', () => {
  const shell = (...args: readonly string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'bin/twinmap-router.mjs'), ...args],
      {
        encoding: 'utf8',
      },
    );
    return { code: status, out: stdout, err: stderr };
  };

  it('lists every command and the exit codes', () => {
    const { code, out } = shell('--help');
    expect(code).toBe(0);
    for (const { name } of ROUTER_COMMANDS) {
      expect(out).toContain(`  ${name} `);
    }
    expect(out).toContain('Exit codes: 0 done');
  });

  it('a mistake is one line and its code', () => {
    expect(shell('nonsense')).toMatchObject({ code: 64, err: "error: unknown command 'nonsense'\n" });
    expect(shell('token')).toMatchObject({ code: 64 });
    const none = shell('--config', '/nowhere.json');
    expect(none.code).toBe(1);
    expect(none.err).toMatch(/^twinmap-router run: There is no config that can be read at [^\n]*\n$/u);
    const json = shell('check', '--json', '--config', '/nowhere.json');
    expect(JSON.parse(json.out)).toMatchObject({ code: 'TM_CONFIG' });
    expect(json.code).toBe(1);
  });
});
