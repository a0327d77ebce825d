/** Sources as the API lists them: what is configured, where each stands, and what went wrong with it. */
import { z } from 'zod';

const failureSchema = z.object({
  id: z.string(),
  scope: z.string().default('document'),
  reason: z.string(),
  message: z.string(),
  since: z.number(),
  tries: z.number(),
  nextTryAt: z.number().optional(),
});

export const sourceSchema = z.object({
  id: z.string(),
  kind: z.string().default('unknown'),
  name: z.string().optional(),
  url: z.string().nullish(),
  workspace: z.string().nullish(),
  from: z.string().optional(),
  enabled: z.boolean().optional(),
  redaction: z.string().nullish(),
  state: z.string().optional(),
  snapshot: z.string().nullish(),
  counts: z.object({ documents: z.number(), chunks: z.number(), skipped: z.number() }).nullish(),
  lastFullAt: z.number().nullish(),
  held: z.object({ plan: z.string(), documents: z.number() }).nullish(),
  cycle: z.object({ finishedAt: z.number(), epoch: z.number(), region: z.string() }).partial().nullish(),
  failures: z.object({ count: z.number(), listed: z.array(failureSchema) }).nullish(),
  uncompared: z.string().nullish(),
  lastFailure: z
    .object({ message: z.string(), next: z.string(), since: z.number(), attempts: z.number() })
    .partial()
    .nullish(),
  nextRunAt: z.number().nullish(),
  config: z.record(z.string(), z.unknown()).optional(),
});

export type SourceItem = z.infer<typeof sourceSchema>;

export const sourcesSchema = z.object({
  items: z.array(sourceSchema),
  degraded: z.array(z.string()).default([]),
  truncated: z.boolean().default(false),
});

export const oneSourceSchema = z.object({
  source: sourceSchema,
  check: z
    .object({
      at: z.number(),
      findings: z.array(z.object({ level: z.string(), message: z.string() })),
    })
    .nullish(),
  degraded: z.array(z.string()).default([]),
});

/** What a state means, and for whom it is. */
export const STATE_WORDS: Readonly<Record<string, string>> = {
  ok: 'read as planned',
  partial: 'read, with documents that failed',
  failing: 'the last cycles failed; what was read before is kept',
  refused: 'its credential is not accepted; what was read before is kept until somebody mends it',
  new: 'not read yet',
  off: 'switched off by somebody',
  removing: 'going, in both Regions',
};

export const STATE_BADGES: Readonly<Record<string, string>> = {
  ok: 'ok',
  partial: 'held',
  failing: 'failed',
  refused: 'failed',
  removing: 'held',
};
