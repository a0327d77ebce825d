/**
 * Where the audit table keeps what. Events by the day of their writer's clock; links, signed heads and public keys by the
 * Region that made them. One number line per Region for links: a key that named the epoch too would let two sealers that
 * see different epochs write two ends to one chain, and nobody could list the chains of a Region.
 */
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import { isRegionName, type RegionName } from '../domain/region.ts';

const NUMBER_DIGITS = 12;
const DAY_CHARS = 10;

/** What nothing precedes: the `prev` of the first record of a numbered log. */
export const GENESIS = '0'.repeat(64);

export const numberText = (n: number): string => n.toString().padStart(NUMBER_DIGITS, '0');

export const eventsPartition = (day: string): string => `events#${day}`;
export const chainPartition = (region: RegionName): string => `chain#${region}`;
export const headsPartition = (region: RegionName): string => `heads#${region}`;
export const keysPartition = (region: RegionName): string => `keys#${region}`;

/** The UTC day of a moment, for instance `2026-11-21`. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, DAY_CHARS);

export const eventKey = (atMs: number, region: RegionName, op: string): RecordKey => ({
  pk: eventsPartition(dayOf(atMs)),
  sk: `${new Date(atMs).toISOString()}#${region}#${op}`,
});

export interface EventName {
  readonly time: string;
  readonly region: RegionName;
  readonly op: string;
}

const EVENT_NAME = /^(?<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)#(?<region>[a-z0-9-]+)#(?<op>.+)$/u;

/** Reads an event's key back; undefined where it names none. */
export const parseEventName = (sk: string): EventName | undefined => {
  const { time, region, op } = EVENT_NAME.exec(sk)?.groups ?? {};
  return time === undefined || region === undefined || op === undefined || !isRegionName(region)
    ? undefined
    : { time, region, op };
};

/** Items that only one Region holds: what it remembers of its own logs, and what it witnessed of the other's. */
export const AUDIT_LOCAL_PARTITION = `${LOCAL_PREFIX}audit`;

const localKey = (sk: string): RecordKey => ({ pk: AUDIT_LOCAL_PARTITION, sk });

export const chainPositionKey = localKey('position#chain');
export const headsPositionKey = localKey('position#heads');
export const sweptKey = localKey('swept');
export const witnessKey = (region: RegionName): RecordKey => localKey(`witness#${region}`);
export const trustedKeyKey = (region: RegionName): RecordKey => localKey(`key#${region}`);

/** Which events of a day are sealed: one small item each, so that a late event is told from a sealed one. */
export const sealedPartition = (day: string): string => `${LOCAL_PREFIX}audit-sealed#${day}`;

export type AuditPartition =
  | { readonly kind: 'events'; readonly day: string }
  | { readonly kind: 'chain' | 'heads' | 'keys'; readonly region: RegionName };

/** What a partition holds; undefined where the audit log has no such partition. */
export const parsePartition = (pk: string): AuditPartition | undefined => {
  const [kind, name = '', more] = pk.split('#');
  if (more !== undefined) {
    return undefined;
  }
  if (kind === 'events') {
    return /^\d{4}-\d{2}-\d{2}$/u.test(name) ? { kind, day: name } : undefined;
  }
  return (kind === 'chain' || kind === 'heads' || kind === 'keys') && isRegionName(name)
    ? { kind, region: name }
    : undefined;
};
