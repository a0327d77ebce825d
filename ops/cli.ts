/** The `twinmap` command line: a list of commands. Data goes to stdout, words for people with `--json` to stderr. */
import { Command as Program, CommanderError } from 'commander';

import { TwinmapError } from '../functions/domain/errors.ts';
import { ask } from './ask.ts';
import { auditExport } from './audit-export.ts';
import { auditVerify } from './audit-verify.ts';
import { type Command, EXIT } from './command.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { keyCreate, keyList, keyRevoke } from './key.ts';
import { sourceList, sourcePrune } from './source.ts';
import { toggle } from './toggle.ts';

const COMMANDS: readonly Command[] = [
  ask,
  keyCreate,
  keyList,
  keyRevoke,
  sourceList,
  sourcePrune,
  auditVerify,
  auditExport,
  exportCommand,
  importCommand,
  toggle,
];

const runCommand = async (
  command: Command,
  words: readonly string[],
  options: Record<string, unknown>,
): Promise<void> => {
  const json = options['json'] === true;
  const say = (line: string): void => {
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const give = (value: unknown): void => {
    if (json) {
      process.stdout.write(`${JSON.stringify(value)}\n`);
    }
  };
  try {
    const values = options as Record<string, string | boolean | undefined>;
    process.exitCode = await command.run({ words, options: values, say, give });
  } catch (error) {
    if (!(error instanceof TwinmapError)) {
      throw error;
    }
    process.stderr.write(`twinmap: ${error.message}\n`);
    give({ error: error.message, code: error.code });
    process.exitCode = EXIT.error;
  }
};

/** `key create` is the command `create` of the group `key`. */
const groupOf = (program: Program, name: string): Program =>
  name
    .split(' ')
    .slice(0, -1)
    .reduce((group, word) => group.commands.find((one) => one.name() === word) ?? group.command(word), program);

const addCommand = (program: Program, command: Command): void => {
  const words = command.arguments.map(({ name }) => `<${name}>`).join(' ');
  const own = command.name.split(' ').at(-1) ?? '';
  const added = groupOf(program, command.name).command(`${own} ${words}`.trim()).description(command.help);
  for (const { flags, help, fallback } of [
    ...command.options,
    { flags: '--json', help: 'one JSON object on stdout' },
  ]) {
    added.option(flags, help, fallback);
  }
  added.action(async () => {
    await runCommand(command, added.args, added.opts());
  });
};

const main = async (): Promise<void> => {
  const program = new Program('twinmap')
    .description('The map of your systems, in two Regions. Run it beside a running `npm start`.')
    .exitOverride();
  for (const command of COMMANDS) {
    addCommand(program, command);
  }
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    // commander has already told what is wrong; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
};

// `twinmap … | head` reads no further: what is under way, a write for instance, still ends as it should.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
});

await main();
