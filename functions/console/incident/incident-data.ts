/** The answer of an incident as the console reads it: what `/v1/incidents/region/{r}` says, and nothing that it does not. */
import { z } from 'zod';

export const IMPACTS = ['DOWN', 'DEGRADED', 'CONTROL-PLANE', 'UNKNOWN'] as const;

export type Impact = (typeof IMPACTS)[number];

const evidenceSchema = z.object({
  source: z.string(),
  repository: z.string(),
  commit: z.string(),
  path: z.string(),
  line: z.number(),
});

const stepSchema = z.object({
  from: z.string(),
  to: z.string(),
  type: z.string(),
  level: z.string(),
  tie: z.string().optional(),
  via: z.string().optional(),
  environment: z.string().optional(),
  expression: z.string().optional(),
  hint: z.string().optional(),
  rule: z.string().optional(),
  alternates: z.array(z.string()).optional(),
  count: z.number().optional(),
  asOf: z.number(),
  evidence: z.array(evidenceSchema),
});

const saidSchema = z.object({
  id: z.string(),
  name: z.string(),
  from: z.string(),
  asOf: z.number(),
  evidence: z.array(evidenceSchema),
  attributes: z.record(z.string(), z.string()).default({}),
});

const rowSchema = z.object({
  component: z.string(),
  name: z.string(),
  impact: z.enum(IMPACTS),
  tier: z.number().optional(),
  reach: z.number(),
  path: z.array(stepSchema),
  ties: z.array(stepSchema),
  unknowns: z.number(),
  environments: z.array(z.string()),
  asOf: z.number(),
  owner: saidSchema.optional(),
  onCall: z.array(saidSchema),
  runbooks: z.array(saidSchema),
  decisions: z.array(saidSchema),
});

const countsSchema = z.object({
  DOWN: z.number(),
  DEGRADED: z.number(),
  'CONTROL-PLANE': z.number(),
  UNKNOWN: z.number(),
});

export const incidentSchema = z.object({
  rules: z.string().optional(),
  unchecked: z.number().default(0),
  isCut: z.boolean().default(false),
  /** The answer was larger than a load balancer takes: rows at its end are left out. */
  truncated: z.boolean().default(false),
  degraded: z.array(z.string()).default([]),
  /** Sources that the answer rests on, the oldest first. */
  freshness: z.array(z.object({ source: z.string(), name: z.string(), asOf: z.number() })).default([]),
  /** Sources of which no graph was derived yet. */
  missing: z.array(z.string()).default([]),
  rows: z.array(rowSchema),
  counts: countsSchema,
  restricted: countsSchema,
});

/** What there is to choose from. */
export const namesSchema = z.object({ regions: z.array(z.string()) });

export type Evidence = z.infer<typeof evidenceSchema>;
export type Step = z.infer<typeof stepSchema>;
export type Said = z.infer<typeof saidSchema>;
export type Row = z.infer<typeof rowSchema>;
export type Incident = z.infer<typeof incidentSchema>;

export const IMPACT_WORDS: Readonly<Record<Impact, string>> = {
  DOWN: 'running traffic needs the Region, and no copy elsewhere is known',
  DEGRADED: 'a copy or another instance elsewhere is known',
  'CONTROL-PLANE': 'only changes and deployments need it; traffic runs on',
  UNKNOWN: 'nobody could say where something of it runs',
};

export const oldestOf = (rows: readonly Row[]): number | undefined =>
  rows.length === 0 ? undefined : rows.reduce((oldest, { asOf }) => Math.min(oldest, asOf), Number.POSITIVE_INFINITY);

export const placeOf = ({ repository, commit, path, line }: Evidence): string =>
  `${repository}@${commit.slice(0, 10)}:${path}:${line}`;
