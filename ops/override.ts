/**
 * `twinmap override`: a signed, expiring word to the router, which beats what it sees by itself. The token needs nobody's log-in to be
 * believed: it is printed, and handed to a router where one is named.
 */
import { ConfigError } from '../functions/domain/errors.ts';
import { classifyFailure } from '../functions/domain/failure.ts';
import { mint } from '../router/entries/cli/token.ts';
import { parseDurationMs } from '../router/entries/cli/router-command.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { readPairFile } from './pair-stores.ts';
import { placeOf } from './failover/open-access.ts';
import { PAIR_OPTIONS } from './status.ts';
import { actor, textOption } from './store-writes.ts';

const PUSH_TIMEOUT_MS = 5000;
const DEFAULT_LIFETIME = '4h';
const DEFAULT_AUDIENCE = 'twinmap';

const required = (input: CommandInput, name: string, why: string): string => {
  const given = textOption(input, name);
  if (given === undefined) {
    throw new UsageError(why);
  }
  return given;
};

/** `--to secondary` is `--mode prefer:<its Region>`. */
const modeOf = async (input: CommandInput): Promise<string> => {
  const to = textOption(input, 'to');
  const mode = textOption(input, 'mode');
  if ((to === undefined) === (mode === undefined)) {
    throw new UsageError(
      'say what the router shall do: --to <region>, or --mode auto, maintenance, prefer:<region>, pin:<region>',
    );
  }
  if (mode !== undefined) {
    return mode;
  }
  const { regions } = await readPairFile(placeOf(input));
  const found = regions.find(({ role, region }) => role === to || region === to);
  if (found === undefined) {
    throw new UsageError(`--to takes ${regions.map(({ role, region }) => `${role} (${region})`).join(' or ')}`);
  }
  return `prefer:${found.region}`;
};

interface Pushed {
  readonly router: string;
  readonly ok: boolean;
  readonly detail: string;
}

const push = async (router: string, token: string): Promise<Pushed> => {
  try {
    const response = await fetch(new URL('/__router/override', router), {
      method: 'PUT',
      body: token,
      redirect: 'error',
      signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
    });
    const text = (await response.text()).slice(0, 500);
    return { router, ok: response.ok, detail: response.ok ? 'taken' : `HTTP ${response.status}: ${text}` };
  } catch (error) {
    const { message, code } = classifyFailure(error);
    return { router, ok: false, detail: `${message} (${code})` };
  }
};

const KEY_HELP =
  'an override is signed: --key <file> with the private key and --kid <its name in the router config>. ' +
  'Without a key yet: npx twinmap-router token new-key --key override.key';

export const override: Command = {
  name: 'override',
  arguments: [],
  help: 'tell the router what to do, signed and for a while; prints the token, and hands it to a router',
  options: [
    { flags: '--to <region>', help: 'prefer this Region (a role or a name)' },
    { flags: '--mode <mode>', help: 'auto, maintenance, prefer:<region> or pin:<region>' },
    { flags: '--for <duration>', help: 'how long it holds, for instance 30m or 4h', fallback: DEFAULT_LIFETIME },
    { flags: '--reason <text>', help: 'why, shown to everybody' },
    { flags: '--key <file>', help: 'the private key' },
    { flags: '--kid <name>', help: 'its name in the router config' },
    { flags: '--audience <name>', help: "the router config's name", fallback: DEFAULT_AUDIENCE },
    { flags: '--router <url>', help: 'hand it to this router; without it the token is printed only' },
    ...PAIR_OPTIONS,
  ],
  run: async (input) => {
    const mode = await modeOf(input);
    const keyFile = required(input, 'key', KEY_HELP);
    const kid = required(input, 'kid', KEY_HELP);
    const lifetimeMs = parseDurationMs(textOption(input, 'for') ?? DEFAULT_LIFETIME);
    if (lifetimeMs === undefined) {
      throw new ConfigError('--for takes a duration, for instance 30m or 4h');
    }
    const audience = textOption(input, 'audience') ?? DEFAULT_AUDIENCE;
    const why = textOption(input, 'reason') ?? 'no reason given';
    const seq = Math.floor(Date.now() / 1000);
    const token = await mint({ mode, keyFile, kid, scope: 'fleet', lifetimeMs, why, by: actor(), seq, audience });
    const router = textOption(input, 'router');
    input.say(token);
    input.say(`${mode} for ${textOption(input, 'for') ?? DEFAULT_LIFETIME}: ${why}`);
    const pushed = router === undefined ? undefined : await push(router, token);
    if (pushed === undefined) {
      input.say('Hand it to every router: curl -X PUT --data <token> https://<router>/__router/override');
    } else {
      input.say(`${pushed.router}: ${pushed.detail}`);
    }
    input.give({ token, mode, until: new Date(Date.now() + lifetimeMs).toISOString(), pushed: pushed ?? null });
    return pushed?.ok === false ? EXIT.error : EXIT.done;
  },
};
