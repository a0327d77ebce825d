/** How a GitHub source is configured. Pure. */
import { z } from 'zod';

import { secretReferenceSchema } from '../secrets.ts';

const credentialsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), token: secretReferenceSchema }),
  z.strictObject({
    kind: z.literal('app'),
    appId: z.union([z.int(), z.string().regex(/^[\w.]{1,60}$/u)]),
    /** Absent: the one installation in the organisation. */
    installationId: z.int().exactOptional(),
    privateKey: secretReferenceSchema,
  }),
]);

export const gitHubConfigSchema = z.strictObject({
  /** Of the API: an Enterprise Server has it at `https://HOST/api/v3`. */
  url: z.url().default('https://api.github.com'),
  /** Where repositories are cloned from; absent: what belongs to `url`. */
  gitUrl: z.url().exactOptional(),
  credentials: credentialsSchema,
  repositories: z
    .strictObject({
      organisation: z
        .string()
        .regex(/^[\w.-]{1,100}$/u)
        .exactOptional(),
      /** Only those of the organisation that have this topic. */
      topic: z
        .string()
        .regex(/^[a-z0-9-]{1,50}$/u)
        .exactOptional(),
      list: z
        .array(z.string().regex(/^[\w.-]+\/[\w.-]+$/u))
        .max(500)
        .exactOptional(),
    })
    .refine(({ organisation, list }) => organisation !== undefined || (list?.length ?? 0) > 0, {
      error: 'name an organisation, or a list of repositories',
    }),
  content: z.boolean().default(true),
  issues: z.boolean().default(true),
  pullRequests: z.boolean().default(true),
  /** Of issues and pull requests: one call more for each that has some. */
  comments: z.boolean().default(true),
});

export type GitHubConfig = z.infer<typeof gitHubConfigSchema>;
export type GitHubCredentials = z.infer<typeof credentialsSchema>;

export const gitUrlOf = (config: GitHubConfig): string => {
  if (config.gitUrl !== undefined) {
    return config.gitUrl.replace(/\/+$/u, '');
  }
  const { origin, hostname } = new URL(config.url);
  return hostname === 'api.github.com' ? 'https://github.com' : origin;
};
