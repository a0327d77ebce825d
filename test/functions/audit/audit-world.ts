/**
 * Two Regions that write, seal, sign and witness with the production code, over stores in memory and a clock that a test
 * moves. Tables can be damaged by hand: that is what the verification is for.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { createAuditLog } from '../../../functions/audit/audit-log.ts';
import type { HeadSigner } from '../../../functions/audit/head-signer.ts';
import type { AuditPair } from '../../../functions/audit/numbered-log.ts';
import { readEvidence } from '../../../functions/audit/read-evidence.ts';
import { type AuditRun, runAudit } from '../../../functions/audit/run-audit.ts';
import type { AuditEvidence, AuditVerdict } from '../../../functions/audit/verify/evidence.ts';
import { verifyAudit } from '../../../functions/audit/verify/verify-audit.ts';
import type { AuditEvent, AuditLog } from '../../../functions/domain/audit-event.ts';
import { done, type Failure } from '../../../functions/domain/failure.ts';
import type { InteractiveOutcome } from '../../../functions/domain/interactive-write.ts';
import type { RegionName } from '../../../functions/domain/region.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { regionNamed } from '../stores/region-named.ts';

export const OHIO = regionNamed('us-east-2');
export const OREGON = regionNamed('us-west-2');

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

const DOWN: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'the Region is down' };

const QUIET: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
}

export const makeKeyPair = (): KeyPair => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }) };
};

export const signerOf = ({ privateKey, spki }: KeyPair): HeadSigner => ({
  publicKey: () => Promise.resolve(done(spki)),
  sign: (bytes) => Promise.resolve(done(sign('sha256', bytes, privateKey))),
});

export class AuditRegionWorld {
  readonly region: RegionName;
  readonly table: MemoryRecordStore;
  keys = makeKeyPair();
  epoch = 1;
  down = false;
  /** Refuses these operations of the audit table, while the rest answers. */
  refused = new Set<string>();

  constructor(region: RegionName) {
    this.region = region;
    this.table = new MemoryRecordStore({
      fault: (operation) => (this.down || this.refused.has(operation) ? DOWN : undefined),
      pageItemsMax: 7,
    });
  }

  stores(): RegionStores {
    const unused = new MemoryRecordStore();
    return {
      region: this.region,
      tables: { workspaces: unused, audit: this.table, graph: unused },
      vectors: new MemoryVectorStore(1),
    };
  }
}

export class AuditWorld {
  readonly ohio = new AuditRegionWorld(OHIO);
  readonly oregon = new AuditRegionWorld(OREGON);
  nowMs = Date.parse('2026-11-21T22:00:00.000Z');
  #ops = 0;

  readonly now = (): number => this.nowMs;

  readonly newOp = (): string => {
    this.#ops += 1;
    return `01J${this.#ops.toString().padStart(23, '0')}`;
  };

  peerOf(home: AuditRegionWorld): AuditRegionWorld {
    return home === this.ohio ? this.oregon : this.ohio;
  }

  pairOf(home: AuditRegionWorld): AuditPair {
    const peer = this.peerOf(home);
    return {
      home: { region: home.region, records: home.table },
      peer: { region: peer.region, records: peer.table },
    };
  }

  logOf(home: AuditRegionWorld): AuditLog {
    const writes = new InteractiveWriter({
      regions: { home: home.stores(), peer: this.peerOf(home).stores() },
      telemetry: QUIET,
      now: this.now,
      newOp: this.newOp,
    });
    const epoch = (): Promise<number> => Promise.resolve(home.epoch);
    return createAuditLog({ writes, region: home.region, epoch, newOp: this.newOp });
  }

  /** One event, written in `home`. */
  async record(home: AuditRegionWorld, event: Partial<AuditEvent> = {}): Promise<InteractiveOutcome> {
    return this.logOf(home).record({
      at: this.nowMs,
      actor: 'function:sync',
      action: 'cycle.fenced',
      target: 'source:docs',
      outcome: 'refused',
      details: { step: 'claim' },
      ...event,
    });
  }

  /** One run of a Region's audit function. */
  async run(home: AuditRegionWorld): Promise<AuditRun> {
    return runAudit({
      pair: this.pairOf(home),
      signer: signerOf(home.keys),
      epoch: () => Promise.resolve(done(home.epoch)),
      telemetry: QUIET,
      now: this.now,
      newOp: this.newOp,
    });
  }

  /** Both Regions' functions run, and the clock goes on by a minute. */
  async minute(): Promise<void> {
    for (const home of [this.ohio, this.oregon].filter(({ down }) => !down)) {
      await this.run(home);
    }
    this.nowMs += MINUTE_MS;
  }

  /** What a drain does: everything that a Region owes the other arrives there, and the debt is cleared. */
  async drain(): Promise<void> {
    for (const from of [this.ohio, this.oregon]) {
      const to = this.peerOf(from);
      for (const record of this.records(from).filter(({ owed }) => owed === to.region)) {
        await to.table.put(record);
        await from.table.clearOwed(record, record.v);
      }
    }
  }

  /** Every replicated record of a table. */
  records(home: AuditRegionWorld): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (const partition of home.table.partitions.values()) {
      for (const { pk, sk, v, op = '', h = '', data = '', owed } of partition.values()) {
        if (v !== undefined) {
          found.push({ pk, sk, v, op, h, data, ...(owed === undefined ? {} : { owed }) });
        }
      }
    }
    return found.toSorted((left, right) => (`${left.pk} ${left.sk}` < `${right.pk} ${right.sk}` ? -1 : 1));
  }

  /** The last record of a partition. */
  lastOf(home: AuditRegionWorld, partition: string): StoredRecord {
    const last = this.records(home).findLast(({ pk }) => pk === partition);
    if (last === undefined) {
      throw new TypeError(`${home.region} has nothing in ${partition}`);
    }
    return last;
  }

  async evidence(...regions: readonly AuditRegionWorld[]): Promise<AuditEvidence> {
    const read = [];
    for (const { region, table } of regions.length === 0 ? [this.ohio, this.oregon] : regions) {
      const evidence = await readEvidence({ region, records: table });
      if (evidence.kind === 'failed') {
        throw new TypeError(`${region} could not be read`);
      }
      read.push(evidence.value);
    }
    return { declared: [OHIO, OREGON], regions: read, nowMs: this.nowMs };
  }

  async verify(...regions: readonly AuditRegionWorld[]): Promise<AuditVerdict> {
    return verifyAudit(await this.evidence(...regions));
  }
}

/**
 * A day's work: events in both Regions, an epoch change, late events, several signed heads, all witnessed. `hours` of it
 * end with a signature, so that everything is sealed, signed and witnessed.
 */
export const busyWorld = async (hours = 2): Promise<AuditWorld> => {
  const world = new AuditWorld();
  for (let hour = 0; hour < hours; hour += 1) {
    await world.record(world.ohio);
    await world.record(world.ohio, { action: 'gate.epoch-reused', target: 'gate' });
    await world.record(world.oregon, { action: 'settings.changed', target: 'setting:retention', outcome: 'done' });
    await world.minute();
    await world.record(world.ohio, { action: 'proof.compared', target: 'records', outcome: 'done' });
    await world.minute();
    world.ohio.epoch += 1;
    world.nowMs += HOUR_MS;
  }
  await world.minute();
  await world.minute();
  return world;
};
