/**
 * The runbook, followed literally: its commands in their order, on one local pair that is broken and mended where the page says so.
 * Commands run in this process, parsed from the words that the page shows.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { ROLES } from '../../functions/domain/region.ts';
import { announceCommand } from '../../ops/announce.ts';
import type { Command } from '../../ops/command.ts';
import { drift, repair } from '../../ops/drift.ts';
import { failback } from '../../ops/failback.ts';
import { failover } from '../../ops/failover.ts';
import { preflight } from '../../ops/preflight.ts';
import { RUNNING_FILE } from '../../ops/running-pair.ts';
import { status } from '../../ops/status.ts';
import { syncConfig } from '../../ops/sync-config.ts';
import { toggle } from '../../ops/toggle.ts';
import { alarmsSince, workSince } from '../../scripts/drill/facts.ts';
import { type DrillPair, openDrillPair } from '../../scripts/drill/pair.ts';

const COMMANDS: readonly Command[] = [
  status,
  preflight,
  failover,
  failback,
  drift,
  repair,
  announceCommand,
  syncConfig,
  toggle,
];

export interface Block {
  readonly kind: 'command' | 'world';
  /** A line of shell, or what happens to the pair. */
  readonly line: string;
  /** What the page says that the command prints; undefined where it shows nothing. */
  readonly shown: string | undefined;
}

const FENCE = /<!-- world: (?<world>[^>]+?) -->|```(?<kind>sh|text)\n(?<body>[\s\S]*?)```/gu;

/** In the page's order: what happens, and each command with what stands behind it. */
export const blocksOf = (page: string): readonly Block[] => {
  const blocks: Block[] = [];
  for (const { groups } of page.matchAll(FENCE)) {
    const { world, kind, body = '' } = groups ?? {};
    if (world !== undefined) {
      blocks.push({ kind: 'world', line: world, shown: undefined });
    } else if (kind === 'sh') {
      const lines = body.split('\n').filter((line) => line.startsWith('npx twinmap '));
      blocks.push(...lines.map((line): Block => ({ kind: 'command', line, shown: undefined })));
    } else {
      const last = blocks.pop();
      if (last !== undefined) {
        blocks.push({ ...last, shown: body });
      }
    }
  }
  return blocks;
};

const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9A-HJKMNP-TV-Z]{26}\b/gu, 'ID'],
  [/\b\d{4}-\d{2}-\d{2}[T ][\d:.]+(?:Z| UTC)/gu, 'TIME'],
  [/\b127\.0\.0\.1:\d+/gu, 'HOST'],
  [/\/(?:tmp|var)\/[\w./-]+/gu, 'FOLDER'],
  [/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b/gu, 'HASH'],
  [/\b[\w+/]{10}…/gu, 'HASH…'],
  // Whether the dying Region had begun its last cycle is a race that nobody decides.
  [/, one is open/gu, ''],
  [/\boperator:[\w-]+/gu, 'operator:NAME'],
  [/\bepoch [\d,]{6,}/gu, 'epoch N'],
  [/\b\d{6}\b/gu, 'N'],
  [/\b\d+(?:\.\d+)? (?:ms|s|min)\b/gu, 'SOME TIME'],
  [/\b\d+ calls\b/gu, 'SOME calls'],
  [/-?\d+ (?:records|keys)\b/gu, 'SOME records'],
  [/\bround \d+: .*$/gmu, 'ROUND'],
  [/[─-]{3,}/gu, '---'],
  [/[ \t]+/gu, ' '],
  [/ $/gmu, ''],
];

/** What differs from run to run is named; lines that only say how a wait goes on are one. */
export const normalise = (text: string): string => {
  let plain = stripVTControlCharacters(text);
  for (const [pattern, name] of PLACEHOLDERS) {
    plain = plain.replaceAll(pattern, name);
  }
  return plain
    .split('\n')
    .filter((line) => line.trim() !== 'ROUND')
    .join('\n')
    .trim();
};

