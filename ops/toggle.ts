/**
 * `twinmap toggle`: moves the scheduled work in both stack files together, under a new epoch. It deploys nothing by itself:
 * the files are the code that a `pulumi up` of each stack then brings to life.
 */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { textOption } from './audit-stores.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { STORES_FILE_HELP } from './pair-stores.ts';
import { readStackPair } from './stack-files/gate-values.ts';
import { writeStackFiles } from './stack-files/write.ts';
import { readLiveEpochs } from './toggle-epoch.ts';
import { lineChanges, nextCommands, notWrittenLines, planLines, writtenLines } from './toggle-lines.ts';
import { type Planned, planOrder, type ToggleOrder } from './toggle-plan.ts';

/** As the gate document's own schema has it. */
const SENTENCE = /^\S.{0,199}$/u;

const PEER_WRITES = ['required', 'deferred'] as const;

const oneOf = <T extends string>(
  input: CommandInput,
  name: string,
  allowed: readonly T[],
  flag = name,
): T | undefined => {
  const given = textOption(input, name);
  const found = allowed.find((one) => one === given);
  if (given !== undefined && found === undefined) {
    throw new UsageError(`--${flag} takes ${allowed.join(' or ')}, not ${JSON.stringify(given)}`);
  }
  return found;
};

const sentence = (input: CommandInput, name: string): string | undefined => {
  const given = textOption(input, name)?.trim();
  if (given !== undefined && !SENTENCE.test(given)) {
    throw new UsageError(`--${name} takes 1 to 200 characters on one line`);
  }
  return given;
};

const isOn = ({ options }: CommandInput, name: string): boolean => options[name] === true;

const readOrder = (input: CommandInput, nowMs: number): ToggleOrder => {
  const order = {
    active: oneOf<Role>(input, 'active', ROLES),
    peerWrites: oneOf(input, 'peerWrites', PEER_WRITES, 'peer-writes'),
    unfreeze: isOn(input, 'unfreeze'),
    reason: sentence(input, 'reason'),
    by: sentence(input, 'by') ?? userInfo().username,
    at: new Date(nowMs).toISOString().replace(/\.\d{3}Z$/u, 'Z'),
  };
  if (order.active === undefined && order.peerWrites === undefined && !order.unfreeze) {
    throw new UsageError(
      'say what to change: --active primary|secondary, --peer-writes required|deferred or --unfreeze',
    );
  }
  if (isOn(input, 'yes') && isOn(input, 'dryRun')) {
    throw new UsageError('--yes and --dry-run exclude each other');
  }
  return order;
};

/** What a person has to type before anything is written: the thing that they are about to do, not a "y". */
const askFor = async (word: string): Promise<boolean> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(`Type ${word} to write the stack files, anything else to leave them: `);
    return typed.trim() === word;
  } finally {
    terminal.close();
  }
};

const mayWrite = async (input: CommandInput, plan: Planned): Promise<boolean> => {
  if (plan.kind === 'nothing' || isOn(input, 'dryRun')) {
    return false;
  }
  if (isOn(input, 'yes')) {
    return true;
  }
  const canAsk =
    process.stdin.isTTY && process.stderr.isTTY && !isOn(input, 'json') && input.options['input'] !== false;
  return canAsk && (await askFor(plan.kind === 'toggle' ? plan.activeRegion : 'unfreeze'));
};

const reportOf = (plan: Planned, written: boolean): object => ({
  outcome: plan.kind === 'nothing' ? 'unchanged' : written ? 'written' : 'planned',
  ...(plan.kind === 'nothing' ? { why: plan.why } : {}),
  ...(plan.kind === 'toggle'
    ? {
        active: plan.active,
        region: plan.activeRegion,
        peerWrites: plan.peerWrites,
        epoch: plan.epoch,
        warnings: plan.warnings,
      }
    : {}),
  files:
    plan.kind === 'nothing'
      ? []
      : plan.edits.map(({ before, after }) => ({ file: before.file, changes: lineChanges(before.text, after.text) })),
  next: nextCommands(plan),
});

const runToggle = async (input: CommandInput): Promise<number> => {
  const nowMs = Date.now();
  const order = readOrder(input, nowMs);
  const pair = await readStackPair(textOption(input, 'directory') ?? '.');
  const place = { file: textOption(input, 'stores'), dataDirectory: textOption(input, 'data') ?? '.twinmap' };
  const live = order.active === undefined && order.peerWrites === undefined ? [] : await readLiveEpochs(place);
  const plan = planOrder(pair, order, live, nowMs);
  for (const line of planLines(plan)) {
    input.say(line);
  }
  const written = await mayWrite(input, plan);
  if (written && plan.kind !== 'nothing') {
    await writeStackFiles(plan.edits);
  }
  for (const line of written ? writtenLines(plan) : notWrittenLines(plan)) {
    input.say(line);
  }
  input.give(reportOf(plan, written));
  return EXIT.done;
};

export const toggle: Command = {
  name: 'toggle',
  arguments: [],
  help: 'move the scheduled work, in both stack files together; shows the change, and writes it with --yes',
  options: [
    { flags: '--active <role>', help: 'which Region works: primary or secondary' },
    { flags: '--peer-writes <mode>', help: 'required, or deferred while the other Region is declared out' },
    { flags: '--unfreeze', help: 'lift the freeze that a failover has put on both stacks' },
    { flags: '--reason <text>', help: 'why, on one line; it goes into the gate document' },
    { flags: '--by <name>', help: 'who changes it; without it, the user of this machine' },
    { flags: '--dry-run', help: 'show the change only (the default where nobody can be asked)' },
    { flags: '--yes', help: 'write both files without asking' },
    { flags: '--directory <folder>', help: 'where both stack files are', fallback: '.' },
    { flags: '--stores <file>', help: `${STORES_FILE_HELP}; its Regions' epochs are read` },
    {
      flags: '--data <directory>',
      help: 'the data folder of a running pair, whose epochs are read',
      fallback: '.twinmap',
    },
  ],
  run: async (input) => {
    try {
      return await runToggle(input);
    } catch (error) {
      if (!(error instanceof UsageError)) {
        throw error;
      }
      process.stderr.write(`twinmap toggle: ${error.message}\n`);
      input.give({ error: error.message, code: error.code });
      return EXIT.usage;
    }
  },
};
