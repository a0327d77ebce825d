/**
 * Credentials by reference. Configuration, tables and cursors hold `secretsmanager:NAME` or `env:NAME`, never the secret; what
 * is read stays in a box that shows nothing, however it is printed.
 */
import { z } from 'zod';

import { ConfigError } from '../domain/errors.ts';
import { parseSecretReference } from '../domain/secret-reference.ts';

const HIDDEN = '[secret]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The one way to the text; call it where a header or a signature is made, and nowhere else. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}

export interface SecretSource {
  /** Throws `ConfigError` where there is no such secret; the message names the reference, which is no secret. */
  read(reference: string, signal: AbortSignal): Promise<Secret>;
}

const REFERENCE_CHARS_MAX = 600;

/** For configuration schemas. The message never repeats what was given: it may be the secret itself. */
export const secretReferenceSchema = z
  .string()
  .max(REFERENCE_CHARS_MAX)
  .refine((text) => parseSecretReference(text) !== undefined, {
    error: 'must be a reference, "secretsmanager:NAME" (or "env:NAME" in a local run), never the secret itself',
  });

const fieldOf = (text: string, reference: string, field: string): string => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigError(
      `The secret ${reference} is not JSON, so it has no field "${field}". Store it as a JSON object.`,
    );
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  const found = parsed.success ? parsed.data[field] : undefined;
  if (typeof found !== 'string' || found === '') {
    throw new ConfigError(
      `The secret ${reference} has no text in its field "${field}". Add it, or change the reference.`,
    );
  }
  return found;
};

/** The secret that a stored text stands for under a reference. */
export const openSecret = (stored: string, reference: string): Secret => {
  const field = parseSecretReference(reference)?.field ?? null;
  const text = field === null ? stored : fieldOf(stored, reference, field);
  // A line break at the end is an editor's, and would break a header.
  return new Secret(text.trimEnd());
};

/** Local runs only: the environment is given by the composition root. */
export const environmentSecrets = (environment: Readonly<Record<string, string | undefined>>): SecretSource => ({
  read: async (reference) => {
    const parsed = parseSecretReference(reference);
    const stored = parsed?.store === 'env' ? environment[parsed.name] : undefined;
    if (stored === undefined || stored === '') {
      throw new ConfigError(`There is no secret for ${reference}. A local run reads "env:NAME" from its environment.`);
    }
    return openSecret(stored, reference);
  },
});
