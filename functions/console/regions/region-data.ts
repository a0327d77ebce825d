/** Both Regions, audit events, reports and measurements, as the API answers with them: in the shapes of its own document. */
import { z } from 'zod';

import { auditListShape } from '../../query/audit-routes.ts';
import { metricsShape, regionsShape } from '../../query/region-routes.ts';
import { reportsShape } from '../../query/report-routes.ts';

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

export const eventsSchema = z.object(auditListShape);

export type Event = z.infer<typeof eventsSchema>['items'][number];

export const reportsSchema = z.object(reportsShape);

export type Report = z.infer<typeof reportsSchema>['items'][number];

export const metricsSchema = z.object(metricsShape);

export type Metrics = z.infer<typeof metricsSchema>;
