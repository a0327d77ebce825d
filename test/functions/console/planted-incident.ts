/** Rows of an incident as the API answers with them: a few that a person would look at, or as many as a test wants. */
import type { Incident, Row, Said, Step } from '../../../functions/console/incident/incident-data.ts';

export const AS_OF = 1_759_990_000_000;

const evidence = { source: 'docs', repository: 'shop', commit: 'c0ffee00c0ffee00', path: 'infra/main.tf', line: 12 };

export const step = (from: string, to: string, more: Partial<Step> = {}): Step => ({
  from,
  to,
  type: 'inRegion',
  level: 'declared',
  asOf: AS_OF,
  evidence: [evidence],
  ...more,
});

export const said = (name: string, more: Partial<Said> = {}): Said => ({
  id: `group:${name}`,
  name,
  from: 'catalog',
  asOf: AS_OF,
  evidence: [evidence],
  attributes: {},
  ...more,
});

export const row = (name: string, more: Partial<Row> = {}): Row => ({
  component: `component:${name}`,
  name,
  impact: 'DOWN',
  tier: 1,
  reach: 0,
  path: [step(`component:${name}`, 'region:us-west-2', { tie: 'runtime' })],
  ties: [],
  unknowns: 0,
  environments: [],
  asOf: AS_OF,
  onCall: [],
  runbooks: [],
  decisions: [],
  ...more,
});

export const incident = (rows: readonly Row[], more: Partial<Incident> = {}): Incident => {
  const count = (impact: Row['impact']): number => rows.filter((one) => one.impact === impact).length;
  return {
    rules: '2026-11-2',
    unchecked: 0,
    isCut: false,
    truncated: false,
    freshness: [],
    missing: [],
    cost: { calls: 0, bytes: 0, records: 0 },
    rows: [...rows],
    counts: {
      DOWN: count('DOWN'),
      DEGRADED: count('DEGRADED'),
      'CONTROL-PLANE': count('CONTROL-PLANE'),
      UNKNOWN: count('UNKNOWN'),
    },
    restricted: { DOWN: 0, DEGRADED: 0, 'CONTROL-PLANE': 0, UNKNOWN: 0 },
    ...more,
  };
};

export const INCIDENT_PATH = '/v1/incidents/region/us-west-2';
