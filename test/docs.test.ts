/**
 * The README can't lie: its commands exist and are run as they stand. The two install lines are what CI does; benches, matrix and
 * kills are scripts of minutes, so their names and figures are checked, not run; the simulator has its own tests.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MUTANTS } from '../functions/domain/mutants.ts';
import { INVARIANTS } from './simulation/invariants/table.ts';
import { MUTANT_TABLE } from './simulation/search/mutant-table.ts';
import { parseStartOptions } from '../local/start/options.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const SCRIPTS = (
  JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

const commandsOf = (text: string): string[] =>
  [...text.matchAll(/^```sh\n(?<body>[\s\S]*?)^```/gmu)].flatMap(({ groups }) =>
    (groups?.['body'] ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
  );

const COMMANDS = commandsOf(README);
const INSTALL_LINES = ['npm ci && npm start', 'npm ci && npm test'];

/** Splits as a shell does for what the README shows: words, and words in double quotes. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"(?<quoted>[^"]*)"|(?<plain>\S+)/gu)].map(
    ({ groups }) => groups?.['quoted'] ?? groups?.['plain'] ?? '',
  );

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = async (command: string, ...more: readonly string[]): Promise<Ended> => {
  const [program = '', ...args] = wordsOf(command);
  const ended = Promise.withResolvers<Ended>();
  execFile(program, [...args, ...more], { cwd: ROOT, timeout: 120_000 }, (error, stdout, stderr) => {
    ended.resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
  });
  return ended.promise;
};

/** As a terminal does on Ctrl-C: to the whole foreground group. */
const interrupt = async (child: ReturnType<typeof spawn>): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGINT');
    await ended;
  }
};

const lastLineOf = (text: string): Record<string, unknown> =>
  JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;

/** What `twinmap incident` says: how many components it counts, which it names, and the first line that it shows as a proof. */
const readIncident = (
  text: string,
): {
  readonly counted: number;
  readonly named: readonly string[];
  readonly proof: { readonly file: string; readonly line: number; readonly commit: string };
} => {
  const head = /^If us-east-1 fails: (.*)$/mu.exec(text)?.[1] ?? '';
  const counts = [...head.matchAll(/(\d+) (?:DOWN|DEGRADED|CONTROL-PLANE|UNKNOWN)/gu)].map(([, count]) =>
    Number(count),
  );
  const named = text.split('\n').filter((line) => /^ {2}\S/u.test(line));
  const shown = /^ {4}(?<name>\S+) inRegion .* \k<name>\/(?<file>\S+):(?<line>\d+) @(?<commit>[\da-f]{8})$/mu.exec(
    text,
  );
  const { file = '', line = '0', commit = '' } = shown?.groups ?? {};
  return { counted: counts.reduce((sum, count) => sum + count, 0), named, proof: { file, line: Number(line), commit } };
};

