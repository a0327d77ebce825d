/**
 * Proves that both Regions hold the same: each Region's own function computes its root from its stored bytes, and where the roots
 * differ the two trees are walked down to the keys, which are then read again and judged.
 */
import { z } from 'zod';

import { done, failed, type Result } from '../../functions/domain/failure.ts';
import type { RecordDigest, RecordKey, TableName } from '../../functions/domain/record.ts';
import { TABLE_NAMES } from '../../functions/domain/record.ts';
import { isRegionName, type RegionName } from '../../functions/domain/region.ts';
import { compareTrees, type Difference, kindOf, type TreeReader } from '../../functions/repair/compare.ts';
import { type JudgedDifference, judgeRecords, judgeVectors } from '../../functions/repair/judge.ts';
import type { ComparedRegions } from '../../functions/repair/peer-compare.ts';
import type { ProvenStore } from '../../functions/repair/prove.ts';
import type { RecheckedRecord, RecheckedVector } from '../../functions/repair/recheck.ts';
import { documentOfVector } from '../../functions/repair/source-of-key.ts';
import type { RegionAccess } from './region-access.ts';

const regionName = z.custom<RegionName>((value) => typeof value === 'string' && isRegionName(value));

const storeRoot = z.object({ root: z.string(), count: z.number() });

const summarySchema = z.object({
  kind: z.literal('proof'),
  region: z.string(),
  root: z.string(),
  stores: z.object({ workspaces: storeRoot, audit: storeRoot, graph: storeRoot, vectors: storeRoot }),
  documents: z.number(),
  chunks: z.number(),
  vectors: z.number(),
  damaged: z.array(z.string()),
});

export type RegionRoot = z.infer<typeof summarySchema>;

const childrenSchema = z.object({ kind: z.literal('children'), nodes: z.array(z.array(z.string())) });

const entriesSchema = z.object({
  kind: z.literal('entries'),
  leaves: z.array(
    z.array(
      z.object({
        key: z.array(z.string()),
        v: z.string(),
        h: z.string(),
        del: z.boolean(),
        owed: regionName.optional(),
      }),
    ),
  ),
});

export interface PairProof {
  readonly equal: boolean;
  readonly roots: readonly RegionRoot[];
  /** Empty where the roots are equal, and where everything that differed had only been on its way. */
  readonly differences: readonly JudgedDifference[];
}

const ask = async <T>(
  { functions, region }: RegionAccess,
  payload: unknown,
  schema: z.ZodType<T>,
): Promise<Result<T>> => {
  const answer = await functions.invoke('proof', payload);
  if (answer.kind === 'failed') {
    return answer;
  }
  const parsed = schema.safeParse(answer.value);
  return parsed.success
    ? done(parsed.data)
    : failed({
        reason: 'unknown',
        code: 'OtherAnswer',
        message: `the proof function of ${region} answered something else`,
      });
};

const readerOf = (where: RegionAccess, proof: string, store: ProvenStore, root: string): TreeReader => ({
  root: async () => done(root),
  children: async (paths) => {
    const answer = await ask(where, { kind: 'children', proof, store, paths }, childrenSchema);
    return answer.kind === 'failed' ? answer : done(answer.value.nodes);
  },
  entries: async (paths) => {
    const answer = await ask(where, { kind: 'entries', proof, store, paths }, entriesSchema);
    return answer.kind === 'failed'
      ? answer
      : done(
          answer.value.leaves.map((leaf) =>
            leaf.map(({ owed, ...entry }) => (owed === undefined ? entry : { ...entry, owed })),
          ),
        );
  },
});

const nameOf = ({ pk, sk }: RecordKey): string => JSON.stringify([pk, sk]);

const byName = (digests: readonly RecordDigest[]): ReadonlyMap<string, RecordDigest> =>
  new Map(digests.map((digest) => [nameOf(digest), digest]));

const side = (digest: RecordDigest | undefined): Parameters<typeof kindOf>[0] =>
  digest === undefined ? undefined : { v: digest.v, h: digest.h, del: digest.del === true };

