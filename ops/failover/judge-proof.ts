/** What a proof means for a failback: moved is only what was shown to be equal, or what somebody accepts with a reason. Pure. */
import { countOf, type PairProof } from './prove.ts';
import type { StepResult } from './run-context.ts';

const STANDINGS = ['drift', 'unacknowledged', 'owed'] as const;

/** Roots that differ without a key that does: each was read while something was written, and nobody has shown them equal. */
export const differencesText = ({ differences }: PairProof): string => {
  if (differences.length === 0) {
    return 'the roots were never equal, though no key differs when it is asked again: it is written to all the time';
  }
  const parts = STANDINGS.map((standing) => [standing, countOf(differences, standing)] as const)
    .filter(([, count]) => count > 0)
    .map(([standing, count]) => `${count} ${standing}`);
  return `${differences.length} keys differ (${parts.join(', ')})`;
};

export const judgeProof = (proof: PairProof, acceptDrift: string | undefined): StepResult => {
  const [root] = proof.roots;
  if (proof.equal) {
    return { outcome: 'done', detail: `both roots are ${root?.root.slice(0, 16) ?? ''}…` };
  }
  const text = differencesText(proof);
  const isDrift = proof.differences.length > 0;
  if (acceptDrift !== undefined) {
    return {
      outcome: 'left-open',
      detail: `${text}, accepted: ${acceptDrift}`,
      opens: [
        {
          id: 'drift',
          what: `${text}, accepted: ${acceptDrift}`,
          settledBy: isDrift ? 'npx twinmap repair --yes' : 'npx twinmap drift, which proves them equal',
        },
      ],
    };
  }
  const next = isDrift ? 'See them: npx twinmap drift' : 'Again in a moment: --resume';
  return {
    outcome: 'failed',
    isDrift,
    detail: `${text}; so nothing is moved. ${next}; move all the same: --accept-drift REASON`,
  };
};
