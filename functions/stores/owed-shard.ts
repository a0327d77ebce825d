/** The shards of the index of owed records: sixteen for each Region, so that a deferred ingest heats no single partition. */
import { createHash } from 'node:crypto';

import type { RegionName } from '../domain/region.ts';

const SHARDS = 16;

export const owedShard = (owed: RegionName, pk: string): string =>
  `${owed}#${(createHash('sha256').update(pk).digest()[0] ?? 0) % SHARDS}`;

export const owedShards = (owed: RegionName): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `${owed}#${shard}`);
