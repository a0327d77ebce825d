/**
 * `twinmap source check | sync`: asked of a Region's API, because only the function that syncs may read the secrets of sources. The
 * Region that is active syncs; either one checks.
 */
import { z } from 'zod';

import { ConfigError } from '../functions/domain/errors.ts';
import { isSourceId } from '../functions/domain/source-definition.ts';
import { type Command, type CommandInput, type CommandOption, EXIT } from './command.ts';
import { readRunningPair } from './running-pair.ts';
import { textOption } from './store-writes.ts';
import { chooseToken, OPERATOR_TOKEN_FILE, TOKEN_VARIABLE } from './token.ts';

const TIMEOUT_MS = 30_000;

const OPTIONS: readonly CommandOption[] = [
  { flags: '--region <name>', help: 'ask this Region (a role or a name); without it one after the other' },
  { flags: '--endpoint <url>', help: 'ask this address in place of the running pair' },
  {
    flags: '--token <token>',
    help: `of somebody who may manage sources; without it ${TOKEN_VARIABLE}, or the pair's own`,
  },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

const problemSchema = z.looseObject({ type: z.string(), what: z.string(), why: z.string(), next: z.string() });

type Asked =
  | { readonly kind: 'answered'; readonly body: unknown }
  /** Another Region may say something else. */
  | { readonly kind: 'elsewhere'; readonly why: string; readonly exit: number }
  | { readonly kind: 'refused'; readonly why: string };

const askOne = async (endpoint: string, path: string, token: string): Promise<Asked> => {
  try {
    const response = await fetch(new URL(path, endpoint), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    if (response.ok) {
      return { kind: 'answered', body };
    }
    const problem = problemSchema.safeParse(body);
    const why = problem.success
      ? `${problem.data.what}: ${problem.data.why} ${problem.data.next}`
      : `HTTP ${String(response.status)}`;
    const isPassive = problem.success && problem.data.type.endsWith(':passive');
    return isPassive || response.status >= 500
      ? { kind: 'elsewhere', why, exit: isPassive ? EXIT.noneActive : EXIT.unreachable }
      : { kind: 'refused', why };
  } catch (error) {
    return { kind: 'elsewhere', why: error instanceof Error ? error.message : 'no answer', exit: EXIT.unreachable };
  }
};

const endpointsFor = async (input: CommandInput): Promise<readonly string[]> => {
  const endpoint = textOption(input, 'endpoint');
  if (endpoint !== undefined) {
    return [endpoint];
  }
  const { regions } = await readRunningPair(textOption(input, 'data') ?? '.twinmap');
  const wanted = textOption(input, 'region');
  const chosen = regions.filter(({ role, region }) => wanted === undefined || role === wanted || region === wanted);
  if (chosen.length === 0) {
    throw new ConfigError(`there is no Region "${wanted ?? ''}" here`);
  }
  return chosen.map((one) => one.endpoint);
};

const askAll = async (input: CommandInput, action: 'check' | 'sync'): Promise<unknown> => {
  const id = input.words[0] ?? '';
  if (!isSourceId(id)) {
    throw new ConfigError('name a source by its id; see: twinmap source list');
  }
  const token = await chooseToken({
    given: textOption(input, 'token'),
    environment: process.env,
    dataDirectory: textOption(input, 'data') ?? '.twinmap',
    file: OPERATOR_TOKEN_FILE,
  });
  let exit: number = EXIT.unreachable;
  for (const endpoint of await endpointsFor(input)) {
    const asked = await askOne(endpoint, `/v1/sources/${id}/${action}`, token);
    if (asked.kind === 'answered') {
      return asked.body;
    }
    input.say(asked.why);
    if (asked.kind === 'refused') {
      throw new ConfigError(asked.why);
    }
    exit = asked.exit;
  }
  input.give({ error: 'no Region did it' });
  return exit;
};

const checkSchema = z.looseObject({
  check: z.looseObject({ findings: z.array(z.looseObject({ level: z.string(), message: z.string() })) }).nullable(),
  next: z.string().nullable(),
});

export const sourceCheck: Command = {
  name: 'source check',
  arguments: [{ name: 'source', help: 'its id' }],
  help: 'ask a source whether it can be read: credentials, permissions, reachability, clock',
  options: OPTIONS,
  run: async (input) => {
    const body = await askAll(input, 'check');
    if (typeof body === 'number') {
      return body;
    }
    const { check, next } = checkSchema.parse(body);
    for (const { level, message } of check?.findings ?? []) {
      input.say(`${level.padEnd(7)}  ${message}`);
    }
    if (next !== null) {
      input.say(next);
    }
    input.give(body);
    return check?.findings.some(({ level }) => level === 'error') === false ? EXIT.done : EXIT.error;
  },
};

export const sourceSync: Command = {
  name: 'source sync',
  arguments: [{ name: 'source', help: 'its id' }],
  help: 'sync a source now',
  options: OPTIONS,
  run: async (input) => {
    const body = await askAll(input, 'sync');
    if (typeof body === 'number') {
      return body;
    }
    input.say('It is queued; see how it ends: npx twinmap source list');
    input.give(body);
    return EXIT.done;
  },
};
