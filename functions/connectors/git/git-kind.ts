/** The git kind: one repository, or many on the same hosts with one credential, each a part with its own commit. */
import { z } from 'zod';

import { CompositeConnector } from '../composite.ts';
import { defineKind } from '../kind.ts';
import { commitOf, gitBasic, openRepository } from '../repository-part.ts';
import { secretReferenceSchema } from '../secrets.ts';
import { redactAddress } from './git-source.ts';

const repositorySchema = z.strictObject({ url: z.string().min(1), branch: z.string().exactOptional() });
const credentialsSchema = z.strictObject({
  /** Whatever the host asks for beside a token, for instance `oauth2` or `x-access-token`. */
  user: z.string().min(1).max(100).default('x-access-token'),
  token: secretReferenceSchema,
});

const configSchema = z.strictObject({
  repositories: z.array(repositorySchema).min(1).max(500),
  credentials: credentialsSchema.exactOptional(),
});

/** Stable, readable and without the separator of ids: host and path. A local run's own port changes with every start. */
const keyOf = (url: string, loopbackOrigin: string | undefined): string =>
  redactAddress(
    loopbackOrigin !== undefined && url.startsWith(`${loopbackOrigin}/`) ? url.slice(loopbackOrigin.length + 1) : url,
  )
    .replace(/^[a-z]+:\/\//u, '')
    .replace(/(?:\.git)?\/*$/u, '')
    .replaceAll('!', '%21');

export const git = defineKind({
  kind: 'git',
  schema: configSchema,
  open: (config, setting) => {
    const { credentials, repositories } = config;
    const authorize =
      credentials === undefined
        ? null
        : gitBasic(credentials.user, async (signal) => setting.secrets.read(credentials.token, signal));
    const [only] = repositories;
    if (repositories.length === 1 && only !== undefined) {
      return openRepository(only, setting, authorize);
    }
    const parts = new Map(
      repositories.map((address) => {
        const key = `${keyOf(address.url, setting.rules.loopbackOrigin)}${address.branch === undefined ? '' : `@${address.branch}`}`;
        const name = key.slice(key.lastIndexOf('/') + 1);
        return [key, { key, pathPrefix: `${name}/`, connector: openRepository(address, setting, authorize) }];
      }),
    );
    return new CompositeConnector({
      kind: 'git',
      display: `${String(parts.size)} repositories`,
      snapshotOf: commitOf,
      discover: async () => [...parts.values()],
    });
  },
});
