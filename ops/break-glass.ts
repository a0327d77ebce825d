/**
 * `twinmap break-glass`: one reading of the API by what the shell's AWS credentials are, while keys are lost or the identity provider is
 * out. It asks the Region's API function itself, so that neither load balancer nor certificate has to work; the function has STS say who
 * asks, looks whether the stack lists them, and writes the reason into the audit log before it answers.
 */
import { z } from 'zod';

import { callerIdentity } from '../functions/aws/caller-identity.ts';
import { makeCallerProof, regionalStsHost, signCallerQuery } from '../functions/aws/caller-proof.ts';
import { accountIn, proofAudience, SELF_AUDIENCE } from '../functions/domain/caller-proof.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import { FunctionClient } from './aws/function-client.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { type Address, readPairFile } from './pair-stores.ts';
import { PLACE_OPTIONS, textOption } from './store-writes.ts';

const BOUNDS = { connectTimeoutMs: LIMITS.homeConnectTimeoutMs, callTimeoutMs: 25_000, attemptsMax: 1 };

const answerSchema = z.object({ statusCode: z.int(), body: z.string() });

/** As a load balancer would hand it over. */
const eventOf = (address: URL, headers: Readonly<Record<string, string>>): object => {
  const query: Record<string, string[]> = {};
  for (const name of new Set(address.searchParams.keys())) {
    query[name] = address.searchParams.getAll(name).map((value) => encodeURIComponent(value));
  }
  return {
    httpMethod: 'GET',
    path: address.pathname,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    multiValueQueryStringParameters: query,
    requestContext: { elb: { targetGroupArn: 'break-glass' } },
    body: null,
    isBase64Encoded: false,
  };
};

type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'unreachable'; readonly why: string };

const parseBody = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // Not an answer of the API; shown as it is.
    return text;
  }
};

/** Where the function is: Lambda looks a name without an ARN up in the account of whoever calls it. */
const accountOf = async ({ region, stores, functions }: Address, stsHost: string): Promise<string | undefined> => {
  const named = accountIn(functions?.api ?? '');
  if (named !== undefined) {
    return named;
  }
  const query = await signCallerQuery({ region, stsHost, audience: SELF_AUDIENCE, atMs: Date.now() });
  const who = await callerIdentity({
    region,
    audience: SELF_AUDIENCE,
    ...(functions?.sts === undefined ? {} : { endpoint: functions.sts }),
    dnsServers: stores.dnsServers,
    now: () => performance.now(),
  })(query);
  return who.kind === 'done' ? accountIn(who.value ?? '') : undefined;
};

const ask = async (place: Address, address: URL, reason: string): Promise<Asked> => {
  const { region, stores, functions } = place;
  if (functions === undefined) {
    return { kind: 'unreachable', why: 'its functions are not named in the file of --stores' };
  }
  const stsHost = functions.sts === undefined ? regionalStsHost(region) : new URL(functions.sts).host;
  const account = await accountOf(place, stsHost);
  if (account === undefined) {
    const why = `its STS does not say whose credentials these are; name the API's function by its ARN in the file of --stores`;
    return { kind: 'unreachable', why };
  }
  const audience = proofAudience({ account, region });
  const authorization = await makeCallerProof({ region, stsHost, audience, atMs: Date.now() });
  const client = new FunctionClient({
    region,
    ...(functions.lambda === undefined ? {} : { endpoint: functions.lambda }),
    ...(stores.dnsServers === undefined ? {} : { dnsServers: stores.dnsServers }),
    bounds: BOUNDS,
  });
  const headers = { authorization, 'x-twinmap-reason': reason, host: stsHost, accept: 'application/json' };
  const invoked = await client.invoke(functions.api, eventOf(address, headers));
  if (invoked.kind === 'failed') {
    return { kind: 'unreachable', why: `${invoked.failure.message} (${invoked.failure.code})` };
  }
  const answer = answerSchema.safeParse(invoked.value);
  return answer.success
    ? { kind: 'answered', status: answer.data.statusCode, body: parseBody(answer.data.body) }
    : { kind: 'unreachable', why: 'the function answered nothing that a load balancer would take' };
};

const readAddress = (text: string): URL => {
  const base = 'https://twinmap.internal';
  const url = text.startsWith('/') && URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url?.origin !== base) {
    throw new ConfigError('break-glass takes an address of the API, for instance /v1/incidents/region/us-east-1');
  }
  return url;
};

const readReason = (input: CommandInput): string => {
  const reason = textOption(input, 'reason')?.trim() ?? '';
  if (reason.length < LIMITS.reasonCharsMin || !/^[ -~]+$/u.test(reason)) {
    throw new ConfigError(
      `--reason takes one line of at least ${LIMITS.reasonCharsMin} plain characters; the audit log keeps it`,
    );
  }
  return reason;
};

const MEANINGS: Readonly<Record<number, number>> = { 200: EXIT.done, 503: EXIT.unreachable };

export const breakGlass: Command = {
  name: 'break-glass',
  arguments: [{ name: 'address', help: 'what to read, for instance /v1/incidents/region/us-east-1' }],
  help: 'read one address of the API by your AWS identity, with a reason that the audit log keeps',
  options: [{ flags: '--reason <text>', help: 'why keys and tokens do not do' }, ...PLACE_OPTIONS],
  run: async (input) => {
    const address = readAddress(input.words[0] ?? '');
    const reason = readReason(input);
    const { regions } = await readPairFile({
      file: textOption(input, 'stores'),
      dataDirectory: textOption(input, 'data') ?? '.twinmap',
    });
    const wanted = textOption(input, 'region');
    const asked = regions.filter((one) => wanted === undefined || one.role === wanted || one.region === wanted);
    for (const one of asked) {
      const answer = await ask(one, address, reason);
      if (answer.kind === 'answered') {
        input.say(JSON.stringify(answer.body, undefined, 2));
        input.give({ region: one.region, status: answer.status, answer: answer.body });
        return MEANINGS[answer.status] ?? EXIT.error;
      }
      input.say(`${one.region} (${one.role}) did not answer: ${answer.why}`);
    }
    input.give({ error: asked.length === 0 ? `there is no Region "${wanted ?? ''}" here` : 'no Region answered' });
    return asked.length === 0 ? EXIT.usage : EXIT.unreachable;
  },
};