/** Asked again, strongly: what was being written while the two were read is equal by now. */
const recheck = async (
  { home, peer }: ComparedRegions,
  table: TableName,
  differences: readonly Difference[],
): Promise<Result<readonly RecheckedRecord[]>> => {
  const keys = differences.map(({ key: [pk = '', sk = ''] }) => ({ pk, sk }));
  const [left, right] = await Promise.all([home.tables[table].getDigests(keys), peer.tables[table].getDigests(keys)]);
  if (left.kind === 'failed') {
    return left;
  }
  if (right.kind === 'failed') {
    return right;
  }
  const [homes, peers] = [byName(left.value), byName(right.value)];
  return done(
    keys.flatMap((key, at): readonly RecheckedRecord[] => {
      const [one, other] = [homes.get(nameOf(key)), peers.get(nameOf(key))];
      // A hash that differs under one version was found in the bytes; the digests alone would not show it.
      const kind = differences[at]?.kind === 'different-bytes' ? 'different-bytes' : kindOf(side(one), side(other));
      return kind === undefined
        ? []
        : [
            {
              ...key,
              kind,
              ...(one === undefined ? {} : { home: one }),
              ...(other === undefined ? {} : { peer: other }),
            },
          ];
    }),
  );
};

const recheckVectors = async (
  { home, peer }: ComparedRegions,
  differences: readonly Difference[],
  records: readonly JudgedDifference[],
): Promise<Result<readonly RecheckedVector[]>> => {
  const documents = new Map(records.map((one) => [JSON.stringify(one.key), one]));
  const keys = differences.map(({ key: [key = ''] }) => key);
  const [left, right] = await Promise.all([home.vectors.getHashes(keys), peer.vectors.getHashes(keys)]);
  if (left.kind === 'failed') {
    return left;
  }
  if (right.kind === 'failed') {
    return right;
  }
  const hashIn = (digests: typeof left.value, key: string): string | undefined =>
    digests.find((digest) => digest.key === key)?.h;
  return done(
    differences.flatMap(({ key: [key = ''], kind }): readonly RecheckedVector[] => {
      const listing = documentOfVector(key);
      const document = listing === undefined ? undefined : documents.get(nameOf(listing));
      const isEqual = hashIn(left.value, key) === hashIn(right.value, key) && kind !== 'different-bytes';
      return isEqual && document === undefined ? [] : [{ key, kind, ...(document === undefined ? {} : { document }) }];
    }),
  );
};

type Prover = (store: ProvenStore) => Promise<Result<readonly Difference[]>>;

const judge = async (regions: ComparedRegions, differing: Prover): Promise<Result<readonly JudgedDifference[]>> => {
  const judged: JudgedDifference[] = [];
  for (const table of TABLE_NAMES) {
    const differences = await differing(table);
    const left = differences.kind === 'failed' ? differences : await recheck(regions, table, differences.value);
    const found = left.kind === 'failed' ? left : await judgeRecords(regions, table, left.value);
    if (found.kind === 'failed') {
      return found;
    }
    judged.push(...found.value);
  }
  const vectors = await differing('vectors');
  const left = vectors.kind === 'failed' ? vectors : await recheckVectors(regions, vectors.value, judged);
  return left.kind === 'failed' ? left : done([...judged, ...judgeVectors(left.value)]);
};

/** `proof` names the comparison: a function that is warm answers all its questions from one reading. */
export const provePair = async (
  left: RegionAccess,
  right: RegionAccess,
  { proof, at }: { readonly proof: string; readonly at: number },
): Promise<Result<PairProof>> => {
  const [one, other] = await Promise.all(
    [left, right].map(async (where) => ask(where, { kind: 'prove', proof, at }, summarySchema)),
  );
  if (one?.kind !== 'done') {
    return one ?? failed({ reason: 'unknown', code: 'NoProof', message: 'no proof' });
  }
  if (other?.kind !== 'done') {
    return other ?? failed({ reason: 'unknown', code: 'NoProof', message: 'no proof' });
  }
  const roots = [one.value, other.value];
  if (one.value.root === other.value.root) {
    return done({ equal: true, roots, differences: [] });
  }
  const differing: Prover = async (store) =>
    compareTrees(
      readerOf(left, proof, store, one.value.stores[store].root),
      readerOf(right, proof, store, other.value.stores[store].root),
    );
  const judged = await judge({ home: left.stores, peer: right.stores }, differing);
  return judged.kind === 'failed' ? judged : done({ equal: false, roots, differences: judged.value });
};

export const countOf = (differences: readonly JudgedDifference[], standing: JudgedDifference['standing']): number =>
  differences.filter((one) => one.standing === standing).length;
