/** The rules of a listener: which function a request goes to, by its path; the listener's own where no rule fits. */
import type { RegionServices } from '../region/services.ts';

export type RuleSpec = Parameters<RegionServices['front']['ensureRule']>[0];

/** What of a listener or a rule decides how a request becomes an event. */
export interface ForwardSpec {
  readonly functionName: string;
  readonly targetGroupArn: string;
  readonly multiValueHeaders: boolean;
}

interface Rule {
  readonly spec: RuleSpec;
  readonly fits: readonly RegExp[];
}

/** A load balancer's patterns: `*` is any number of characters, `?` exactly one, and case matters. */
const patternOf = (text: string): RegExp => {
  const source = text
    .replaceAll(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
};

export class ListenerRules {
  #rules: readonly Rule[] = [];

  /** One rule per priority, as on AWS; the lowest number is asked first. */
  ensure(spec: RuleSpec): void {
    const others = this.#rules.filter((rule) => rule.spec.priority !== spec.priority);
    const rule: Rule = { spec, fits: spec.pathPatterns.map((pattern) => patternOf(pattern)) };
    this.#rules = [...others, rule].toSorted((left, right) => left.spec.priority - right.spec.priority);
  }

  /** `target` is the request line's, whose query no pattern sees. */
  choose(target: string, otherwise: ForwardSpec): ForwardSpec {
    const path = target.replace(/^https?:\/\/[^/?]*/iu, '').split('?', 1)[0] ?? '';
    return this.#rules.find(({ fits }) => fits.some((pattern) => pattern.test(path)))?.spec ?? otherwise;
  }
}
