/** The resource monitor, run with a small program through the real language host. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { beforeAll, describe, expect, it, vi } from 'vitest';

import type { RegisteredResource } from '../../../local/monitor/registered-resource.ts';
import { type ProgramResult, runProgram, type RunProgramOptions } from '../../../local/monitor/run-program.ts';
import { UNKNOWN } from '../../../local/monitor/wire-values.ts';

const rootDirectory = path.join(import.meta.dirname, 'fixture');

const run = async (mode: string, options: Partial<RunProgramOptions> = {}): Promise<ProgramResult> =>
  runProgram({
    stack: 'primary',
    project: 'fixture',
    config: { 'fixture:mode': mode, 'pulumi:disable-default-providers': '["aws"]' },
    rootDirectory,
    preview: false,
    onResource: async ({ name }) => ({ id: `${name}-id`, outputs: { arn: `arn:${name}` } }),
    ...options,
  });

/** The language host that a process has started; throws until there is one. */
const hostOf = (parent: number): number => {
  const pids = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
  const host = pids.find((pid) => pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--monitor='));
  if (host === undefined) {
    throw new Error('it has not started yet');
  }
  return host;
};

/** A killed process that nobody has waited for yet is dead. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const messageOf = async (running: Promise<unknown>): Promise<string> => {
  try {
    await running;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return 'no error';
};

describe('a run that succeeds', () => {
  let result: ProgramResult;
  const handed: RegisteredResource[] = [];

  const byName = (name: string): RegisteredResource | undefined =>
    result.resources.find((resource) => resource.name === name);

  beforeAll(async () => {
    result = await run('all', {
      onResource: async (resource) => {
        handed.push(resource);
        return { id: `${resource.name}-id`, outputs: { arn: `arn:${resource.name}` } };
      },
    });
  });

  it('hands over what is to be made, in the order of its dependencies, and no component', () => {
    expect(handed.map(({ name }) => name)).toEqual(['home', 'first', 'second']);
  });

  it('records type, URN, parent and explicit provider', () => {
    expect(byName('first')).toMatchObject({
      type: 'aws:test/thing:Thing',
      urn: 'urn:pulumi:primary::fixture::fixture:index:Group$aws:test/thing:Thing::first',
      parent: 'urn:pulumi:primary::fixture::fixture:index:Group::group',
      provider: 'urn:pulumi:primary::fixture::pulumi:providers:aws::home::home-id',
    });
  });

  it('records what mocks hide: protection, ignored changes and dependencies', () => {
    expect(byName('first')).toMatchObject({ protect: true, ignoreChanges: [] });
    expect(byName('second')).toMatchObject({
      protect: false,
      ignoreChanges: ['other'],
      dependencies: [byName('first')?.urn],
    });
  });

  it('unwraps secrets and says which they were', () => {
    expect(byName('first')?.inputs).toEqual({ secret: 'hidden', nested: { value: 'deep' } });
    expect(byName('first')?.secretInputs).toEqual(['secret']);
  });

  it('gives a folder archive as an absolute path, and outputs of earlier resources as values', () => {
    expect(byName('second')?.inputs).toEqual({ code: path.join(rootDirectory, 'some/folder'), other: 'arn:first' });
  });

  it('returns what the program exports', () => {
    expect(result.outputs).toEqual({ lastArn: 'arn:second', listed: ['all', { nested: true }] });
  });
});

describe('a preview', () => {
  it('makes nothing and leaves unknown what only a made resource can tell', async () => {
    const made: string[] = [];
    const { resources, outputs } = await run('all', {
      preview: true,
      onResource: async ({ name }) => {
        made.push(name);
        return { id: name, outputs: {} };
      },
    });
    expect(made).toEqual([]);
    expect(resources.find(({ name }) => name === 'second')?.inputs['other']).toBe(UNKNOWN);
    expect(outputs['lastArn']).toBe(UNKNOWN);
  });
});

describe('a run that fails', () => {
  it.each([
    [
      'a refusal as it was written, without a stack',
      'refuse',
      'ProgramError: the first setting is wrong\nthe second setting is wrong',
    ],
    ['an accident in one line', 'throw', 'ProgramError: TypeError: an accident'],
  ])('tells %s', async (_what, mode, message) => {
    await expect(messageOf(run(mode))).resolves.toBe(message);
  });

  it.each([
    ['a resource without explicit provider', 'default-provider', /stray .* has no explicit provider/u],
    ['two resources of one name', 'twice', /declares urn:.*::same twice/u],
    ['a look-up', 'look-up', /looks something up \(aws:index\/getRegion:getRegion\)/u],
  ])('refuses %s', async (_what, mode, message) => {
    await expect(messageOf(run(mode))).resolves.toMatch(message);
  });

  it('names the resource that could not be made, and why', async () => {
    const failing = run('all', {
      onResource: async ({ name }) => {
        if (name === 'first') {
          throw new Error('the table is busy');
        }
        return { id: name, outputs: {} };
      },
    });
    await expect(messageOf(failing)).resolves.toBe(
      'ProgramError: first (aws:test/thing:Thing) was not made: the table is busy',
    );
  });

  it('stops a program that does not end', async () => {
    await expect(messageOf(run('hang', { timeoutMs: 2500 }))).resolves.toMatch(/stopped before its end/u);
  });

  it.skipIf(process.platform !== 'linux')('takes the program along when whoever runs it is killed', async () => {
    const begun = path.join(mkdtempSync(path.join(tmpdir(), 'twinmap-monitor-')), 'begun');
    const script = `
      import { runProgram } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../local/monitor/run-program.ts'))};
      await runProgram({ stack: 'primary', project: 'fixture', preview: false,
        config: { 'fixture:mode': 'spin', 'fixture:begun': ${JSON.stringify(begun)} },
        rootDirectory: ${JSON.stringify(rootDirectory)}, onResource: async () => ({ id: 'id', outputs: {} }) });`;
    const runner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const pid = await vi.waitFor(
      () => {
        expect(existsSync(begun)).toBe(true);
        return hostOf(runner.pid ?? 0);
      },
      { timeout: 20_000, interval: 100 },
    );
    runner.kill('SIGKILL');
    await vi.waitFor(
      () => {
        expect(isAlive(pid)).toBe(false);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it('says that a folder holds no program', async () => {
    await expect(messageOf(run('all', { rootDirectory: path.join(rootDirectory, 'empty') }))).resolves.toMatch(
      /no Pulumi program in .*empty/u,
    );
  });
});
