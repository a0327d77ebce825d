/** The few parts of workerd that the entries use, typed by shape: the runtime's own type package is not needed for them. */

/** A service binding: an external service on workerd, a VPC Service on Cloudflare, or the global fetch. */
export interface Fetcher {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
}

export interface RequestContext {
  /** Keeps the request's context alive until then, also when its client has gone. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface ObjectStorage {
  readonly get: (key: string) => Promise<unknown>;
  readonly put: (key: string, value: unknown) => Promise<void>;
  readonly setAlarm: (atMs: number) => Promise<void>;
}

export interface ObjectState extends RequestContext {
  readonly storage: ObjectStorage;
}

export interface ObjectNamespace {
  readonly idFromName: (name: string) => unknown;
  readonly get: (id: unknown) => Fetcher;
}

export type Environment = Readonly<Record<string, unknown>>;

const hasMethod = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && name in value && typeof Reflect.get(value, name) === 'function';

export const isFetcher = (value: unknown): value is Fetcher => hasMethod(value, 'fetch');

export const isNamespace = (value: unknown): value is ObjectNamespace => hasMethod(value, 'idFromName');

/** Bindings of a Region, in the order of its addresses: `REGION_0_0`, `REGION_0_1`, … as `router render` names them. */
export const bindingName = (region: number, at: number): string => `REGION_${region}_${at}`;

export const fetchersOf = (env: Environment, region: number): readonly Fetcher[] => {
  const found: Fetcher[] = [];
  for (let at = 0; ; at += 1) {
    const binding = env[bindingName(region, at)];
    if (!isFetcher(binding)) {
      return found;
    }
    found.push(binding);
  }
};
