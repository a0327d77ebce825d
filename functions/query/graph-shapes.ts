/** Shapes of the answers of the graph, for the document of the API and for agents' tools. */
import { z } from 'zod';

import { IMPACTS } from '../graph/answers/impact.ts';
import { momentShape } from './shapes.ts';

export const evidenceShape = z.object({
  source: z.string(),
  repository: z.string(),
  commit: z.string(),
  path: z.string(),
  line: z.int(),
  document: z.string().optional().meta({
    description:
      'the id for GET /v1/documents/{id}; absent where it is made of the path, as those of one git repository are',
  }),
});

export const stepShape = z.object({
  from: z.string().meta({ description: 'the id of a node, or "restricted"' }),
  to: z.string(),
  type: z.string(),
  level: z.string().meta({ description: 'observed, declared, literal, catalog or prose: strongest first' }),
  tie: z.string().optional(),
  via: z.string().optional(),
  environment: z.string().optional(),
  expression: z.string().optional().meta({ description: 'what stopped the evaluation' }),
  hint: z.string().optional(),
  rule: z.string().optional(),
  alternates: z.array(z.string()).optional(),
  count: z.int().optional(),
  asOf: momentShape,
  evidence: z.array(evidenceShape),
});

export const saidShape = z.object({
  id: z.string(),
  name: z.string(),
  from: z.string(),
  asOf: momentShape,
  evidence: z.array(evidenceShape),
  attributes: z.record(z.string(), z.string()),
});

export const impactShape = z.enum(IMPACTS);

export const countsShape = z.object({
  DOWN: z.int(),
  DEGRADED: z.int(),
  'CONTROL-PLANE': z.int(),
  UNKNOWN: z.int(),
});

export const rowShape = z.object({
  component: z.string(),
  name: z.string(),
  impact: impactShape,
  tier: z.number().optional(),
  reach: z.int(),
  path: z.array(stepShape),
  ties: z.array(stepShape),
  unknowns: z.int(),
  environments: z.array(z.string()),
  asOf: momentShape,
  owner: saidShape.optional(),
  onCall: z.array(saidShape),
  runbooks: z.array(saidShape),
  decisions: z.array(saidShape),
});

export const dependentShape = z.object({
  component: z.string(),
  name: z.string(),
  impact: impactShape,
  hops: z.int(),
  path: z.array(stepShape),
});

const freshnessShape = z.object({
  source: z.string(),
  name: z.string(),
  snapshot: z.string(),
  asOf: momentShape,
});

/** What every answer of the graph says beside its own. */
export const toldShape = {
  rules: z.string().meta({ description: 'the version of the table of hidden ties' }),
  freshness: z.array(freshnessShape).meta({ description: 'the sources that the answer rests on, the oldest first' }),
  missing: z.array(z.string()).meta({ description: 'sources of which no graph was derived yet' }),
  cost: z
    .object({ calls: z.int(), bytes: z.int(), records: z.int() })
    .nullable()
    .meta({ description: 'of all sources; null for whoever may not read them all' }),
};

export const countedShape = {
  counts: countsShape.meta({ description: 'rows and restricted components together' }),
  restricted: countsShape.meta({ description: 'components that the caller may not read: counted and not named' }),
};
