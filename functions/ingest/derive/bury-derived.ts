/** Of a source that goes: whatever was derived of it becomes tombstones in every declared Region. */
import { derivedPartitions } from '../../domain/derived-keys.ts';
import { LIMITS } from '../../domain/limits.ts';
import { failureOf } from '../../dual-write/outcome.ts';
import { directoryPartition, parseDirectorySk } from '../../lexical/keys.ts';
import { readBucketDigests } from '../../repair/lexical-digests.ts';
import { makeTombstone } from '../../stores/envelope.ts';
import { batchesOf } from '../../stores/vector-batches.ts';
import { type CycleStop, stopAt } from '../cycle-types.ts';
import { isDeadEverywhere } from '../held.ts';
import type { RunningCycle } from '../running-cycle.ts';
import type { SideRead } from './derivation.ts';
import { DerivationReaders, type KeyedPair } from './derivation-readers.ts';

type DerivedRead = SideRead<readonly KeyedPair[]>;

const listPartition = async (readers: DerivationReaders, pk: string): Promise<DerivedRead> => {
  const listed = await readers.list(pk);
  return listed.kind === 'failed'
    ? listed
    : { kind: 'read', value: [...listed.value].map(([sk, pair]) => ({ key: { pk, sk }, pair })) };
};

/** The lexical index lies in partitions that all sources share: its keys come from the source's directories in either Region. */
const listLexical = async (readers: DerivationReaders, source: string): Promise<DerivedRead> => {
  const directories = await listPartition(readers, directoryPartition(source));
  if (directories.kind === 'failed') {
    return directories;
  }
  const parts = directories.value.flatMap(({ key }) => parseDirectorySk(key.sk) ?? []);
  const buckets = await readers.digests(async ({ tables }) => readBucketDigests(tables.graph, source, parts));
  return buckets.kind === 'failed' ? buckets : { kind: 'read', value: [...directories.value, ...buckets.value] };
};

const buryAll = async (running: RunningCycle, derived: readonly KeyedPair[]): Promise<boolean | CycleStop> => {
  const { dependencies, versions, write } = running;
  const left = derived.filter(({ pair }) => !isDeadEverywhere(pair));
  for (const batch of batchesOf(left, LIMITS.digestGetItemsMax)) {
    if (dependencies.remainingMs() < LIMITS.handoverMarginMs) {
      return false;
    }
    const records = batch.map(({ key }) => makeTombstone(key, { v: versions.next(), op: versions.op }));
    const refused = await write.limiter.run(
      records.map((record) => async () => failureOf(await dependencies.writer.put('graph', record))),
    );
    if (refused !== undefined) {
      return stopAt('delete', refused.side, refused.failure);
    }
  }
  return true;
};

/** True where nothing is left; false where the invocation's time is nearly up. May be cut off anywhere and begun anew. */
export const buryDerived = async (running: RunningCycle): Promise<boolean | CycleStop> => {
  const { id } = running.dependencies.source;
  const readers = new DerivationReaders(running);
  const readings = [
    ...derivedPartitions(id).map((pk) => async () => listPartition(readers, pk)),
    async () => listLexical(readers, id),
  ];
  for (const read of readings) {
    const listed = await read();
    if (listed.kind === 'failed') {
      return stopAt('list', listed.side, listed.failure);
    }
    const buried = await buryAll(running, listed.value);
    if (buried !== true) {
      return buried;
    }
  }
  return true;
};
