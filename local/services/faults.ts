/**
 * Fault rules of one local Region: what goes wrong on the wire, for which service and operation, from which matching
 * request on and how often. Counting is the only state, so the same requests in the same order meet the same faults.
 */
import { ConfigError } from '../../functions/domain/errors.ts';
import type { ServiceName } from './service.ts';

/**
 * What can happen to a request that has arrived. `blackhole` never answers; `reset` reads the request, does nothing and
 * resets; `error-*` and `throttle` answer in the service's own shape without applying; `lost-reply` applies, then destroys
 * the socket; `header-stall` applies and sends half a head, `body-stall` the head and half the body, then nothing;
 * `truncate` applies, sends the head and half the body, and closes; `delay` applies and answers later, also when the client
 * has left by then; `none` shields from older, wider rules.
 */
export const REQUEST_MODES = [
  'none',
  'blackhole',
  'reset',
  'error-500',
  'error-503',
  'throttle',
  'lost-reply',
  'header-stall',
  'body-stall',
  'truncate',
] as const;

/**
 * What can happen before there is a request: nobody listens, a handshake that never begins, and a name without an address
 * (no records, no such name, a server that fails, a server that is silent). Setting one closes the service's connections,
 * because clients that hold open sockets would not meet it. `refuse` for one operation, or a number of times, is a request
 * whose socket is destroyed before its body is read: a port can't be closed for half of its clients.
 */
export const CONNECTION_MODES = [
  'refuse',
  'tls-stall',
  'dns-empty',
  'dns-nxdomain',
  'dns-servfail',
  'dns-silent',
] as const;

export type ConnectionMode = (typeof CONNECTION_MODES)[number];

export type Fault =
  | { readonly mode: (typeof REQUEST_MODES)[number] | ConnectionMode }
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
  /** What everybody meets who connects to a service; undefined: nothing. */
  connection(service: ServiceName): ConnectionMode | undefined;
  /** Called after every change of the rules. */
  onChange(listener: () => void): void;
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

const isQualified = ({ operation, after, times }: FaultTarget): boolean =>
  operation !== undefined || after !== undefined || times !== undefined;

const connectionModeOf = ({ mode }: Fault): ConnectionMode | undefined => CONNECTION_MODES.find((one) => one === mode);

/** A mode that only happens to connections: a request that comes all the same, over an address from before, is served. */
const isBeforeRequests = (rule: FaultRule): boolean => rule.mode !== 'refuse' && connectionModeOf(rule) !== undefined;

const check = (rule: FaultRule, supports: (mode: FaultMode) => boolean): void => {
  if (!supports(rule.mode)) {
    throw new ConfigError(
      `the fault ${rule.mode} can't be made here: it needs endpoints with TLS, and DNS faults a name server on loopback`,
    );
  }
  if (isBeforeRequests(rule) && isQualified(rule)) {
    throw new ConfigError(
      `the fault ${rule.mode} happens before there is a request: leave out operation, after and times`,
    );
  }
};

export const createFaults = (supports: (mode: FaultMode) => boolean = () => true): Faults => {
  const listeners: (() => void)[] = [];
  let rules: readonly CountedRule[] = [];
  let lastId = 0;
  const replace = (next: readonly CountedRule[]): void => {
    rules = next;
    for (const listener of listeners) {
      listener();
    }
  };
  return {
    set: (rule) => {
      check(rule, supports);
      lastId += 1;
      replace([{ id: lastId, rule, matched: 0, applied: 0 }, ...rules]);
      return lastId;
    },
    clear: (which) => {
      const all = which === undefined || which === '*';
      replace(all ? [] : rules.filter(({ id, rule }) => id !== which && rule.service !== which));
    },
    connection: (service) => {
      const newest = rules.find(({ rule }) => !isQualified(rule) && (rule.service === '*' || rule.service === service));
      return newest === undefined ? undefined : connectionModeOf(newest.rule);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    list: () => rules.map(({ id, rule, matched, applied }) => ({ id, rule, matched, applied })),
    next: (service, operation) => {
      for (const counted of rules) {
        if (fits(counted.rule, service, operation) && !isBeforeRequests(counted.rule)) {
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
