/**
 * `twinmap drill`: in a checkout, the rehearsal on two local Regions, broken on purpose. Against a real pair (`--stores FILE`) it breaks
 * nothing: it asks whether the pair is ready, and shows the plan that a failover would follow now.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { failover } from './failover.ts';
import { preflight } from './preflight.ts';
import { STORES_FILE_HELP } from './pair-stores.ts';
import { textOption } from './store-writes.ts';

const SCRIPT = path.resolve(import.meta.dirname, '..', 'scripts', 'drill.ts');

const wordsOf = (input: CommandInput): readonly string[] => {
  const { options } = input;
  const scenario = textOption(input, 'scenario');
  const folder = textOption(input, 'write');
  return [
    ...(scenario === undefined ? [] : ['--scenario', scenario]),
    ...(options['all'] === true ? ['--all'] : []),
    ...(options['list'] === true ? ['--list'] : []),
    ...(folder === undefined ? [] : ['--write', path.resolve(folder)]),
    ...(options['json'] === true ? ['--json'] : []),
  ];
};

const lastObject = (text: string): unknown => {
  try {
    return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    // It ended before it had one.
    return {};
  }
};

const runLocal = async (input: CommandInput): Promise<number> => {
  if (!existsSync(SCRIPT)) {
    throw new UsageError(
      'a drill on local Regions needs a checkout of the project; for a dry one against a pair give --stores FILE and --to',
    );
  }
  const child = spawn(process.execPath, ['--no-warnings', SCRIPT, ...wordsOf(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (input.options['json'] !== true) {
      process.stdout.write(text);
    }
  });
  const ended = Promise.withResolvers<number>();
  child.once('error', ended.reject);
  child.once('close', (code) => {
    ended.resolve(code ?? EXIT.error);
  });
  const exitCode = await ended.promise;
  input.give(input.options['json'] === true ? lastObject(said) : {});
  return exitCode;
};

/** Each keeps what it gives; a plan is shown also where the pair is not ready, because that is when somebody needs it. */
const runDry = async (input: CommandInput): Promise<number> => {
  const given: Record<string, unknown> = {};
  const under = (name: string): CommandInput => ({
    ...input,
    options: { ...input.options, dryRun: true, drill: true, yes: false },
    give: (value) => {
      given[name] = value;
    },
  });
  input.say('DRY DRILL: nothing is broken and nothing is moved');
  const ready = await preflight.run(under('preflight'));
  input.say('');
  const planned = await failover.run(under('failover'));
  input.give(given);
  return ready === EXIT.done ? planned : ready;
};

export const drill: Command = {
  name: 'drill',
  arguments: [],
  help: 'rehearse a failover: on local Regions, broken on purpose; with --stores a dry one against that pair',
  options: [
    { flags: '--scenario <name>', help: 'which one; without it the regional DNS failure of October 2025' },
    { flags: '--all', help: 'every scenario' },
    { flags: '--list', help: 'what scenarios there are' },
    { flags: '--write <folder>', help: 'where reports go' },
    { flags: '--stores <file>', help: `${STORES_FILE_HELP}: a dry drill, preflight and plan` },
    { flags: '--data <directory>', help: 'the data folder of a running pair', fallback: '.twinmap' },
    { flags: '--to <region>', help: 'of a dry drill: which Region would work' },
  ],
  run: async (input) => (textOption(input, 'stores') === undefined ? runLocal(input) : runDry(input)),
};
