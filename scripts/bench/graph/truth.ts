/** What fails with what, by the plan alone. */
import type { RepositoryPlan } from './generate.ts';

const withWhoNeeds = (plan: readonly RepositoryPlan[], failed: ReadonlySet<string>): ReadonlySet<string> => {
  const down = new Set(failed);
  for (let before = -1; before < down.size;) {
    before = down.size;
    for (const { name, needs } of plan.flatMap((repository) => repository.components)) {
      if (needs.some((one) => down.has(one))) {
        down.add(name);
      }
    }
  }
  return down;
};

/** Components that are down when the Region fails, by the plan alone. */
export const truthOf = (plan: readonly RepositoryPlan[], region: string): ReadonlySet<string> => {
  const placed = new Map(plan.map(({ name, region: own }) => [name, own]));
  const down = new Set<string>();
  for (const repository of plan) {
    for (const { name, uses } of repository.components) {
      if (repository.region === region || uses.some((use) => placed.get(use.repository) === region)) {
        down.add(name);
      }
    }
  }
  return withWhoNeeds(plan, down);
};

/** Components that fail with this one, by what the plan says that they need. */
export const radiusOf = (plan: readonly RepositoryPlan[], component: string): ReadonlySet<string> => {
  const failed = withWhoNeeds(plan, new Set([component]));
  return new Set([...failed].filter((name) => name !== component));
};