const scratch = mkdtempSync(path.join(tmpdir(), 'twinmap-docs-'));

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('the README', () => {
  it('opens with the two commands', () => {
    expect(COMMANDS.slice(0, 2)).toStrictEqual(INSTALL_LINES);
  });

  it('shows only scripts that exist', () => {
    const named = [...README.matchAll(/npm run (?<name>[\w:-]+)/gu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => SCRIPTS[name] === undefined)).toStrictEqual([]);
  });

  it('shows only options that npm start takes', () => {
    const starts = COMMANDS.filter((command) => command.startsWith('npm start -- '));
    expect(starts.length).toBeGreaterThan(1);
    for (const command of starts) {
      expect(parseStartOptions(wordsOf(command).slice(3)).kind, command).not.toBe('wrong');
    }
  });

  it('plants only defects that exist', () => {
    const planted = [...README.matchAll(/--mutant (?<name>[\w-]+)/gu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(planted.length).toBeGreaterThan(0);
    expect(planted.filter((name) => !MUTANTS.some((mutant) => mutant === name))).toStrictEqual([]);
  });

  it('quotes figures of the bench, all of them', () => {
    for (const row of [
      'dual ÷ single, with delays',
      'dual ÷ single',
      'naive ÷ dual',
      'unchanged ÷ first',
      '10,000 files',
    ]) {
      expect(README).toMatch(new RegExp(`^\\| ${row}[^|]*\\| +[\\d.]`, 'mu'));
    }
    expect(README).not.toMatch(/BENCH_|TBD|\?\?/u);
  });

  it('names folders that exist, and every folder of the data flow', () => {
    const named = [...README.matchAll(/^\| `(?<folder>[\w/]+)\/`\s+\|/gmu)].map(
      ({ groups }) => groups?.['folder'] ?? '',
    );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((folder) => !existsSync(path.join(ROOT, folder)))).toStrictEqual([]);
    const stages = ['connectors', 'ingest', 'embed', 'gate', 'dual-write', 'stores', 'handlers', 'query', 'repair'];
    expect(stages.filter((stage) => !README.includes(stage))).toStrictEqual([]);
    expect(stages.filter((stage) => !existsSync(path.join(ROOT, 'functions', stage)))).toStrictEqual([]);
  });

  it('shows nothing that this file does not run', () => {
    const known = [
      /^npm start -- /u,
      /^npx twinmap (?:ask |audit verify|status|incident )/u,
      /^npm run (?:bench:|sim|matrix|kills|drill|bundle|poc)/u,
    ];
    const unknown = COMMANDS.slice(2).filter((command) => !known.some((pattern) => pattern.test(command)));
    expect(unknown).toStrictEqual([]);
  });
});

describe('the page of the protocol', () => {
  const page = readFileSync(path.join(ROOT, 'docs/protocol.md'), 'utf8');
  const rowOf = (name: string): string => new RegExp(`^\\| \`${name}\` .*$`, 'mu').exec(page)?.[0] ?? '';

  it('lists every invariant of the simulator, and no other', () => {
    const listed = [...page.matchAll(/^\| `(?<name>[\w-]+)` +\|/gmu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(listed.toSorted()).toStrictEqual(Object.keys(INVARIANTS).toSorted());
    for (const [name, [what]] of Object.entries(INVARIANTS)) {
      expect(rowOf(name)).toContain(what);
    }
  });

  it('names each planted defect beside the invariant that must catch it', () => {
    for (const mutant of MUTANTS) {
      expect(rowOf(MUTANT_TABLE[mutant].invariant)).toContain(`\`${mutant}\``);
    }
  });

  it('shows only scripts that exist', () => {
    const named = [...page.matchAll(/npm run (?<name>[\w:-]+)/gu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => SCRIPTS[name] === undefined)).toStrictEqual([]);
  });
});

describe('the commands of the README', () => {
  const data = path.join(scratch, 'data');

  it('read this repository and prove both Regions equal', async () => {
    const command = COMMANDS.find((one) => one.includes('--once --json')) ?? '';
    const ended = await run(command, '--data', data);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const report = lastLineOf(ended.stdout);
    expect(report).toMatchObject({ acknowledged: true, identical: true });
    const { primary, secondary } = report['regions'] as Record<string, Record<string, unknown>>;
    expect(Number(primary?.['documents'])).toBeGreaterThan(100);
    expect(primary?.['root']).toBe(secondary?.['root']);
    expect(primary?.['vectors']).toBe(secondary?.['vectors']);
  }, 150_000);

  it('show a broken Region, and say so in the exit code', async () => {
    const command = COMMANDS.find((one) => one.includes('--fault')) ?? '';
    const ended = await run(command, '--data', data);
    expect(ended.exitCode, ended.stdout).toBe(4);
    expect(ended.stdout).toContain('not acknowledged');
    expect(ended.stdout + ended.stderr).not.toMatch(/\n\s+at .*\.ts:/u);
  }, 150_000);

  it('print help', async () => {
    const ended = await run('npm start -- --help');
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain('--source PATH_OR_URL');
  }, 30_000);

  describe('beside a running pair', () => {
    let child: ReturnType<typeof spawn>;
    let output = '';

    beforeAll(async () => {
      child = spawn('npm', ['start', '--', '--data', data], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      child.stdout?.on('data', (text: Buffer) => {
        output += text.toString();
      });
      for (let tries = 0; tries < 900 && !output.includes('running'); tries += 1) {
        await sleep(100);
      }
    }, 120_000);

    afterAll(async () => {
      await interrupt(child);
    }, 40_000);

    it('the start is acknowledged and goes on running', () => {
      expect(output).toContain('both Regions hold the same');
      expect(readdirSync(data)).toContain('running.json');
    });

    it.each(COMMANDS.filter((command) => command.startsWith('npx twinmap ask')))(
      '%s',
      async (command) => {
        const ended = await run(command, '--data', data);
        expect(ended.exitCode, ended.stderr).toBe(0);
        expect(ended.stdout).toMatch(/answered by us-\w+-\d/u);
        expect(ended.stdout).toMatch(/1\. \S+:\d+-\d+/u);
      },
      40_000,
    );

    it('both Regions are told to be well, side by side', async () => {
      const ended = await run('npx twinmap status', '--data', data);
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
      expect(ended.stdout).toContain('HEALTHY');
    }, 40_000);

    it('what depends on a Region is told with its proof, and the line that it names tells of a Region', async () => {
      const command = COMMANDS.find((one) => one.startsWith('npx twinmap incident')) ?? '';
      const ended = await run(command, '--data', data);
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
      const { named, counted, proof } = readIncident(ended.stdout);
      expect(named.length, ended.stdout).toBeGreaterThan(0);
      expect(named.length).toBe(counted);
      const source = await run(`git show ${proof.commit}:${proof.file}`);
      expect(source.stdout.split('\n')[proof.line - 1]).toMatch(/region/iu);
    }, 40_000);

    it('the audit log that it wrote is sound', async () => {
      const command = COMMANDS.find((one) => one.startsWith('npx twinmap audit')) ?? '';
      const ended = await run(command, '--data', data);
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    }, 40_000);

    it('a second start on the same folder is refused in one sentence', async () => {
      const ended = await run('npm start -- --once', '--data', data);
      expect(ended.exitCode).toBe(1);
      expect(ended.stderr).toMatch(/is in use by process \d+/u);
    }, 40_000);

    it('Ctrl-C stops both Regions and leaves nothing running', async () => {
      await interrupt(child);
      expect(readdirSync(data)).not.toContain('running.json');
      expect(readdirSync(data)).not.toContain('lock');
    }, 40_000);
  });
});
