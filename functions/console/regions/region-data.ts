/** Both Regions, the audit events of the gate and the reports, as the API answers with them. */
import { z } from 'zod';

import { regionsShape } from '../../query/region-routes.ts';

export const regionsSchema = z.object(regionsShape);

export type Regions = z.infer<typeof regionsSchema>;
export type RegionView = Regions['regions'][number];

/** What is wrong with who works, where both gates could be read: none is a person's to mend, and two are. */
export const whoWorks = ({ regions }: Regions): readonly string[] => {
  const gates = regions.map(({ gate }) => gate);
  const active = gates.filter((gate) => gate?.active === true).length;
  if (gates.some((gate) => gate === undefined || gate === null) || active === 1) {
    return [];
  }
  return active === 0
    ? ['no Region is active: nothing new is read until a person says who works (npx twinmap failover --to ROLE)']
    : ['both Regions have been told to work: the one with the lower epoch can not acknowledge (npx twinmap status)'];
};

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
