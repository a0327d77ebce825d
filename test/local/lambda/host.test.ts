/** The Lambda host with real processes: what a function gets, what it may not do, and what each kind of trouble ends as. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../functions/domain/errors.ts';
import { functionArn, REGION, specOf, writeBundle } from './bundle.ts';
import { eventually, openWorkbench, processLives } from './fixtures.ts';

const bench = await openWorkbench();
const { host, provision, logs } = bench;

const returned = async (name: string, payload: unknown = {}): Promise<unknown> => {
  const outcome = await host.invoke(name, payload);
  if (outcome.kind !== 'returned') {
    throw new Error(`${name}: ${JSON.stringify(outcome)}`);
  }
  return outcome.payload;
};

describe('what a function gets', () => {
  it('has exactly the declared environment and the variables that Lambda sets', async () => {
    const spec = await provision('env-of', 'export const handler = async () => process.env;', {
      environment: { PEER_REGION: 'us-west-2', TABLE: 'workspaces' },
      memoryMb: 320,
    });
    const environment = (await returned('env-of')) as Record<string, string>;
    expect(environment).toEqual({
      PEER_REGION: 'us-west-2',
      TABLE: 'workspaces',
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_LAMBDA_FUNCTION_NAME: 'env-of',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '320',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: spec.codeDirectory,
      AWS_ACCESS_KEY_ID: 'LOCALENVOF',
      AWS_SECRET_ACCESS_KEY: 'local-secret-access-key',
      TZ: ':UTC',
      TMPDIR: expect.stringContaining(path.join('data', 'lambda-tmp', 'env-of-')) as string,
    });
  });

  it('has the event and the context of its request', async () => {
    await provision(
      'context-of',
      `export const handler = async (event, context) => ({ event, id: context.awsRequestId, name: context.functionName,
         memory: context.memoryLimitInMB, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() });`,
    );
    const outcome = await host.invoke(functionArn('context-of'), { question: 'café' });
    expect(outcome).toMatchObject({
      kind: 'returned',
      payload: { event: { question: 'café' }, name: 'context-of', memory: '256', arn: functionArn('context-of') },
    });
    const { id, left } = (outcome as { payload: { id: string; left: number } }).payload;
    expect(outcome).toHaveProperty('report.requestId', id);
    expect(left).toBeGreaterThan(10_000);
    expect(left).toBeLessThanOrEqual(20_000);
  });

  it('returns null when its handler returns nothing', async () => {
    await provision('quiet', 'export const handler = async () => {};');
    await expect(returned('quiet')).resolves.toBeNull();
  });

  it('writes and reads its own temporary folder, which is gone with its environment', async () => {
    await provision(
      'scratch',
      `import { readFileSync, writeFileSync } from 'node:fs'; import { tmpdir } from 'node:os';
       export const handler = async () => { const f = tmpdir() + '/note'; writeFileSync(f, 'kept'); return [f, readFileSync(f, 'utf8')]; };`,
    );
    const [file, text] = (await returned('scratch')) as [string, string];
    expect(text).toBe('kept');
    await provision('scratch', 'export const handler = async () => 1;');
    await expect(readdir(path.dirname(file))).rejects.toThrow('ENOENT');
  });
});

describe('what a function may not do', () => {
  it.each([
    ['read a file outside its bundle', `(await import('node:fs')).readFileSync('/etc/passwd')`],
    ['list the folder above its bundle', `(await import('node:fs')).readdirSync(process.env.LAMBDA_TASK_ROOT + '/..')`],
    ['write into its bundle', `(await import('node:fs')).writeFileSync(process.env.LAMBDA_TASK_ROOT + '/x', 'x')`],
    ['write another temporary file', `(await import('node:fs')).writeFileSync(process.env.TMPDIR + '-x', 'x')`],
    ['start a program', `(await import('node:child_process')).spawn('git', ['--version'])`],
  ])('can not %s', async (_what, expression) => {
    await provision('wall', `export const handler = async () => { ${expression}; return 'done'; };`);
    const outcome = await host.invoke('wall', {});
    expect(outcome).toMatchObject({ kind: 'function-error', trace: expect.any(Array) as string[] });
    expect(outcome).toHaveProperty('message', expect.stringContaining('restricted'));
  });

  it('starts a worker, which is walled in like the function itself', async () => {
    await provision(
      'worker',
      `import { Worker } from 'node:worker_threads';
       const run = (code) => new Promise((resolve) => {
         new Worker(code, { eval: true }).on('error', (error) => resolve(error.message)).on('message', resolve);
       });
       export const handler = async () => [
         await run("require('node:worker_threads').parentPort.postMessage('here')"),
         await run("require('node:fs').readFileSync('/etc/passwd')"),
       ];`,
    );
    await expect(returned('worker')).resolves.toEqual(['here', expect.stringContaining('restricted')]);
  });

  it('runs from a code folder that is a symbolic link', async () => {
    const code = await writeBundle(bench.directory, 'export const handler = async () => "linked";');
    const link = path.join(bench.directory, 'link');
    await symlink(code, link);
    await host.ensureFunction(specOf('linked', link));
    await expect(returned('linked')).resolves.toBe('linked');
  });
});

describe('errors', () => {
  it('an error of the handler is a function error, and the environment stays warm', async () => {
    await provision(
      'throws',
      `let n = 0; export const handler = async (e) => { n += 1; if (e.fail) throw new RangeError('too far'); return [n, process.pid]; };`,
    );
    const [, pid] = (await returned('throws')) as number[];
    const outcome = await host.invoke('throws', { fail: true });
    expect(outcome).toMatchObject({ kind: 'function-error', errorType: 'RangeError', message: 'too far' });
    await expect(returned('throws')).resolves.toEqual([3, pid]);
  });

  it.each([
    ['Runtime.HandlerNotFound', 'export const other = 1;'],
    ['Runtime.UserCodeSyntaxError', 'export const handler = ;'],
    ['Runtime.ImportModuleError', "import './absent.mjs'; export const handler = async () => 1;"],
    ['Runtime.CallbackHandlerDeprecated', 'export const handler = (event, context, callback) => callback(null, 1);'],
    ['TypeError', "throw new TypeError('at the start'); export const handler = async () => 1;"],
  ])('a bundle that can not be loaded is a function error %s', async (errorType, source) => {
    await provision('unloadable', source);
    await expect(host.invoke('unloadable', {})).resolves.toMatchObject({ kind: 'function-error', errorType });
  });

  it.each([
    ['Runtime.UnhandledPromiseRejection', "void Promise.reject(new Error('forgotten'))"],
    ['Error', "setTimeout(() => { throw new Error('late'); }, 1)"],
  ])(
    'what nobody caught is a function error %s, and the next request gets a fresh environment',
    async (errorType, expression) => {
      await provision(
        'uncaught',
        `export const handler = async (e) => { if (e.fail) { ${expression}; await new Promise(() => {}); } return process.pid; };`,
      );
      const pid = await returned('uncaught');
      await expect(host.invoke('uncaught', { fail: true })).resolves.toMatchObject({
        kind: 'function-error',
        errorType,
      });
      await expect(returned('uncaught')).resolves.not.toBe(pid);
    },
  );

  it('a process that ends is a crash with its code, and the next request gets a fresh environment', async () => {
    await provision(
      'exits',
      'export const handler = async (e) => { if (e.exit) process.exit(7); return process.pid; };',
    );
    const pid = await returned('exits');
    await expect(host.invoke('exits', { exit: true })).resolves.toMatchObject({ kind: 'crashed', exitCode: 7 });
    await expect(returned('exits')).resolves.not.toBe(pid);
  });

  it('a request and a response over 6 MB are too large', async () => {
    await provision(
      'big',
      `export const handler = async (e) => e.grow ? 'x'.repeat(7 * 1024 * 1024) : e.text?.length ?? 0;`,
    );
    await expect(host.invoke('big', { text: 'x'.repeat(6 * 1024 * 1024) })).resolves.toMatchObject({
      kind: 'too-large',
      part: 'payload',
    });
    await expect(host.invoke('big', { grow: true })).resolves.toMatchObject({ kind: 'too-large', part: 'response' });
    await expect(returned('big', { text: 'x'.repeat(6 * 1024 * 1024 - 100) })).resolves.toBe(6 * 1024 * 1024 - 100);
  });

  it('a function that nobody provisioned is unknown', async () => {
    await expect(host.invoke('nobody', {})).resolves.toEqual({ kind: 'unknown-function', functionName: 'nobody' });
  });
});

describe('limits', () => {
  it.each([
    ['an await', 'await new Promise((r) => setTimeout(r, 60_000))'],
    ['a loop', 'while (true) {}'],
  ])('%s past the timeout is killed', async (_what, expression) => {
    await provision(
      'slow',
      `export const handler = async (e) => { if (e.slow) { ${expression}; } return process.pid; };`,
      {
        timeoutSeconds: 1,
      },
    );
    const pid = (await returned('slow')) as number;
    const outcome = await host.invoke('slow', { slow: true });
    expect(outcome).toMatchObject({ kind: 'timed-out', timeoutMs: 1000 });
    expect(processLives(pid)).toBe(false);
    await expect(returned('slow')).resolves.not.toBe(pid);
  });

  it.each([
    [
      'buffers',
      'const kept = []; for (;;) { kept.push(Buffer.alloc(8 * 1024 * 1024, 1)); await new Promise((r) => setTimeout(r, 2)); }',
    ],
    ['objects', 'const kept = []; for (let i = 0; ; i += 1) kept.push({ i, text: "n" + i, more: [i, i + 1] });'],
    ['one short spike', 'let b = Buffer.alloc(260 * 1024 * 1024, 1); return b.length;'],
  ])('more memory than declared, in %s, is out of memory', async (_what, expression) => {
    await provision(
      'greedy',
      `export const handler = async (e) => { if (e.greedy) { ${expression} } return 'fine'; };`,
    );
    await expect(returned('greedy')).resolves.toBe('fine');
    const outcome = await host.invoke('greedy', { greedy: true });
    expect(outcome).toMatchObject({ kind: 'out-of-memory', memoryMb: 256 });
    await expect(returned('greedy')).resolves.toBe('fine');
  });

  it('more temporary files than declared are storage exceeded', async () => {
    await provision(
      'hoarder',
      `import { truncateSync, writeFileSync, mkdirSync } from 'node:fs';
       export const handler = async (e) => { const d = process.env.TMPDIR + '/a/b'; mkdirSync(d, { recursive: true });
         writeFileSync(d + '/f', ''); truncateSync(d + '/f', e.mb * 1024 * 1024); return 'fine'; };`,
    );
    await expect(returned('hoarder', { mb: 500 })).resolves.toBe('fine');
    const outcome = await host.invoke('hoarder', { mb: 600 });
    expect(outcome).toMatchObject({ kind: 'storage-exceeded', ephemeralStorageMb: 512 });
  });

  it('reports what a request took', async () => {
    await provision(
      'reported',
      `let kept; export const handler = async () => { kept = Buffer.alloc(100e6, 1); return kept.length; };`,
    );
    const cold = await host.invoke('reported', {});
    expect(cold).toHaveProperty('report.initMs', expect.any(Number));
    expect((cold as { report: { maxRssMb: number } }).report.maxRssMb).toBeGreaterThan(100);
    const warm = await host.invoke('reported', {});
    expect(warm).not.toHaveProperty('report.initMs');
    const line = logs.findLast((log) => log.functionName === 'reported');
    expect(line?.text).toMatch(
      /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB$/u,
    );
  });
});

describe('environments', () => {
  const SLEEPER = `export const handler = async (e) => { await new Promise((r) => setTimeout(r, e.ms ?? 0)); return process.pid; };`;

  it('are reused one request at a time, and scale out to the reserved concurrency; the next is throttled', async () => {
    await provision('capped', SLEEPER, { reservedConcurrency: 2 });
    const first = await returned('capped');
    await expect(returned('capped')).resolves.toBe(first);
    const outcomes = await Promise.all([1, 2, 3].map(async () => host.invoke('capped', { ms: 400 })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['returned', 'returned', 'throttled']);
    expect(new Set(host.processIdsOf('capped')).size).toBe(2);
    expect(host.concurrencyOf('capped')).toBe(2);
  });

  it('a function with a reservation of zero never runs; a negative one is the default', async () => {
    await provision('off', SLEEPER, { reservedConcurrency: 0 });
    await expect(host.invoke('off', {})).resolves.toEqual({ kind: 'throttled' });
    await provision('open', SLEEPER, { reservedConcurrency: -1 });
    expect(host.concurrencyOf('open')).toBe(10);
  });

  it('end after a while without a request', async () => {
    const brief = await openWorkbench({ idleMs: 100 });
    await brief.provision('brief', SLEEPER);
    const outcome = await brief.host.invoke('brief', {});
    const { payload } = outcome as { payload: number };
    await eventually(() => !processLives(payload), 'the idle environment ends');
    expect(brief.host.processIdsOf('brief')).toEqual([]);
  });

  it('with replaced code finish their request and take no other', async () => {
    await provision('replaced', SLEEPER);
    const running = host.invoke('replaced', { ms: 500 });
    await eventually(() => host.processIdsOf('replaced').length === 1, 'the old version runs');
    await provision('replaced', 'export const handler = async () => "new";');
    await expect(returned('replaced')).resolves.toBe('new');
    const old = (await running) as { kind: string; payload: number };
    expect(old.kind).toBe('returned');
    await eventually(() => !processLives(old.payload), 'the old version ends');
  });

  it('end when the caller gives up', async () => {
    await provision('given-up', SLEEPER);
    const outcome = await host.invoke('given-up', { ms: 60_000 }, { signal: AbortSignal.timeout(300) });
    expect(outcome).toMatchObject({ kind: 'aborted' });
  });

  it('end with the host, which lets a request in flight finish first', async () => {
    const closing = await openWorkbench();
    await closing.provision('closing', SLEEPER);
    const finished = closing.host.invoke('closing', { ms: 200 });
    const pending = closing.host.invoke('closing', { ms: 60_000 });
    await closing.host.close({ graceMs: 1500 });
    const { payload } = (await finished) as { payload: number };
    expect(payload).toEqual(expect.any(Number));
    await expect(pending).resolves.toMatchObject({ kind: 'aborted' });
    await expect(closing.host.invoke('closing', {})).resolves.toEqual({ kind: 'aborted' });
    expect(processLives(payload)).toBe(false);
    await expect(readdir(path.join(closing.directory, 'data', 'lambda-tmp'))).resolves.toEqual([]);
  });
});

describe('logs', () => {
  it('come line by line under their request, before its report, a long line whole', async () => {
    await provision(
      'talks',
      `console.log('at the start'); export const handler = async (e) => { console.log('one\\ntwo'); console.error('trouble');
         process.stdout.write('x'.repeat(200_000) + '\\n'); process.stdout.write('no newline' + e.n); return 1; };`,
    );
    await returned('talks', { n: 1 });
    const lines = logs.filter((log) => log.functionName === 'talks');
    const requestId = lines.at(-1)?.requestId;
    expect(requestId).toEqual(expect.any(String));
    expect(lines.slice(0, 3).map(({ text }) => text)).toEqual(['at the start', 'one', 'two']);
    expect(lines.map(({ text }) => text)).toContain('trouble');
    expect(lines.map(({ text }) => text.length)).toContain(200_000);
    expect(lines.map(({ text }) => text)).toContain('no newline1');
    expect(lines.filter(({ text }) => text.startsWith('REPORT'))).toHaveLength(1);
    expect(lines.at(-1)?.text).toMatch(/^REPORT/u);
    expect(new Set(lines.map((line) => line.requestId))).toEqual(new Set([requestId]));
  });
});

describe('what Lambda would refuse', () => {
  it.each([
    ['a reserved variable', { environment: { AWS_REGION: 'eu-west-1' } }, /AWS_REGION.*reserves/u],
    ['more than 4 KB of environment', { environment: { LONG: 'x'.repeat(4093) } }, /4097 bytes/u],
    ['a timeout over 15 minutes', { timeoutSeconds: 901 }, /timeoutSeconds = 901/u],
    ['too little memory', { memoryMb: 64 }, /memoryMb = 64/u],
    ['a handler without an export', { handler: 'index' }, /index\.handler/u],
    ['a bundle that was not built', { handler: 'main.handler' }, /Build the bundles first/u],
    ['a name with a slash', { name: 'a/b' }, /no function name/u],
  ])('%s is refused when the function is provisioned', async (_what, spec, message) => {
    const refusal = provision('refused', 'export const handler = async () => 1;', spec);
    await expect(refusal).rejects.toThrow(ConfigError);
    await expect(refusal).rejects.toThrow(message);
  });

  it('two functions whose access keys would be the same are refused', async () => {
    await provision('twin-a', 'export const handler = async () => 1;');
    await expect(provision('TWINA', 'export const handler = async () => 1;')).rejects.toThrow(/Rename one/u);
  });
});

it('leftovers of a killed host are taken away at the start', async () => {
  const data = path.join(bench.directory, 'other');
  const other = await openWorkbench({ dataDirectory: data });
  await mkdir(path.join(data, 'lambda-tmp', 'old'), { recursive: true });
  await writeFile(path.join(data, 'lambda-tmp', 'old', 'file'), 'x');
  await other.provision('clean', 'export const handler = async () => 1;');
  await expect(readdir(path.join(data, 'lambda-tmp'))).resolves.toEqual([]);
});
