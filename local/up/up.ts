/**
 * `npm run local:up -- primary`: brings a changed stack file to the local Regions that `npm start` runs, through the same
 * Pulumi program, as `pulumi up --stack primary` would in an account.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';

import { TwinmapError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { EXIT } from '../../ops/command.ts';
import { readRunningPair } from '../../ops/running-pair.ts';
import { ControlError, giveOrder } from './control-client.ts';
import type { ControlAnswer } from './control-messages.ts';
import { upLines } from './up-lines.ts';

const USAGE = `Brings a changed Pulumi.<stack>.yaml to the local Regions that npm start runs, as pulumi up would.

  npm run local:up -- primary|secondary [options]

  --file PATH   another file in place of Pulumi.<stack>.yaml
  --data DIR    the data folder of npm start (default: .twinmap)
  --json        words to stderr, one JSON object as the last line of stdout
  --help        this text

  0 applied, or nothing had changed; 1 refused, nothing applied; 4 the Region is gone; 64 wrong usage
`;

interface UpArguments {
  readonly role: Role;
  readonly file: string | undefined;
  readonly data: string;
  readonly json: boolean;
}

type Parsed =
  | { readonly kind: 'up'; readonly arguments: UpArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string };

const parseWords = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      data: { type: 'string', default: '.twinmap' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });

const parse = (args: readonly string[]): Parsed => {
  let words: ReturnType<typeof parseWords>;
  try {
    words = parseWords(args);
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : 'the options could not be read' };
  }
  const { values, positionals } = words;
  if (values.help) {
    return { kind: 'help' };
  }
  const [name, ...more] = positionals;
  const role = ROLES.find((one) => one === name);
  if (role === undefined || more.length > 0) {
    return { kind: 'usage', message: 'name one stack, primary or secondary: npm run local:up -- primary' };
  }
  return { kind: 'up', arguments: { role, file: values.file, data: values.data, json: values.json } };
};

const exitCodeOf = (answer: ControlAnswer): number => {
  switch (answer.kind) {
    case 'done': {
      return answer.up.outcome === 'refused' ? EXIT.error : EXIT.done;
    }
    case 'failed': {
      return EXIT.error;
    }
    case 'gone': {
      return EXIT.unreachable;
    }
  }
};

const runUp = async ({ role, file, data, json }: UpArguments): Promise<number> => {
  const startedAt = performance.now();
  const { control } = await readRunningPair(data);
  if (control === undefined) {
    throw new ControlError('npm start is not through its first sync yet, and takes no orders before; try again then');
  }
  const answer = await giveOrder(control, {
    kind: 'up',
    role,
    ...(file === undefined ? {} : { file: path.resolve(file) }),
  });
  const lines = answer.kind === 'done' ? upLines(answer.up) : [`local:up: ${answer.message}`];
  const stream = json || answer.kind !== 'done' ? process.stderr : process.stdout;
  stream.write(`${lines.join('\n')}\n`);
  const exitCode = exitCodeOf(answer);
  if (json) {
    const told = answer.kind === 'done' ? answer.up : { role, outcome: answer.kind, error: answer.message };
    const durationMs = Math.round(performance.now() - startedAt);
    process.stdout.write(`${JSON.stringify({ ...told, durationMs, exitCode })}\n`);
  }
  return exitCode;
};

const main = async (args: readonly string[]): Promise<number> => {
  const parsed = parse(args);
  switch (parsed.kind) {
    case 'help': {
      process.stdout.write(USAGE);
      return EXIT.done;
    }
    case 'usage': {
      process.stderr.write(`local:up: ${parsed.message}\n${USAGE}`);
      return EXIT.usage;
    }
    case 'up': {
      return runUp(parsed.arguments);
    }
  }
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TwinmapError)) {
    throw error;
  }
  process.stderr.write(`local:up: ${error.message}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ outcome: 'failed', error: error.message, exitCode: EXIT.error })}\n`);
  }
  process.exitCode = EXIT.error;
}
