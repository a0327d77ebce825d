/**
 * Makes an organisation with a known truth: first the plan (who runs where, who needs whom), then the files that say so, and from
 * the plan alone what each failed Region does. It imports nothing of what reads the files.
 */
import { type Random, seeded } from './random.ts';
import { CHANGES, COPIED, type Files, OPEN, PLAIN, type Slot, TRAPS } from './styles.ts';

export type Impact = 'DOWN' | 'DEGRADED' | 'CONTROL-PLANE' | 'UNKNOWN';

export interface GeneratedRepository {
  readonly name: string;
  readonly files: Files;
}

export interface Organisation {
  readonly repositories: readonly GeneratedRepository[];
  readonly regions: readonly string[];
  /** What every component suffers when the Region fails; who is not named suffers nothing. */
  truth(region: string): Readonly<Record<string, Impact>>;
}

const REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2'];

interface Tie {
  readonly region: string;
  readonly kind: 'runtime' | 'change';
  readonly copies: readonly string[];
}

interface Plan {
  readonly name: string;
  readonly ties: Tie[];
  isOpen: boolean;
  readonly needs: Set<string>;
  readonly files: Record<string, string>;
}

const slotOf = (plan: Plan, at: number): Slot => ({ folder: `part${at}`, id: `${plan.name}-${at}` });

const addPlain = (plan: Plan, slot: Slot, random: Random): void => {
  const region = random.pick(REGIONS);
  Object.assign(plan.files, random.pick(Object.values(PLAIN))(slot, region));
  plan.ties.push({ region, kind: 'runtime', copies: [] });
};

const addCopied = (plan: Plan, slot: Slot, random: Random): void => {
  const [region = '', other = ''] = random.shuffled(REGIONS);
  const [name, render] = random.pick(Object.entries(COPIED));
  Object.assign(plan.files, render(slot, region, other));
  plan.ties.push({ region, kind: 'runtime', copies: [other] }, { region: other, kind: 'runtime', copies: [region] });
  if (name.includes('records')) {
    plan.ties.push({ region: 'us-east-1', kind: 'change', copies: [] });
  }
};

const addChange = (plan: Plan, slot: Slot, random: Random): void => {
  const { region, render } = random.pick(Object.values(CHANGES));
  Object.assign(plan.files, render(slot));
  plan.ties.push({ region, kind: 'change', copies: [] });
};

const addFacts = (plan: Plan, random: Random): void => {
  const count = 1 + random.below(4);
  for (let at = 0; at < count; at += 1) {
    const slot = slotOf(plan, at);
    const dice = random.below(10);
    if (dice < 5) {
      addPlain(plan, slot, random);
    } else if (dice < 7) {
      addCopied(plan, slot, random);
    } else if (dice < 8) {
      addChange(plan, slot, random);
    } else if (dice < 9 && random.chance(0.3)) {
      Object.assign(plan.files, random.pick(Object.values(OPEN))(slot));
      plan.isOpen = true;
    } else {
      Object.assign(plan.files, random.pick(Object.values(TRAPS))(slot, random.pick(REGIONS)));
    }
  }
};

/** Cycles may come of it, as in life. */
const addNeeds = (plan: Plan, plans: readonly Plan[], random: Random): void => {
  const count = random.chance(0.4) ? 1 + random.below(2) : 0;
  for (let at = 0; at < count; at += 1) {
    const other = random.pick(plans);
    if (other !== plan) {
      plan.needs.add(other.name);
    }
  }
};

const catalogOf = (plan: Plan, random: Random): string => {
  const needs = [...plan.needs];
  const byApi = needs.filter(() => random.chance(0.5));
  const direct = needs.filter((name) => !byApi.includes(name));
  return [
    'apiVersion: backstage.io/v1alpha1',
    'kind: Component',
    `metadata: { name: ${plan.name}, labels: { tier: "${1 + random.below(4)}" } }`,
    'spec:',
    '  type: service',
    '  lifecycle: production',
    `  owner: team-${random.below(9)}`,
    `  providesApis: [${plan.name}-api]`,
    `  dependsOn: [${direct.map((name) => `"component:default/${name}"`).join(', ')}]`,
    `  consumesApis: [${byApi.map((name) => `${name}-api`).join(', ')}]`,
    '',
  ].join('\n');
};

const RANKS: readonly Impact[] = ['DOWN', 'DEGRADED', 'CONTROL-PLANE', 'UNKNOWN'];

const ownImpact = (plan: Plan, region: string): Impact | undefined => {
  const here = plan.ties.filter((tie) => tie.region === region);
  if (here.some(({ kind, copies }) => kind === 'runtime' && copies.length === 0)) {
    return 'DOWN';
  }
  if (here.some(({ kind }) => kind === 'runtime')) {
    return 'DEGRADED';
  }
  if (here.length > 0) {
    return 'CONTROL-PLANE';
  }
  return plan.isOpen ? 'UNKNOWN' : undefined;
};

const isWorse = (one: Impact, than: Impact | undefined): boolean =>
  than === undefined || RANKS.indexOf(one) < RANKS.indexOf(than);

/** Until nothing changes: who needs what suffers, suffers the same, except where only changes need it. */
const truthOf = (plans: readonly Plan[], region: string): Readonly<Record<string, Impact>> => {
  const found = new Map<string, Impact>();
  // What a component hands on is not always what it shows: changes concern it alone, its unknowns everybody.
  const felt = new Map<string, Impact>();
  for (const plan of plans) {
    const own = ownImpact(plan, region);
    if (own !== undefined) {
      found.set(plan.name, own);
    }
    const handedOn = own === 'CONTROL-PLANE' ? undefined : own;
    if (handedOn !== undefined || plan.isOpen) {
      felt.set(plan.name, handedOn ?? 'UNKNOWN');
    }
  }
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const { name, needs } of plans) {
      for (const need of needs) {
        const impact = felt.get(need);
        if (impact !== undefined && isWorse(impact, felt.get(name))) {
          felt.set(name, impact);
          isMoving = true;
        }
        if (impact !== undefined && isWorse(impact, found.get(name))) {
          found.set(name, impact);
        }
      }
    }
  }
  return Object.fromEntries(found);
};

export const generateOrganisation = (seed: number, count: number): Organisation => {
  const random = seeded(seed);
  const plans = Array.from({ length: count }, (_, at): Plan => ({
    name: `svc${at}`,
    ties: [],
    isOpen: false,
    needs: new Set(),
    files: {},
  }));
  for (const plan of plans) {
    addFacts(plan, random);
    addNeeds(plan, plans, random);
  }
  const repositories = plans.map((plan) => ({
    name: `repo-${plan.name}`,
    files: { ...plan.files, 'catalog-info.yaml': catalogOf(plan, random) },
  }));
  return { repositories, regions: REGIONS, truth: (region) => truthOf(plans, region) };
};
