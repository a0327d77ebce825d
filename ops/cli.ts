/**
 * The `twinmap` command line: a list of commands. Data goes to stdout, words for people with `--json` to stderr; the last line
 * of stdout is then one envelope, the same for every command.
 */
import { Command as Program, CommanderError } from 'commander';

import { TwinmapError } from '../functions/domain/errors.ts';
import { announceCommand } from './announce.ts';
import { ask } from './ask.ts';
import { auditExport } from './audit-export.ts';
import { auditVerify } from './audit-verify.ts';
import { breakGlass } from './break-glass.ts';
import { type Command, type CommandOption, EXIT, UsageError } from './command.ts';
import { envelopeOf } from './envelope.ts';
import { exportCommand } from './export.ts';
import { config } from './config.ts';
import { drift, repair } from './drift.ts';
import { drill } from './drill.ts';
import { failback } from './failback.ts';
import { failover } from './failover.ts';
import { importCommand } from './import.ts';
import { blastRadius, dependents, incident, onCall, workaround } from './incident.ts';
import { keyCreate, keyList, keyRevoke } from './key.ts';
import { sourceCheck, sourceSync } from './source-ask.ts';
import { sourceAdd, sourceRemove } from './source-change.ts';
import { override } from './override.ts';
import { preflight } from './preflight.ts';
import { reportList, reportShow } from './report.ts';
import { sourceList, sourcePrune } from './source.ts';
import { status } from './status.ts';
import { syncConfig } from './sync-config.ts';
import { toggle } from './toggle.ts';
import { workspaceCreate, workspaceDelete, workspaceList, workspaceMember } from './workspace.ts';

const COMMANDS: readonly Command[] = [
  ask,
  incident,
  dependents,
  blastRadius,
  onCall,
  workaround,
  keyCreate,
  keyList,
  keyRevoke,
  workspaceCreate,
  workspaceList,
  workspaceMember,
  workspaceDelete,
  breakGlass,
  sourceList,
  sourceAdd,
  sourceCheck,
  sourceSync,
  sourceRemove,
  sourcePrune,
  auditVerify,
  auditExport,
  exportCommand,
  importCommand,
  toggle,
  announceCommand,
  drill,
  syncConfig,
  status,
  failover,
  failback,
  drift,
  repair,
  preflight,
  override,
  reportList,
  reportShow,
  config,
];

/** Every command takes these. */
const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { flags: '--json', help: 'one JSON envelope (twinmap/1) as the last line of stdout; words go to stderr' },
  { flags: '--no-input', help: 'never ask anything' },
  { flags: '--timeout <seconds>', help: 'stop after so many seconds' },
];

const EXIT_HELP = `
Exit codes: ${EXIT.done} done; ${EXIT.error} error, and says why; ${EXIT.drift} drift or debt; ${EXIT.splitBrain} split brain; ${EXIT.unreachable} a Region is unreachable; ${EXIT.noneActive} no Region is active; ${EXIT.usage} wrong words.
With --json the last line of stdout is {"schema":"twinmap/1","command","ok","exitCode","at","data"}.`;

const TIMEOUT_SECONDS_MAX = 86_400;

/** In seconds; undefined where nobody set one. */
const limitOf = (text: unknown): number | undefined => {
  const seconds = Number(text);
  if (text !== undefined && (!Number.isFinite(seconds) || seconds <= 0 || seconds > TIMEOUT_SECONDS_MAX)) {
    throw new UsageError(`--timeout takes seconds up to ${TIMEOUT_SECONDS_MAX}`);
  }
  return text === undefined ? undefined : seconds;
};

/** What one run of a command prints. */
class Output {
  readonly #command: string;
  readonly #json: boolean;
  #data: unknown = {};

  constructor(command: string, json: boolean) {
    this.#command = command;
    this.#json = json;
  }

  readonly say = (line: string): void => {
    (this.#json ? process.stderr : process.stdout).write(`${line}\n`);
  };

  readonly give = (value: unknown): void => {
    this.#data = value;
  };

  refuse(message: string, code: string, exitCode: number): void {
    process.stderr.write(`twinmap: ${message}\n`);
    this.give({ error: message, code });
    this.end(exitCode);
  }

  end(exitCode: number): void {
    if (this.#json) {
      process.stdout.write(`${JSON.stringify(envelopeOf(this.#command, exitCode, this.#data, Date.now()))}\n`);
    }
    process.exitCode = exitCode;
  }
}

/** Ends the process when the time is up: whatever was under way is resumed by the next run, as after a crash. */
const startLimit = (command: string, seconds: number, output: Output): NodeJS.Timeout =>
  setTimeout(() => {
    output.refuse(`${command} took longer than --timeout ${seconds} and was stopped`, 'TM_TIMEOUT', EXIT.error);
    process.exit();
  }, seconds * 1000);

const runCommand = async (
  command: Command,
  words: readonly string[],
  options: Readonly<Record<string, string | boolean | undefined>>,
): Promise<void> => {
  const output = new Output(command.name, options['json'] === true);
  const { say, give } = output;
  let timer: NodeJS.Timeout | undefined;
  try {
    const seconds = limitOf(options['timeout']);
    timer = seconds === undefined ? undefined : startLimit(command.name, seconds, output);
    output.end(await command.run({ words, options, say, give }));
  } catch (error) {
    if (!(error instanceof TwinmapError)) {
      throw error;
    }
    output.refuse(error.message, error.code, error instanceof UsageError ? EXIT.usage : EXIT.error);
  } finally {
    clearTimeout(timer);
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
  for (const { flags, help, fallback } of [...command.options, ...GLOBAL_OPTIONS]) {
    added.option(flags, help, fallback);
  }
  added.action(async () => {
    await runCommand(command, added.args, added.opts<Record<string, string | boolean | undefined>>());
  });
};

const main = async (): Promise<void> => {
  const program = new Program('twinmap')
    .description('The map of your systems, in two Regions. Run it beside a running `npm start`.')
    .addHelpText('after', EXIT_HELP)
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
    if (process.exitCode === EXIT.usage && process.argv.includes('--json')) {
      const { code, message } = error;
      const said = envelopeOf('', EXIT.usage, { error: message, code }, Date.now());
      process.stdout.write(`${JSON.stringify(said)}\n`);
    }
  }
};

// `twinmap … | head` reads no further: what is under way, a write for instance, still ends as it should.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
});

await main();
