/** The answer of an incident as the console reads it: what `/v1/incidents/region/{r}` says, and nothing that it does not. */
import { z } from 'zod';

import type { Impact } from '../../graph/answers/impact.ts';
import {
  countedShape,
  type evidenceShape,
  rowShape,
  type saidShape,
  type stepShape,
  toldShape,
} from '../../query/graph-shapes.ts';

export const incidentSchema = z.object({
  ...toldShape,
  ...countedShape,
  unchecked: z.int(),
  isCut: z.boolean(),
  /** The answer was larger than a load balancer takes: rows at its end are left out. */
  truncated: z.boolean(),
  rows: z.array(rowShape),
});

/** What there is to choose from. */
export const namesSchema = z.object({ regions: z.array(z.string()) });

export type Evidence = z.infer<typeof evidenceShape>;
export type Step = z.infer<typeof stepShape>;
export type Said = z.infer<typeof saidShape>;
export type Row = z.infer<typeof rowShape>;
export type Incident = z.infer<typeof incidentSchema>;

export const IMPACT_WORDS: Readonly<Record<Impact, string>> = {
  DOWN: 'running traffic needs the Region, and no copy elsewhere is known',
  DEGRADED: 'a copy or another instance elsewhere is known',
  'CONTROL-PLANE': 'only changes and deployments need it; traffic runs on',
  UNKNOWN: 'nobody could say where something of it runs',
};

/** What an answer does not hold, in sentences for its picture and its files. */
export const lacksOf = ({ isCut, truncated }: Pick<Incident, 'isCut' | 'truncated'>): readonly string[] =>
  isCut || truncated ? ['More was reached than this answer holds.'] : [];

export const oldestOf = (rows: readonly Row[]): number | undefined =>
  rows.length === 0 ? undefined : rows.reduce((oldest, { asOf }) => Math.min(oldest, asOf), Number.POSITIVE_INFINITY);

export const placeOf = ({ repository, commit, path, line }: Evidence): string =>
  `${repository}@${commit.slice(0, 10)}:${path}:${line}`;
