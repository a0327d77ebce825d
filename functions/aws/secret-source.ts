/**
 * Secrets from this Region's own Secrets Manager: one secret per Region under one name, so that nothing of another Region is
 * needed. What was read is kept for a short while, since a sync of many parts asks for the same token again and again.
 */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { openSecret, type SecretSource } from '../connectors/secrets.ts';
import { ConfigError, RegionUnavailableError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { parseSecretReference } from '../domain/secret-reference.ts';
import { boundedCall, clientOptions, type ClientTarget } from './client-options.ts';

export interface SecretSourceOptions {
  readonly target: ClientTarget;
  readonly now: () => number;
}

interface Kept {
  readonly text: string;
  readonly readAt: number;
}

export const openSecretSource = ({ target, now }: SecretSourceOptions): SecretSource => {
  const client = new SecretsManagerClient(clientOptions(target));
  const kept = new Map<string, Kept>();
  const fetchText = async (reference: string, name: string, signal: AbortSignal): Promise<string> => {
    const answer = await boundedCall(target.bounds.callTimeoutMs, async ({ abortSignal }) => {
      const output = await client.send(new GetSecretValueCommand({ SecretId: name }), {
        abortSignal: AbortSignal.any([abortSignal, signal]),
      });
      return output.SecretString;
    });
    signal.throwIfAborted();
    if (answer.kind === 'failed') {
      const { code, reason } = answer.failure;
      const message = `The secret ${reference} can't be read in ${target.region} (${code}).`;
      throw reason === 'refused'
        ? new ConfigError(`${message} Create it in this Region, and let the function read it.`)
        : new RegionUnavailableError(`${message} The next cycle tries again.`);
    }
    if (answer.value === undefined || answer.value === '') {
      throw new ConfigError(`The secret ${reference} in ${target.region} has no text. Store the credential as text.`);
    }
    return answer.value;
  };
  return {
    read: async (reference, signal) => {
      const parsed = parseSecretReference(reference);
      if (parsed?.store !== 'secretsmanager') {
        throw new ConfigError(
          `A Region reads secrets by "secretsmanager:NAME" only, not by "${parsed?.store ?? '?'}:".`,
        );
      }
      const known = kept.get(parsed.name);
      if (known !== undefined && now() - known.readAt < LIMITS.secretKeptMs) {
        return openSecret(known.text, reference);
      }
      const text = await fetchText(reference, parsed.name, signal);
      kept.set(parsed.name, { text, readAt: now() });
      return openSecret(text, reference);
    },
  };
};