const escapePattern = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`);

/** A line `…` on the page stands for lines that it leaves out. */
export const patternOf = (shown: string): RegExp => {
  const lines = normalise(shown)
    .split('\n')
    .map((line) => (line.trim() === '…' ? String.raw`(?:.*\n)*?` : `${escapePattern(line)}\n`));
  return new RegExp(`^${lines.join('')}$`, 'u');
};

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"(?<quoted>[^"]*)"|(?<plain>\S+)/gu)].map(
    ({ groups }) => groups?.['quoted'] ?? groups?.['plain'] ?? '',
  );

const camel = (flag: string): string =>
  flag.replaceAll(/-(?<letter>[a-z])/gu, (_, letter: string) => letter.toUpperCase());

type Options = Record<string, string | boolean>;

/** As commander reads them: a flag with `<…>` takes the next word. */
const parse = (line: string): { readonly command: Command; readonly options: Options } => {
  const [name = '', ...words] = wordsOf(line).slice(2);
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    throw new Error(`the runbook names a command that there is not: ${line}`);
  }
  const options: Options = {};
  for (const { flags, fallback } of command.options) {
    const [, long = ''] = /--(?:no-)?([\w-]+)/u.exec(flags) ?? [];
    if (fallback !== undefined) {
      options[camel(long)] = fallback;
    }
  }
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const option = command.options.find(({ flags }) => flags.split(' ')[0] === word);
    if (option === undefined) {
      throw new Error(`twinmap ${name} has no ${word}, which the runbook shows`);
    }
    const key = camel(word.replace(/^--(?:no-)?/u, ''));
    const takesWord = option.flags.includes('<');
    options[key] = takesWord ? (words[at + 1] ?? '') : !word.startsWith('--no-');
    at += takesWord ? 1 : 0;
  }
  return { command, options };
};

export interface Said {
  readonly block: Block;
  readonly exitCode: number;
  readonly text: string;
}

export class RunbookStage {
  readonly #pair: DrillPair;
  readonly #directory: string;
  #backAt = 0;
  #failbackAt = Infinity;

  private constructor(pair: DrillPair, directory: string) {
    this.#pair = pair;
    this.#directory = directory;
  }

  static async open(rootDirectory: string, directory: string): Promise<RunbookStage> {
    const pair = await openDrillPair({ rootDirectory, directory, onOpened: async () => undefined });
    const stage = new RunbookStage(pair, directory);
    const dataDirectory = path.join(directory, '.twinmap');
    mkdirSync(dataDirectory, { recursive: true });
    const regions = ROLES.map((role) => ({ ...pair.addresses[role], endpoint: pair.provisioned[role].endpoint }));
    const authority = path.join(pair.authorityDirectory, 'authority.pem');
    writeFileSync(path.join(dataDirectory, RUNNING_FILE), JSON.stringify({ pid: process.pid, regions, authority }));
    await stage.#slot();
    // A cold function takes as long as a person's patience; the page was written with warm ones.
    await Promise.all(regions.map(async ({ endpoint }) => fetch(new URL('/v1/status', endpoint))));
    return stage;
  }

  async close(): Promise<void> {
    await this.#pair.close();
  }

  async play(block: Block): Promise<Said> {
    if (block.kind === 'world') {
      await this.#change(block.line);
      return { block, exitCode: 0, text: '' };
    }
    const { command, options } = parse(block.line);
    if (command === failback && options['yes'] === true) {
      this.#failbackAt = Date.now();
    }
    const lines: string[] = [];
    const own = Object.entries({
      data: path.join(this.#directory, '.twinmap'),
      directory: this.#pair.stackDirectory,
      by: 'ada',
    }).filter(([name]) => command.options.some(({ flags }) => flags.startsWith(`--${name} `)));
    const exitCode = await command.run({
      words: [],
      options: { ...options, ...Object.fromEntries(own), input: false },
      say: (line) => {
        lines.push(line);
      },
      give: () => undefined,
    });
    // A command that is printed again has the words of this stage, too; whoever follows the page gave only those of the page.
    const unsaid = own.filter(([name]) => !block.line.includes(` --${name} `));
    const text = unsaid.reduce((said, [name, word]) => said.replaceAll(` --${name} ${word}`, ''), lines.join('\n'));
    return { block, exitCode, text };
  }

  /** What the Region that came back has done, and how it made itself heard, until the work was moved back to it. */
  returned(): { readonly work: readonly string[]; readonly alarms: readonly string[] } {
    const until = this.#failbackAt;
    const lines = this.#pair.lines.filter(({ at }) => at < until);
    return { work: workSince(lines, 'primary', this.#backAt), alarms: alarmsSince(lines, 'primary', this.#backAt) };
  }

  async #slot(): Promise<void> {
    for (const question of ['tick', 'idle'] as const) {
      await Promise.all(ROLES.map(async (role) => this.#pair.link.links[role].ask({ kind: question })));
    }
  }

  async #change(what: string): Promise<void> {
    const { primary } = this.#pair.link.links;
    switch (what) {
      case 'us-east-2 fails': {
        // With a sync on its queue, which it finds again when it is back.
        this.#pair.origin.edit(1);
        await primary.ask({ kind: 'tick' });
        await primary.ask({ kind: 'set-fault', rule: { service: '*', mode: 'refuse' } });
        return;
      }
      case 'us-east-2 is back': {
        await primary.ask({ kind: 'clear-faults' });
        this.#backAt = Date.now();
        this.#pair.origin.edit(2);
        await this.#slot();
        return;
      }
      default: {
        throw new Error(`the runbook's stage does not know how to make this happen: ${what}`);
      }
    }
  }
}
