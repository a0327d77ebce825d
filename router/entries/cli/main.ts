/**
 * The `twinmap-router` command line. Without a command it runs the router on Node. Data goes to stdout, words for people with
 * `--json` to stderr; every mistake is one message and an exit code.
 */
import { Command as Program, CommanderError } from 'commander';

import { TwinmapError } from '../../../functions/domain/errors.ts';
import { ROUTER_COMMANDS } from '../../cli.ts';
import { runRouter } from '../node/main.ts';
import { ROUTER_EXIT, type RouterCommand } from './router-command.ts';

const EXIT_HELP = `
Exit codes: ${ROUTER_EXIT.done} done; ${ROUTER_EXIT.error} it did not succeed, and says why; ${ROUTER_EXIT.unreachable} a Region is unreachable or unfit; ${ROUTER_EXIT.usage} wrong words.
The config and its defaults: docs/router.md. SIGTERM drains a running router, SIGHUP reads certificates and override again.`;

type Options = Readonly<Record<string, string | boolean | undefined>>;

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;

/** A mistake of whoever calls, or of the machine (a port in use, no such file): told in one line. Anything else is our defect. */
const isMistake = (error: unknown): error is Error =>
  error instanceof TwinmapError || (error instanceof Error && 'code' in error && typeof error.code === 'string');

const runCommand = async (command: RouterCommand, words: readonly string[], options: Options): Promise<void> => {
  const isJson = options['json'] === true;
  const say = (line: string): void => {
    (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const give = (value: unknown): void => {
    if (isJson) {
      process.stdout.write(`${JSON.stringify(value)}\n`);
    }
  };
  try {
    process.exitCode = await command.run({ words, options, say, give });
  } catch (error) {
    if (!isMistake(error)) {
      throw error;
    }
    process.stderr.write(`twinmap-router ${command.name}: ${error.message}\n`);
    give({ error: error.message, code: 'code' in error ? error.code : null });
    process.exitCode = ROUTER_EXIT.error;
  }
};

const run: RouterCommand = {
  name: 'run',
  arguments: [],
  help: 'run the router on Node until it is told to end (the default)',
  options: [{ flags: '--config <file>', help: "the router's config" }],
  run: async ({ options }) => {
    const { config } = options;
    await runRouter(typeof config === 'string' ? ['--config', config] : []);
    return ROUTER_EXIT.done;
  },
};

const addCommand = (program: Program, command: RouterCommand): void => {
  const words = command.arguments.map(({ name }) => `<${name}>`).join(' ');
  const added = program
    .command(`${command.name} ${words}`.trim())
    .description(command.help)
    .allowExcessArguments(false);
  for (const { flags, help, fallback } of [
    ...command.options,
    { flags: '--json', help: 'one JSON object on stdout' },
  ]) {
    added.option(flags, help, fallback);
  }
  added.action(async (...input: readonly unknown[]) => {
    const given = input.filter((one) => typeof one === 'string');
    const options: unknown = added.opts();
    await runCommand(command, given, isOptions(options) ? options : {});
  });
};

/** `twinmap-router --config router.json` is `run`; a word that is no command stays a mistake. */
const withDefault = (args: readonly string[]): string[] => {
  const [first] = args;
  const isRun = first === undefined || (first.startsWith('-') && !['-h', '--help'].includes(first));
  return isRun ? [run.name, ...args] : [...args];
};

/** Whoever reads it has read enough (`| head`): no reason to show a stack. */
const endQuietly = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
};

const main = async (): Promise<void> => {
  process.stdout.on('error', endQuietly);
  const program = new Program('twinmap-router')
    .description('One address for two Regions, decided request by request.')
    .addHelpText('after', EXIT_HELP)
    .exitOverride();
  for (const command of [run, ...ROUTER_COMMANDS]) {
    addCommand(program, command);
  }
  try {
    await program.parseAsync(withDefault(process.argv.slice(2)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    // commander has already told what is wrong; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? ROUTER_EXIT.done : ROUTER_EXIT.usage;
  }
};

await main();
