/** No environment outlives its Region, whatever the Region's process dies of and whatever the environment is doing. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeBundle } from './bundle.ts';
import { eventually, processLives, temporaryDirectory } from './fixtures.ts';

/** With an end of its own, so that a failed test leaves nothing behind for long. */
const LOOP = 'const end = Date.now() + 30_000; while (Date.now() < end) {}';

const PROGRAM = fileURLToPath(new URL('region-program.ts', import.meta.url));

interface StartedRegion {
  readonly region: ChildProcess;
  /** Listened for from its start: it may have ended before anybody asks. */
  readonly exited: Promise<unknown[]>;
  readonly environment: number;
}

const startRegion = async (body: string): Promise<StartedRegion> => {
  const directory = await temporaryDirectory();
  const code = await writeBundle(
    directory,
    `export const handler = async () => { console.log('pid', process.pid); ${body} };`,
  );
  const region = spawn(process.execPath, [PROGRAM, path.join(directory, 'data'), code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(region, 'exit');
  let printed = '';
  region.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await eventually(() => /pid \d+\n/u.test(printed), 'the environment prints its process id');
  return { region, exited, environment: Number(/pid (\d+)/u.exec(printed)?.[1]) };
};

it.each([
  ['waits', 'SIGKILL', 'await new Promise((r) => setTimeout(r, 60_000));'],
  ['is in a loop', 'SIGKILL', LOOP],
  ['is in a loop', 'SIGTERM', LOOP],
] as const)('an environment that %s ends when its Region is killed by %s', async (_state, signal, body) => {
  const { region, exited, environment } = await startRegion(body);
  expect(processLives(environment)).toBe(true);
  region.kill(signal);
  await exited;
  await eventually(() => !processLives(environment), 'the environment ends');
});

it('a program ends by itself although an idle environment is still warm', async () => {
  const { exited, environment } = await startRegion('return 1;');
  const [code] = (await exited) as [number | null];
  expect(code).toBe(0);
  await eventually(() => !processLives(environment), 'the environment ends');
});

it('Ctrl-C for the whole process group leaves the end of an environment to its Region', async () => {
  const directory = await temporaryDirectory();
  const code = await writeBundle(
    directory,
    `export const handler = async () => { process.kill(process.pid, 'SIGINT'); process.kill(process.pid, 'SIGTERM');
       await new Promise((r) => setTimeout(r, 200)); console.log('still here'); };`,
  );
  const region = spawn(process.execPath, [PROGRAM, path.join(directory, 'data'), code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  region.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(region, 'exit');
  expect(printed).toContain('still here\n');
});
