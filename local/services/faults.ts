/**
 * Fault rules of one local Region: what goes wrong on the wire, for which service and operation, from which matching
 * request on and how often. Counting is the only state, so the same requests in the same order meet the same faults.
 */
import type { ServiceName } from './service.ts';

/**
 * `refuse` destroys the socket before the body is read; `blackhole` never answers; `reset` reads the request, does
 * nothing and resets; `error-*` and `throttle` answer in the service's own shape without applying; `lost-reply` applies,
 * then destroys the socket; `body-stall` applies, sends the headers and half the body, then nothing; `delay` applies and
 * answers later, also when the client has left by then; `none` shields from older, wider rules.
 */
export type Fault =
  | {
      readonly mode:
        | 'none'
        | 'refuse'
        | 'blackhole'
        | 'reset'
        | 'error-500'
        | 'error-503'
        | 'throttle'
        | 'lost-reply'
        | 'body-stall';
    }
  | { readonly mode: 'delay'; readonly delayMs: number };

export type FaultMode = Fault['mode'];

export interface FaultTarget {
  readonly service: ServiceName | '*';
  /** Only this operation, by its AWS name; absent means all. */
  readonly operation?: string;
  /** So many matching requests pass before the rule takes effect. */
  readonly after?: number;
  /** The rule takes effect so many times, then never again. */
  readonly times?: number;
}

export type FaultRule = FaultTarget & Fault;

export interface FaultState {
  readonly id: number;
  readonly rule: FaultRule;
  /** Matching requests so far, and those that met the fault. */
  readonly matched: number;
  readonly applied: number;
}

export interface Faults {
  /** Adds a rule; of the rules that fit a request the newest decides. */
  set(rule: FaultRule): number;
  /** Removes one rule by its id, the rules of one service, or (`*`, or nothing) all of them. */
  clear(which?: number | ServiceName | '*'): void;
  list(): readonly FaultState[];
  /** Counts one request against the rules and says what it meets. */
  next(service: ServiceName, operation: string): Fault;
}

interface CountedRule {
  readonly id: number;
  readonly rule: FaultRule;
  matched: number;
  applied: number;
}

const NO_FAULT: Fault = { mode: 'none' };

const fits = (rule: FaultRule, service: ServiceName, operation: string): boolean =>
  (rule.service === '*' || rule.service === service) && (rule.operation === undefined || rule.operation === operation);

const inEffect = (counted: CountedRule): boolean =>
  counted.matched > (counted.rule.after ?? 0) && counted.applied < (counted.rule.times ?? Infinity);

export const createFaults = (): Faults => {
  let rules: readonly CountedRule[] = [];
  let lastId = 0;
  return {
    set: (rule) => {
      lastId += 1;
      rules = [{ id: lastId, rule, matched: 0, applied: 0 }, ...rules];
      return lastId;
    },
    clear: (which) => {
      const all = which === undefined || which === '*';
      rules = all ? [] : rules.filter(({ id, rule }) => id !== which && rule.service !== which);
    },
    list: () => rules.map(({ id, rule, matched, applied }) => ({ id, rule, matched, applied })),
    next: (service, operation) => {
      for (const counted of rules) {
        if (fits(counted.rule, service, operation)) {
          counted.matched += 1;
          if (inEffect(counted)) {
            counted.applied += 1;
            return counted.rule;
          }
        }
      }
      return NO_FAULT;
    },
  };
};
