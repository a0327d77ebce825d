/**
 * What a test puts into running Regions as their administrator, so that functions meet within a minute what takes days: old
 * tombstones, due orphans, damaged bytes, records that one Region lacks.
 */
import { type DynamoDBClient, UpdateItemCommand, DeleteItemCommand } from '@aws-sdk/client-dynamodb';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { parseDocumentPayload, sourceDocumentsPartition, documentPrefix } from '../../../functions/domain/corpus.ts';
import { LOCAL_PREFIX, type RecordKey, TABLE_NAMES, type TableName } from '../../../functions/domain/record.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import { interactiveVersion } from '../../../functions/domain/version.ts';
import type { RegionPair, RegionStores } from '../../../functions/dual-write/regions.ts';
import { keepGateDocument } from '../../../functions/gate/gate.ts';
import type { PeerWrites } from '../../../functions/gate/document.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { openDynamoClient } from '../../../functions/stores/dynamo-table.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import { addressesOf, openLocalPair, type PairAddresses } from '../../../local/start/pair-addresses.ts';
import type { Address } from '../../../ops/pair-stores.ts';
import { type PairStage, ROOT } from '../../support/pair-stage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const OP = '01J00000000000000000000000';
const CALL_TIMEOUT_MS = 5000;

/** One Region's tables without the envelope's rules. */
class RawRegion {
  readonly #client: DynamoDBClient;
  readonly #address: Address;

  constructor(address: Address) {
    this.#address = address;
    this.#client = openDynamoClient({
      region: address.region,
      endpoint: address.stores.dynamodb ?? '',
      dnsServers: address.stores.dnsServers ?? [],
      bounds: { connectTimeoutMs: 1000, callTimeoutMs: CALL_TIMEOUT_MS, attemptsMax: 2 },
    });
  }

  tableAsOf(table: TableName, now: () => number): DynamoRecordStore {
    return new DynamoRecordStore(this.#client, {
      table: this.#address.stores[table],
      callTimeoutMs: CALL_TIMEOUT_MS,
      now,
    });
  }

  async remove(table: TableName, { pk, sk }: RecordKey): Promise<void> {
    const Key = { pk: { S: pk }, sk: { S: sk } };
    await this.#client.send(new DeleteItemCommand({ TableName: this.#address.stores[table], Key }));
  }

  /** Other bytes under the same version and hash. */
  async damage(table: TableName, { pk, sk }: RecordKey): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#address.stores[table],
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'SET #data = :data',
        ExpressionAttributeNames: { '#data': 'data' },
        ExpressionAttributeValues: { ':data': { S: '{"damaged":true}' } },
      }),
    );
  }
}

const valueOf = <T>(result: { kind: 'done'; value: T } | { kind: 'failed'; failure: { message: string } }): T => {
  if (result.kind === 'failed') {
    throw new Error(result.failure.message);
  }
  return result.value;
};

export interface HeldDocument {
  readonly record: StoredRecord;
  readonly vectors: readonly string[];
}

export class Planter {
  readonly stores: Readonly<Record<Role, RegionStores>>;
  readonly raw: Readonly<Record<Role, RawRegion>>;

  private constructor(addresses: PairAddresses, { home, peer }: RegionPair) {
    if (peer === undefined) {
      throw new Error('the pair has one Region only');
    }
    this.stores = { primary: home, secondary: peer };
    this.raw = { primary: new RawRegion(addresses.primary), secondary: new RawRegion(addresses.secondary) };
  }

  static async open(stage: PairStage): Promise<Planter> {
    const addresses = await addressesOf(ROOT, stage.running().pair);
    return new Planter(addresses, openLocalPair(addresses).regions);
  }

  /** As a break-glass flip does: the highest epoch decides, wherever it is read. */
  async gate(epoch: number, peerWrites: PeerWrites): Promise<void> {
    await keepGateDocument(this.stores.primary.tables.workspaces, {
      is_active_for_scheduled_work: true,
      peer_writes: peerWrites,
      epoch,
      changed_at: new Date().toISOString(),
      changed_by: 'test',
      reason: 'permissions',
    });
  }

  /** A job of the schedule may have compared this slot, and collected, a moment ago: both are due again. */
  async forgetComparisons(): Promise<void> {
    const digests = ['roots', 'ready', 'verdict'].map((sk) => ({ pk: `${LOCAL_PREFIX}digests`, sk }));
    for (const role of ROLES) {
      for (const key of [...digests, { pk: `${LOCAL_PREFIX}repair`, sk: 'collect' }]) {
        await this.raw[role].remove('workspaces', key);
      }
    }
  }

  /** Tombstones of both Regions, in every table, that have done their work. */
  async oldTombstones(): Promise<void> {
    const then = Date.now() - LIMITS.tombstoneKeptMs - DAY_MS;
    for (const table of TABLE_NAMES) {
      const v = interactiveVersion({ ms: then, counter: 0 }, this.stores.primary.region, OP);
      for (const role of ROLES) {
        const store = this.raw[role].tableAsOf(table, () => then);
        await store.put(makeTombstone({ pk: 'old', sk: table }, { v, op: OP }));
      }
    }
  }

  /** A record of an hour ago. */
  async record(table: TableName, sk: string, roles: readonly Role[]): Promise<RecordKey> {
    const key = { pk: 'planted', sk };
    const v = interactiveVersion({ ms: Date.now() - DAY_MS / 24, counter: 0 }, this.stores.primary.region, OP);
    for (const role of roles) {
      await this.stores[role].tables[table].put(makeRecord(key, { v, op: OP }, { sk }));
    }
    return key;
  }

  /** The documents of a source that list vectors. */
  async documents(sourceId: string): Promise<readonly HeldDocument[]> {
    const page = valueOf(
      await this.stores.primary.tables.graph.query(sourceDocumentsPartition(sourceId), { skPrefix: documentPrefix }),
    );
    return page.items
      .filter(({ del }) => del !== true)
      .map((record) => ({ record, vectors: parseDocumentPayload(record.data)?.chunks.map(({ k }) => k) ?? [] }))
      .filter(({ vectors }) => vectors.length > 0);
  }

  /** A vector of both Regions that no record lists, marked the day before yesterday. */
  async dueOrphan(sourceId: string, like: HeldDocument): Promise<void> {
    const [key = ''] = like.vectors;
    const [vector] = valueOf(await this.stores.primary.vectors.get([key]));
    if (vector === undefined) {
      throw new Error(`${key} is not there`);
    }
    const orphan = { ...vector, key: key.replace(/#[^#]*$/u, '#orphan') };
    for (const role of ROLES) {
      valueOf(await this.stores[role].vectors.put([orphan]));
    }
    const order = -(Date.now() - 2 * LIMITS.orphanAgeMs);
    const mark = { pk: `${LOCAL_PREFIX}orphans#${sourceId}`, sk: orphan.key, order, data: '' };
    valueOf(await this.stores.primary.tables.graph.putLocal(mark));
  }
}
