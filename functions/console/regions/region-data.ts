/** Both Regions, the audit events of the gate and the reports, as the API answers with them. */
import { z } from 'zod';

export const regionsSchema = z.object({
  regions: z.array(
    z.object({
      region: z.string(),
      state: z.enum(['read', 'unreachable']),
      why: z.string().optional(),
      gate: z
        .object({
          active: z.boolean(),
          epoch: z.number(),
          peerWrites: z.string(),
          changedAt: z.string(),
          changedBy: z.string(),
          reason: z.string(),
        })
        .nullish(),
      sources: z
        .array(
          z.object({
            id: z.string(),
            name: z.string(),
            snapshot: z.string(),
            finishedAt: z.number(),
            by: z.string(),
            epoch: z.number(),
            deferred: z.boolean(),
            v: z.string(),
            f: z.string().nullable(),
          }),
        )
        .nullish(),
      proof: z.object({ root: z.string(), at: z.number(), deep: z.boolean() }).nullish(),
    }),
  ),
  verdict: z
    .object({
      verdict: z.enum(['identical', 'owed-only', 'drift']),
      roots: z.record(z.string(), z.string()),
      counts: z.object({ owed: z.number(), unacknowledged: z.number(), drift: z.number() }),
      by: z.string(),
      at: z.number(),
      deep: z.boolean(),
    })
    .nullable(),
  degraded: z.array(z.string()).default([]),
});

export type Regions = z.infer<typeof regionsSchema>;
export type RegionView = Regions['regions'][number];

export const eventsSchema = z.object({
  items: z.array(
    z.object({
      at: z.number(),
      actor: z.string(),
      action: z.string(),
      target: z.string(),
      outcome: z.string(),
      region: z.string().optional(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  ),
});

export type Event = z.infer<typeof eventsSchema>['items'][number];

export const reportsSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      id: z.string(),
      at: z.number(),
      by: z.string(),
      state: z.string(),
      summary: z.string(),
    }),
  ),
});

export type Report = z.infer<typeof reportsSchema>['items'][number];
