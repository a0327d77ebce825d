/**
 * The connector in the runtime that the Region gives it: no child processes, no files but its scratch space, little memory.
 * The process is Node's own permission model, as in the local Lambda host.
 */
import { execFile } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitWorld } from './git-world.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const HEAP_MIB = 96;

let world: GitWorld;

beforeEach(async () => {
  world = await GitWorld.create();
});

afterEach(async () => {
  await world.close();
});

/** Pulls everything and prints counts; a separate process, so that what it may do can be taken away. */
const program = (url: string, origin: string, directory: string): string => `
  const { createGitConnector } = await import(${JSON.stringify(path.join(ROOT, 'functions/connectors/git/git-connector.ts'))});
  const connector = createGitConnector(
    { id: 'r', url: ${JSON.stringify(url)}, gitHosts: [], loopbackOrigin: ${JSON.stringify(origin)} },
    { directory: ${JSON.stringify(directory)} },
  );
  const signal = new AbortController().signal;
  const select = async (entries) => new Set(entries.map(({ id }) => id));
  const counts = {};
  for await (const event of connector.pull({ signal, select }, null)) {
    counts[event.op] = (counts[event.op] ?? 0) + 1;
  }
  await connector.close();
  let child = 'allowed';
  try { process.getBuiltinModule('node:child_process').execFileSync('true'); } catch (error) { child = error.code; }
  console.log(JSON.stringify({ counts, child }));
`;

const run = promisify(execFile);

describe('the declared runtime', () => {
  it('a pull needs no child process, no other files and little memory', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`d${String(index % 7)}/${String(index)}.md`, `# ${String(index)}`]),
    );
    world.repository.put({ ...files, 'large.log': Buffer.alloc(16 * 1024 * 1024, 'log line\n') });
    const scratch = realpathSync(world.scratch);
    const script = path.join(realpathSync(world.folder), 'pull.mjs');
    writeFileSync(script, program(world.url, world.front.origin, scratch));
    const { stdout } = await run(
      process.execPath,
      [
        '--permission',
        `--allow-fs-read=${ROOT}`,
        `--allow-fs-read=${script}`,
        `--allow-fs-read=${scratch}`,
        `--allow-fs-write=${scratch}`,
        `--max-old-space-size=${String(HEAP_MIB)}`,
        '--no-warnings',
        script,
      ],
      { timeout: 20_000 },
    );
    const printed: unknown = JSON.parse(stdout);
    expect(printed).toEqual({ counts: { upsert: 60, skip: 1, checkpoint: 1 }, child: 'ERR_ACCESS_DENIED' });
  });
});
