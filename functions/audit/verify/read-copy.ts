/** Reads one Region's table into events, links, heads and keys, checking each record by itself: bytes, hash, key and version. */
import { LIMITS } from '../../domain/limits.ts';
import type { RegionName } from '../../domain/region.ts';
import { interactiveVersion } from '../../domain/version.ts';
import { sha256Hex } from '../../stores/envelope.ts';
import type { StoredRecord } from '../../stores/record-store.ts';
import { fingerprintOf } from '../head-signer.ts';
import { type AuditPartition, dayOf, numberText, parseEventName, parsePartition } from '../keys.ts';
import {
  type EventPayload,
  type HeadPayload,
  type LinkPayload,
  parseEvent,
  parseHead,
  parseLink,
  parsePublicKey,
  type Parsed,
} from '../payloads.ts';
import { type Finding, type FindingKind, nameOf, type RegionEvidence } from './evidence.ts';

export interface Held<T> {
  readonly record: StoredRecord;
  readonly value: T;
  /** Of the bytes as they are stored. */
  readonly hash: string;
}

/** One Region's table, read. */
export interface AuditCopy {
  readonly region: RegionName;
  readonly records: readonly StoredRecord[];
  /** By `nameOf`. */
  readonly byName: ReadonlyMap<string, StoredRecord>;
  readonly events: readonly Held<EventPayload>[];
  /** By the Region that wrote them, in the order of their numbers. */
  readonly links: ReadonlyMap<RegionName, readonly Held<LinkPayload>[]>;
  readonly heads: ReadonlyMap<RegionName, readonly Held<HeadPayload>[]>;
  /** Public keys by Region and fingerprint. */
  readonly keys: ReadonlyMap<RegionName, ReadonlyMap<string, Uint8Array>>;
  readonly findings: readonly Finding[];
}

const versionFits = (record: StoredRecord, region: RegionName, at: number): boolean =>
  record.v === interactiveVersion({ ms: at, counter: 0 }, region, record.op);

/** An event's version carries the writer's clock, which may be beyond the event's own time; the rest must fit. */
const eventVersionFits = (record: StoredRecord, region: RegionName, op: string): boolean =>
  record.op === op && /^u\|\d{19}\|/u.test(record.v) && record.v.endsWith(`|${region}|${op}`);

type Fault = readonly [FindingKind, string];

const envelopeFault = (record: StoredRecord): Fault | undefined => {
  if (record.del === true) {
    return ['altered', 'was replaced by a tombstone, and nothing in an audit log is ever deleted'];
  }
  if (record.expires !== undefined) {
    return ['altered', 'was given a time at which the table would drop it, and nothing in an audit log expires'];
  }
  return sha256Hex(record.data) === record.h ? undefined : ['altered', 'was changed after it was written'];
};

const eventFault = (record: StoredRecord, event: EventPayload, day: string): Fault | undefined => {
  const name = parseEventName(record.sk);
  const fits =
    name !== undefined &&
    name.region === event.region &&
    name.time === new Date(event.at).toISOString() &&
    dayOf(event.at) === day &&
    eventVersionFits(record, event.region, name.op);
  return fits ? undefined : ['altered', 'is not the event that its key and version name'];
};

const numberedFault = (
  record: StoredRecord,
  value: { readonly n: number; readonly region: RegionName; readonly at: number },
  region: RegionName,
): Fault | undefined =>
  record.sk === numberText(value.n) && value.region === region && versionFits(record, region, value.at)
    ? undefined
    : ['altered', 'is not the record that its key and version name'];

class Reader {
  readonly events: Held<EventPayload>[] = [];
  readonly links = new Map<RegionName, Held<LinkPayload>[]>();
  readonly heads = new Map<RegionName, Held<HeadPayload>[]>();
  readonly keys = new Map<RegionName, Map<string, Uint8Array>>();
  readonly findings: Finding[] = [];
  readonly #region: RegionName;

  constructor(region: RegionName) {
    this.#region = region;
  }

  read(record: StoredRecord): void {
    const partition = parsePartition(record.pk);
    if (partition === undefined) {
      return;
    }
    const fault = envelopeFault(record);
    if (fault !== undefined) {
      this.#add(record, fault);
    }
    this.#readPayload(record, partition);
  }

  #readPayload(record: StoredRecord, partition: AuditPartition): void {
    switch (partition.kind) {
      case 'events': {
        this.#hold(record, parseEvent(record.data), this.events, (event) => eventFault(record, event, partition.day));
        break;
      }
      case 'chain': {
        const links = this.#listOf(this.links, partition.region);
        this.#hold(record, parseLink(record.data), links, (link) =>
          link.events.length > LIMITS.auditLinkEventsMax
            ? ['altered', 'seals more events than a link may']
            : numberedFault(record, link, partition.region),
        );
        break;
      }
      case 'heads': {
        const heads = this.#listOf(this.heads, partition.region);
        this.#hold(record, parseHead(record.data), heads, (head) => numberedFault(record, head, partition.region));
        break;
      }
      case 'keys': {
        this.#readKey(record, partition.region);
        break;
      }
    }
  }

  #readKey(record: StoredRecord, region: RegionName): void {
    const parsed = parsePublicKey(record.data);
    if (parsed.kind === 'invalid') {
      this.#add(record, ['unreadable', `is no public key: ${parsed.why}`]);
      return;
    }
    const spki = Buffer.from(parsed.value.spki, 'base64');
    const fingerprint = fingerprintOf(spki);
    if (fingerprint !== record.sk || parsed.value.region !== region || !versionFits(record, region, parsed.value.at)) {
      this.#add(record, ['altered', 'is not the public key that its key and version name']);
      return;
    }
    const keys = this.keys.get(region) ?? new Map<string, Uint8Array>();
    this.keys.set(region, keys.set(fingerprint, spki));
  }

  #hold<T>(record: StoredRecord, parsed: Parsed<T>, into: Held<T>[], check: (value: T) => Fault | undefined): void {
    if (parsed.kind === 'invalid') {
      this.#add(record, ['unreadable', `can't be read: ${parsed.why}`]);
      return;
    }
    const fault = check(parsed.value);
    if (fault !== undefined) {
      this.#add(record, fault);
    }
    into.push({ record, value: parsed.value, hash: sha256Hex(record.data) });
  }

  #listOf<T>(map: Map<RegionName, Held<T>[]>, region: RegionName): Held<T>[] {
    const known = map.get(region);
    if (known !== undefined) {
      return known;
    }
    const list: Held<T>[] = [];
    map.set(region, list);
    return list;
  }

  #add({ pk, sk }: StoredRecord, [kind, what]: Fault): void {
    const key = { pk, sk };
    this.findings.push({
      kind,
      region: this.#region,
      key,
      sentence: `In ${this.#region}, the record ${nameOf(key)} ${what}.`,
    });
  }
}

const byKey = (left: StoredRecord, right: StoredRecord): number => {
  const [a, b] = [nameOf(left), nameOf(right)];
  return a < b ? -1 : Number(a > b);
};

export const readCopy = ({ region, records }: RegionEvidence): AuditCopy => {
  const reader = new Reader(region);
  const sorted = records.toSorted(byKey);
  for (const record of sorted) {
    reader.read(record);
  }
  const { events, links, heads, keys, findings } = reader;
  const byName = new Map(sorted.map((record) => [nameOf(record), record]));
  return { region, records: sorted, byName, events, links, heads, keys, findings };
};
