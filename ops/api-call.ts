/**
 * One call of the API for a command: the Regions in order, until one answers. A change carries an idempotency key, so that trying the
 * other Region after a lost answer is the same change and not a second one.
 */
import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { type CommandInput, type CommandOption, EXIT } from './command.ts';
import { readPairFile } from './pair-stores.ts';
import { textOption } from './store-writes.ts';
import { chooseToken, OPERATOR_TOKEN_FILE, TOKEN_VARIABLE } from './token.ts';

export const API_OPTIONS: readonly CommandOption[] = [
  { flags: '--stores <file>', help: 'the file that names the Regions; without it the running pair' },
  { flags: '--region <name>', help: 'ask this Region only (a role or a name)' },
  { flags: '--token <token>', help: `what to show; without it ${TOKEN_VARIABLE}, or the running pair's own org-admin` },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

const TIMEOUT_MS = 20_000;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

export type ApiFields = Readonly<Record<string, unknown>>;

export type ApiOutcome =
  | { readonly kind: 'answered'; readonly region: string; readonly fields: ApiFields }
  | { readonly kind: 'ended'; readonly exit: number };

const fieldsSchema = z.record(z.string(), z.unknown());
const problemSchema = z.object({ what: z.string(), why: z.string(), next: z.string() });

interface Place {
  readonly name: string;
  readonly endpoint: string;
}

type Asked =
  | { readonly kind: 'answered'; readonly fields: ApiFields }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string };

const askOne = async ({ endpoint }: Place, call: ApiCall, token: string, key: string): Promise<Asked> => {
  try {
    const response = await fetch(new URL(call.path, endpoint), {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(call.method === 'GET' ? {} : { 'idempotency-key': key }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    const fields = fieldsSchema.safeParse(body);
    if (response.ok && fields.success) {
      return { kind: 'answered', fields: fields.data };
    }
    const problem = problemSchema.safeParse(body);
    const why = problem.success
      ? `${problem.data.what}. ${problem.data.why} ${problem.data.next}`
      : `HTTP ${response.status}`;
    return { kind: response.status >= 500 ? 'unreachable' : 'refused', why };
  } catch (error) {
    return { kind: 'unreachable', why: error instanceof Error ? error.message : 'no answer' };
  }
};

const placesOf = async (input: CommandInput, dataDirectory: string): Promise<readonly Place[]> => {
  const { regions } = await readPairFile({ file: textOption(input, 'stores'), dataDirectory });
  const wanted = textOption(input, 'region');
  return regions
    .filter(({ role, region }) => wanted === undefined || role === wanted || region === wanted)
    .flatMap(({ role, region, endpoint }) =>
      endpoint === undefined ? [] : [{ name: `${region} (${role})`, endpoint }],
    );
};

/** Says and gives what went wrong itself; whoever calls only hands the exit code on. */
export const callApi = async (input: CommandInput, call: ApiCall): Promise<ApiOutcome> => {
  const dataDirectory = textOption(input, 'data') ?? '.twinmap';
  const places = await placesOf(input, dataDirectory);
  const given = textOption(input, 'token');
  const token = await chooseToken({ given, environment: process.env, dataDirectory, file: OPERATOR_TOKEN_FILE });
  const key = randomUUID();
  for (const place of places) {
    const asked = await askOne(place, call, token, key);
    if (asked.kind === 'answered') {
      return { kind: 'answered', region: place.name, fields: asked.fields };
    }
    input.say(asked.kind === 'refused' ? asked.why : `${place.name} did not answer: ${asked.why}`);
    if (asked.kind === 'refused') {
      input.give({ error: asked.why });
      return { kind: 'ended', exit: EXIT.error };
    }
  }
  const error = places.length === 0 ? 'no Region with an address of its API is named here' : 'no Region answered';
  input.give({ error });
  return { kind: 'ended', exit: places.length === 0 ? EXIT.usage : EXIT.unreachable };
};
