/**
 * The proof after a sync: each Region's own function computes its root from its stored bytes; where the roots differ, the two
 * trees are walked down to the keys.
 */
import { done, type Failure, failed, type Result } from '../../functions/domain/failure.ts';
import { compareTrees, type TreeReader } from '../../functions/repair/compare.ts';
import type { ProofAnswer, ProofSummary } from '../../functions/repair/proof-service.ts';
import { PROVEN_STORES, type ProvenStore } from '../../functions/repair/prove.ts';
import { explainOutcome } from '../lambda/outcome.ts';
import type { RegionLink } from '../region/region-link.ts';
import type { NamedDifference } from './verdict.ts';

export interface ProvingRegion {
  readonly link: RegionLink;
  readonly functionName: string;
}

const unreachable = (message: string): { readonly kind: 'failed'; readonly failure: Failure } =>
  failed({ reason: 'unreachable', code: 'ProofFailed', message });

const broken = (message: string): { readonly kind: 'failed'; readonly failure: Failure } =>
  failed({ reason: 'unknown', code: 'ProofFailed', message });

const invokeProof = async (region: ProvingRegion, payload: unknown): Promise<Result<ProofAnswer>> => {
  try {
    const outcome = await region.link.ask({ kind: 'invoke', functionName: region.functionName, payload });
    if (outcome.kind === 'returned') {
      return done(outcome.payload as ProofAnswer);
    }
    const isRegionGone = outcome.kind === 'function-error' && outcome.errorType === 'RegionUnavailableError';
    return isRegionGone ? unreachable(outcome.message) : broken(explainOutcome(outcome));
  } catch (error) {
    return unreachable(error instanceof Error ? error.message : 'no answer');
  }
};

export const proveOne = async (region: ProvingRegion, proof: string): Promise<Result<ProofSummary>> => {
  const answer = await invokeProof(region, { kind: 'prove', proof });
  if (answer.kind === 'failed') {
    return answer;
  }
  return answer.value.kind === 'proof' ? done(answer.value) : broken('the proof function answered something else');
};

const readerOf = (region: ProvingRegion, proof: string, store: ProvenStore, root: string): TreeReader => ({
  root: async () => done(root),
  children: async (paths) => {
    const answer = await invokeProof(region, { kind: 'children', proof, store, paths });
    return answer.kind === 'failed' ? answer : done(answer.value.kind === 'children' ? answer.value.nodes : []);
  },
  entries: async (paths) => {
    const answer = await invokeProof(region, { kind: 'entries', proof, store, paths });
    return answer.kind === 'failed' ? answer : done(answer.value.kind === 'entries' ? answer.value.leaves : []);
  },
});

/** Every key that the two Regions hold differently. */
export const compareRegions = async (
  primary: { readonly region: ProvingRegion; readonly summary: ProofSummary },
  secondary: { readonly region: ProvingRegion; readonly summary: ProofSummary },
  proof: string,
): Promise<Result<readonly NamedDifference[]>> => {
  const differences: NamedDifference[] = [];
  for (const store of PROVEN_STORES) {
    const compared = await compareTrees(
      readerOf(primary.region, proof, store, primary.summary.stores[store].root),
      readerOf(secondary.region, proof, store, secondary.summary.stores[store].root),
    );
    if (compared.kind === 'failed') {
      return compared;
    }
    const named: Readonly<Record<string, string>> = {
      'missing-left': `missing in ${primary.summary.region}`,
      'missing-right': `missing in ${secondary.summary.region}`,
      'stale-left': `older in ${primary.summary.region}`,
      'stale-right': `older in ${secondary.summary.region}`,
      'different-bytes': 'different bytes',
    };
    for (const { key, kind, owed } of compared.value) {
      const what = named[kind] ?? kind;
      differences.push({ store, key: key.join(' / '), kind: owed ? `${what}, owed` : what, owed });
    }
  }
  return done(differences);
};
