/** The state of the Region that answered, as the API tells it to anybody. */
import { z } from 'zod';

import { type AskApi, type Read, readAs } from './console-api.ts';

const statusSchema = z.object({
  region: z.string(),
  role: z.string(),
  gate: z.object({
    state: z.enum(['active', 'passive', 'unknown']),
    epoch: z.number().nullable(),
    peerWrites: z.enum(['required', 'deferred']).nullable(),
    reason: z.string(),
  }),
  peerRegion: z.string().nullable(),
  replication: z
    .object({
      state: z.enum(['in-sync', 'down', 'catching-up', 'unknown']),
      owed: z.object({ count: z.number(), oldestAgeMs: z.number().nullable() }).nullish(),
      reason: z.string().optional(),
      since: z.number().optional(),
    })
    .nullable(),
  degraded: z.array(z.string()),
});

export type RegionStatus = z.infer<typeof statusSchema>;

export const readStatus = async (ask: AskApi): Promise<Read<RegionStatus>> =>
  readAs(await ask({ path: '/v1/status' }), statusSchema);
