/** Which token a command sends: the one that was given, the environment's, or the one that `npm start` keeps. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { parseToken } from '../functions/access/token.ts';
import { TwinmapError } from '../functions/domain/errors.ts';

/** Reads everything; what `npm start` prints. */
export const TOKEN_FILE = 'token';
/** May do everything; kept beside it, and not printed. */
export const OPERATOR_TOKEN_FILE = 'operator-token';

export const TOKEN_VARIABLE = 'TWINMAP_TOKEN';

/** There is no token to send, or what was given is none. */
export class TokenError extends TwinmapError {
  readonly code = 'TM_TOKEN';
  readonly audience = 'user';
  override readonly name = 'TokenError';
}

/** What an identity provider signs: three parts with dots. */
const PROVIDER_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/u;

/** What is no token is never sent: an HTTP client would quote it in its error. */
const checked = (token: string, where: string): string => {
  if (parseToken(token) === undefined && !PROVIDER_TOKEN.test(token)) {
    throw new TokenError(
      `${where} is not a token: one of this API starts with twm_, one of an identity provider has three parts with dots`,
    );
  }
  return token;
};

/** The token in a file of the data folder; undefined where there is no such file. */
export const readTokenFile = async (dataDirectory: string, name: string): Promise<string | undefined> => {
  try {
    return (await readFile(path.join(dataDirectory, name), 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw new TokenError(`${path.join(dataDirectory, name)} can't be read; give a token with --token`, {
      cause: error,
    });
  }
};

export interface TokenChoice {
  /** `--token`. */
  readonly given: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDirectory: string;
  /** Which of the running pair's own is taken; absent means the one that reads. */
  readonly file?: string;
}

export const chooseToken = async ({
  given,
  environment,
  dataDirectory,
  file = TOKEN_FILE,
}: TokenChoice): Promise<string> => {
  if (given !== undefined) {
    return checked(given.trim(), 'what --token gives');
  }
  const variable = environment[TOKEN_VARIABLE];
  if (variable !== undefined && variable !== '') {
    return checked(variable.trim(), `the variable ${TOKEN_VARIABLE}`);
  }
  const kept = await readTokenFile(dataDirectory, file);
  if (kept === undefined) {
    throw new TokenError(
      `there is no token: give one with --token or ${TOKEN_VARIABLE}, or make one with: twinmap key create --role reader`,
    );
  }
  return checked(kept, path.join(dataDirectory, file));
};
