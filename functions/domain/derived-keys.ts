/**
 * Partitions of the graph table that hold what is derived from a source: each names its source, so that settling, repair, proof
 * and purge treat it like the chunks. The buckets of the lexical index are the exception: all sources share their partitions, and
 * the sort key names the source; who needs those of one source reads them by key (`functions/repair/lexical-digests.ts`). Who adds
 * a kind of derived record adds its partitions here and its pattern in `sourceOfKey`.
 */
import { chunkPartitions, sourceDocumentsPartition } from './corpus.ts';

/** Spread over four partitions: an ingest of one source does not heat one, and a cycle does not ask many. */
const GRAPH_SHARDS = ['0', '1', '2', '3'] as const;

export const graphPartitions = (sourceId: string): readonly string[] =>
  GRAPH_SHARDS.map((shard) => `graph#${sourceId}#${shard}`);

/** By any hexadecimal text that is spread evenly. */
export const graphPartition = (sourceId: string, hex: string): string =>
  `graph#${sourceId}#${Number.parseInt(hex.charAt(0), 16) % GRAPH_SHARDS.length}`;

/** Everything that is derived of a source and lies in partitions of its own. */
export const derivedPartitions = (sourceId: string): readonly string[] => graphPartitions(sourceId);

/** Everything of a source but its own record and its lexical index. */
export const sourcePartitions = (sourceId: string): readonly string[] => [
  ...chunkPartitions(sourceId),
  sourceDocumentsPartition(sourceId),
  ...derivedPartitions(sourceId),
];
