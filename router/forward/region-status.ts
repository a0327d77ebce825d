/** Reads a Region's `/v1/status` for the policy. What it doesn't say stays unknown: the router never guesses who is active. */
import type { RegionReport } from '../policy/region-report.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

const GATES: ReadonlyMap<unknown, RegionReport['gate']> = new Map([
  ['active', 'active'],
  ['passive', 'passive'],
]);

const REPLICATION: ReadonlyMap<unknown, RegionReport['replication']> = new Map([
  ['in-sync', 'in-sync'],
  ['deferred', 'deferred'],
  ['down', 'down'],
  ['catching-up', 'catching-up'],
]);

/** `gate.peerWrites: "deferred"` and `replication.state` are both understood; the copy's own word counts first. */
export const reportOf = (status: unknown, atMs: number): RegionReport => {
  const body = fieldsOf(status);
  const gate = fieldsOf(body['gate']);
  const { epoch } = gate;
  const own = REPLICATION.get(fieldsOf(body['replication'])['state']);
  const declared = gate['peerWrites'] === 'deferred' ? 'deferred' : 'unknown';
  return {
    atMs,
    gate: GATES.get(gate['state']) ?? 'unknown',
    epoch: typeof epoch === 'number' && Number.isSafeInteger(epoch) ? epoch : 0,
    replication: own ?? declared,
  };
};
