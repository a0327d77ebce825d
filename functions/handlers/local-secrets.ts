/**
 * Secrets as a function reads them: from the Secrets Manager of its own Region. In a local run `env:NAME` is one more secret there,
 * which the Region's stand-in takes from the environment that `npm start` was given: the path is the same, and no function sees
 * the variables of a person's shell.
 */
import type { SecretSource } from '../connectors/secrets.ts';

/** Where the stand-in of a local Region serves variables of its own environment. */
const LOCAL_PREFIX = 'secretsmanager:twinmap/env/';

export const withLocalSecrets = (secrets: SecretSource): SecretSource => ({
  read: async (reference, signal) => secrets.read(reference.replace(/^env:/u, LOCAL_PREFIX), signal),
});
