/** `router token`: makes a key pair, mints an override, or shows what a token says. The private key never leaves its file. */
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { parseMode, showMode } from '../../config/validate.ts';
import { mintToken, newKeyPair, readToken, verifyToken } from '../../override/token.ts';
import {
  CONFIG_OPTION,
  parseDurationMs,
  readConfig,
  ROUTER_EXIT,
  type RouterCommand,
  type RouterCommandInput,
  textOption,
} from './router-command.ts';

const DEFAULT_LIFETIME = '1h';

/** `seq` defaults to the second: two people who override in the same one see a refusal, and one of them tries again. */
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export interface MintOptions {
  readonly mode: string;
  readonly keyFile: string;
  readonly kid: string;
  readonly scope: 'fleet' | 'request';
  readonly lifetimeMs: number;
  readonly why: string;
  readonly by: string;
  readonly seq: number;
  readonly audience: string;
}

export const mint = async (options: MintOptions): Promise<string> => {
  const mode = parseMode(options.mode);
  if (mode === undefined) {
    throw new ConfigError(`"${options.mode}" is no mode: use auto, maintenance, prefer:<region> or pin:<region>.`);
  }
  const privateKey = (await readFile(options.keyFile, 'utf8')).trim();
  const { scope, audience, kid, lifetimeMs, seq, by, why } = options;
  const iatMs = Date.now();
  return mintToken({ mode, scope, aud: audience, kid, iatMs, expMs: iatMs + lifetimeMs, seq, by, why }, privateKey);
};

export const mintOptionsOf = (input: RouterCommandInput, mode: string, audience: string): MintOptions => {
  const keyFile = textOption(input, 'key');
  const kid = textOption(input, 'kid');
  const lifetimeMs = parseDurationMs(textOption(input, 'for') ?? DEFAULT_LIFETIME);
  if (keyFile === undefined || kid === undefined || lifetimeMs === undefined) {
    throw new ConfigError('A token needs --key <file>, --kid <name of the key in the config> and --for such as 30m.');
  }
  return {
    mode,
    keyFile,
    kid,
    lifetimeMs,
    audience,
    scope: input.options['request'] === true ? 'request' : 'fleet',
    why: textOption(input, 'why') ?? 'no reason given',
    by: textOption(input, 'by') ?? userInfo().username,
    seq: Number(textOption(input, 'seq') ?? nowSeconds()),
  };
};

const makeKey = async (input: RouterCommandInput, file: string): Promise<number> => {
  const { publicKey, privateKey } = await newKeyPair();
  await writeFile(file, `${privateKey}\n`, { mode: 0o600, flag: 'wx' });
  input.say(`The private key is in ${file}. Put this into override.keys of the config:`);
  input.say(JSON.stringify({ kid: 'give-it-a-name', publicKey }));
  input.give({ file, publicKey });
  return ROUTER_EXIT.done;
};

const inspect = async (input: RouterCommandInput, token: string): Promise<number> => {
  const config = await readConfig(input);
  const payload = readToken(token);
  const verified = await verifyToken(token, {
    keys: config.override.keys,
    audience: config.name,
    regions: config.regions.map(({ id }) => id),
    lifetimeMsMax: config.override.lifetimeSecondsMax * 1000,
    nowMs: Date.now(),
  });
  if (payload !== undefined) {
    input.say(
      `${showMode(payload.mode)} (${payload.scope}, seq ${payload.seq}) by ${payload.by}: ${payload.why}; until ${new Date(payload.expMs).toISOString()}`,
    );
  }
  input.say(verified.kind === 'valid' ? 'This router takes it.' : `This router refuses it: ${verified.why}.`);
  input.give({
    payload: payload ?? null,
    verdict: verified.kind,
    why: verified.kind === 'refused' ? verified.why : null,
  });
  return verified.kind === 'valid' ? ROUTER_EXIT.done : ROUTER_EXIT.error;
};

export const token: RouterCommand = {
  name: 'token',
  arguments: [
    { name: 'mode', help: 'auto, maintenance, prefer:<region>, pin:<region>; or a token to inspect; or new-key' },
  ],
  help: 'mint an override, show one, or make a key pair (new-key --key <file>)',
  options: [
    CONFIG_OPTION,
    { flags: '--key <file>', help: 'the private key' },
    { flags: '--kid <name>', help: 'its name in the config' },
    { flags: '--for <duration>', help: 'how long it holds, for instance 30m', fallback: DEFAULT_LIFETIME },
    { flags: '--why <text>', help: 'the reason, shown to everybody' },
    { flags: '--by <name>', help: 'who; the user of this machine unless set' },
    { flags: '--seq <number>', help: 'sequence number; the time in seconds unless set' },
    { flags: '--request', help: 'for one person (header, cookie, link), not for the fleet' },
  ],
  run: async (input) => {
    const word = input.words[0] ?? '';
    const keyFile = textOption(input, 'key');
    if (word === 'new-key') {
      return keyFile === undefined ? ROUTER_EXIT.usage : makeKey(input, keyFile);
    }
    if (word.startsWith('twr1.')) {
      return inspect(input, word);
    }
    const config = await readConfig(input);
    const minted = await mint(mintOptionsOf(input, word, config.name));
    input.say(minted);
    input.give({ token: minted, link: `/__router/override?token=${minted}` });
    return ROUTER_EXIT.done;
  },
};
