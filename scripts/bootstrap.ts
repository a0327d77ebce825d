/**
 * `npm run bootstrap -- --stack primary`: what a stack needs before its first `pulumi up`, printed as commands, or run with
 * `--yes`. State and secrets of a stack live in its own Region and account; the other Region is never touched.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';

import { TwinmapError } from '../functions/domain/errors.ts';
import { parseRegion, type Role, ROLES } from '../functions/domain/region.ts';
import { loadStackConfig } from '../local/monitor/stack-config.ts';
import { EXIT } from '../ops/command.ts';
import { bootstrapSteps, type CommandWords, type Place, stateNamesOf, type Step } from './bootstrap/plan.ts';
import { BootstrapError, runSteps, type StepResult } from './bootstrap/run-steps.ts';

const USAGE = 'Usage: npm run bootstrap -- --stack primary|secondary [--yes] [--directory DIR] [--json]';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Options {
  readonly stack: Role;
  readonly yes: boolean;
  readonly json: boolean;
  readonly directory: string;
}

const parse = (args: readonly string[]): Options | string => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        stack: { type: 'string' },
        yes: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        directory: { type: 'string', default: ROOT },
      },
    });
    const stack = ROLES.find((role) => role === values.stack);
    return stack === undefined ? 'name one stack' : { ...values, stack };
  } catch (error) {
    return error instanceof Error ? error.message : 'the options could not be read';
  }
};

const readPlace = async ({ stack, directory }: Options): Promise<Place> => {
  const { config } = await loadStackConfig({ rootDirectory: directory, stack });
  const region = parseRegion(config['aws:region'] ?? '');
  const accountId = config['twinmap:accountId'] ?? '';
  if (region === undefined || !/^\d{12}$/u.test(accountId)) {
    throw new BootstrapError(
      `Pulumi.${stack}.yaml must name aws:region and a twinmap:accountId of 12 digits; both decide where the state lives`,
    );
  }
  return { stack, region, accountId };
};

/** For a shell; `$KEY_ARN` stays outside of single quotes, so that the shell fills it in. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word)
    ? word
    : `'${word.replaceAll("'", String.raw`'\''`).replaceAll('$KEY_ARN', `'"$KEY_ARN"'`)}'`.replaceAll(/^''|''$/gu, '');

const commandText = (words: CommandWords): string => words.map((word) => quoted(word)).join(' ');

const shellLines = ({ title, check, run, captures }: Step): readonly string[] => {
  const head = `# ${title}`;
  const command = commandText(run);
  if (captures !== undefined && check !== undefined) {
    return [
      head,
      `${captures}=$(${commandText(check)})`,
      `[ -n "$${captures}" ] && [ "$${captures}" != None ] || ${captures}=$(${command})`,
    ];
  }
  return [head, check === undefined ? command : `${commandText(check)} > /dev/null 2>&1 || ${command}`];
};

const resultLine = ({ title, outcome, why }: StepResult): string =>
  `  ${outcome.padEnd(7)}  ${title}${why === undefined ? '' : `: ${why}`}`;

const reportOf = (place: Place, steps: readonly Step[], results: readonly StepResult[]): object => ({
  ...place,
  ...stateNamesOf(place),
  steps: steps.map(({ title, run }, at) => ({
    title,
    command: commandText(run),
    outcome: results[at]?.outcome ?? 'planned',
  })),
});

const runAll = async (
  { directory }: Options,
  place: Place,
  steps: readonly Step[],
  say: (line: string) => void,
): Promise<readonly StepResult[]> => {
  const { region } = place;
  return runSteps({
    steps,
    directory,
    // No step may fall back to the Region of somebody's shell.
    environment: { ...process.env, AWS_REGION: region, AWS_DEFAULT_REGION: region },
    onStep: (result) => {
      say(resultLine(result));
    },
  });
};

const bootstrap = async (options: Options): Promise<number> => {
  const say = (line: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const place = await readPlace(options);
  const steps = bootstrapSteps(place);
  say(`State and secrets of the stack ${place.stack}, in ${place.region}, account ${place.accountId}`);
  if (!options.yes) {
    for (const line of steps.flatMap((step) => shellLines(step))) {
      say(line);
    }
    say('# Nothing was run. With --yes these steps are run, each only where it is not done yet.');
  }
  const results = options.yes ? await runAll(options, place, steps, say) : [];
  const failed = results.some(({ outcome }) => outcome === 'failed');
  if (failed) {
    say('Stopped at the step that failed. Mend it and run the same command again: what is done is left alone.');
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(reportOf(place, steps, results))}\n`);
  }
  return failed ? EXIT.error : EXIT.done;
};

const main = async (args: readonly string[]): Promise<number> => {
  const options = parse(args);
  if (typeof options === 'string') {
    process.stderr.write(`bootstrap: ${options}. ${USAGE}\n`);
    return EXIT.usage;
  }
  return bootstrap(options);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TwinmapError)) {
    throw error;
  }
  process.stderr.write(`bootstrap: ${error.message}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: error.message, code: error.code })}\n`);
  }
  process.exitCode = EXIT.error;
}
