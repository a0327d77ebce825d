/**
 * What the proof function answers: the proof itself, and then, for a comparison, child hashes of nodes and entries of
 * leaves. A warm environment keeps the trees of the last proof; a cold one computes them again from the stored bytes.
 */
import { z } from 'zod';

import { ConfigError } from '../domain/errors.ts';
import { done, type Result } from '../domain/failure.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { DigestEntry } from './digest-tree.ts';
import { PROVEN_STORES, proveRegion, type ProvenStore, type RegionProof } from './prove.ts';

const proofId = z.string().min(1).max(64);
const store = z.enum(PROVEN_STORES);
const paths = z.array(z.string().regex(/^[0-9a-f]{0,4}$/u)).max(4096);

const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('prove'), proof: proofId, at: z.number().optional() }),
  z.strictObject({ kind: z.literal('children'), proof: proofId, store, paths }),
  z.strictObject({ kind: z.literal('entries'), proof: proofId, store, paths }),
]);

/**
 * `proof` names one comparison: its later questions are answered from the same reading. `at` judges the age of tombstones,
 * so that two Regions leave out the same ones; absent means this Region's clock.
 */
export type ProofRequest = z.infer<typeof requestSchema>;

export interface ProofSummary {
  readonly kind: 'proof';
  readonly region: string;
  readonly role: string;
  readonly root: string;
  readonly stores: Readonly<Record<ProvenStore, { readonly root: string; readonly count: number }>>;
  readonly documents: number;
  readonly chunks: number;
  readonly vectors: number;
  readonly damaged: readonly string[];
}

export type ProofAnswer =
  | ProofSummary
  | { readonly kind: 'children'; readonly nodes: readonly (readonly string[])[] }
  | { readonly kind: 'entries'; readonly leaves: readonly (readonly DigestEntry[])[] };

export interface ProofCache {
  readonly proofs: Map<string, RegionProof>;
}

export const parseProofRequest = (event: unknown): ProofRequest => {
  const parsed = requestSchema.safeParse(event);
  if (!parsed.success) {
    throw new ConfigError(`not a proof request: ${parsed.error.issues[0]?.message ?? ''}`);
  }
  return parsed.data;
};

const DAMAGED_KEYS_MAX = 100;

export interface ProofDependencies {
  readonly home: RegionStores;
  readonly role: string;
  readonly cache: ProofCache;
  readonly now: () => number;
}

const proofFor = async (
  { home, cache, now }: ProofDependencies,
  request: ProofRequest,
): Promise<Result<RegionProof>> => {
  const kept = cache.proofs.get(request.proof);
  if (kept !== undefined) {
    return done(kept);
  }
  const at = request.kind === 'prove' ? request.at : undefined;
  const proof = await proveRegion(home, { at: at ?? now(), deep: true });
  if (proof.kind === 'done') {
    cache.proofs.clear();
    cache.proofs.set(request.proof, proof.value);
  }
  return proof;
};

const summarise = (proof: RegionProof, region: string, role: string): ProofSummary => {
  const { trees } = proof;
  const brief = (name: ProvenStore): { root: string; count: number } => ({
    root: trees[name].root,
    count: trees[name].count,
  });
  return {
    kind: 'proof',
    region,
    role,
    root: proof.root,
    stores: {
      workspaces: brief('workspaces'),
      audit: brief('audit'),
      graph: brief('graph'),
      vectors: brief('vectors'),
    },
    documents: proof.documents,
    chunks: proof.chunks,
    vectors: proof.vectors,
    damaged: proof.damaged.slice(0, DAMAGED_KEYS_MAX),
  };
};

export const answerProof = async (
  dependencies: ProofDependencies,
  request: ProofRequest,
): Promise<Result<ProofAnswer>> => {
  const { home, role } = dependencies;
  const proof = await proofFor(dependencies, request);
  if (proof.kind === 'failed') {
    return proof;
  }
  switch (request.kind) {
    case 'prove': {
      return done(summarise(proof.value, home.region, role));
    }
    case 'children': {
      const tree = proof.value.trees[request.store];
      return done({ kind: 'children', nodes: request.paths.map((path) => tree.children(path)) });
    }
    case 'entries': {
      const tree = proof.value.trees[request.store];
      return done({ kind: 'entries', leaves: request.paths.map((path) => tree.entries(path)) });
    }
  }
};
