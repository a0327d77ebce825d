/**
 * The router's own Durable Object: keeps the fleet's override, and on workerd ticks the probes by its alarm, which is on disk
 * and so goes on by itself after a restart. No request waits for it after the first one.
 */
import type { OverrideStore, StoredOverride } from '../../override/override-state.ts';
import type { ObjectNamespace, ObjectState } from './platform.ts';

const OVERRIDE_KEY = 'override';
const OBJECT_NAME = 'router';
const ADDRESS = 'https://router-state.invalid';
/** One alarm ticks for this long: disk is written once per span, not once per tick. */
const SPAN_MS = 2000;
/** Silence takes 100 ms to be one: without a request that waits, a look in 50 ms finds the first one in time. */
const TICK_MS = { busy: 20, idle: 50 } as const;
const ASK_TIMEOUT_MS = 500;

const storedOf = (value: unknown): StoredOverride | undefined => {
  if (typeof value !== 'object' || value === null || !('token' in value) || !('seq' in value)) {
    return undefined;
  }
  const { token, seq } = value;
  return typeof token === 'string' && typeof seq === 'number' ? { token, seq } : undefined;
};

/** The override as seen from requests: asked of the object, within a bound. */
export const overrideInObject = (namespace: ObjectNamespace): OverrideStore => {
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    namespace
      .get(namespace.idFromName(OBJECT_NAME))
      .fetch(`${ADDRESS}${path}`, { ...init, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  return {
    load: async () => {
      const value: unknown = await (await ask('/override')).json();
      return storedOf(value);
    },
    save: async (stored) => {
      const response = await ask('/override', { method: 'PUT', body: JSON.stringify(stored) });
      if (!response.ok) {
        throw new Error(`The router's state object did not keep the override (HTTP ${response.status}).`);
      }
    },
  };
};

/** What the alarm does at each tick, and whether requests wait; absent where nothing is shared with the object. */
export type ObjectTick = (keep: (work: Promise<unknown>) => void) => keyof typeof TICK_MS;

export class StateObject {
  readonly #state: ObjectState;
  readonly #tick: ObjectTick | undefined;
  #isArmed = false;

  constructor(state: ObjectState, onTick: ObjectTick | undefined) {
    this.#state = state;
    this.#tick = onTick;
  }

  async fetch(request: Request): Promise<Response> {
    await this.#arm();
    const { storage } = this.#state;
    if (request.method === 'PUT') {
      const value: unknown = await request.json();
      const stored = storedOf(value);
      if (stored === undefined) {
        return new Response(null, { status: 400 });
      }
      await storage.put(OVERRIDE_KEY, stored);
      return new Response(null, { status: 204 });
    }
    return Response.json(storedOf(await storage.get(OVERRIDE_KEY)) ?? null);
  }

  async alarm(): Promise<void> {
    if (this.#tick === undefined) {
      return;
    }
    this.#isArmed = true;
    const endMs = Date.now() + SPAN_MS;
    // Set first: a process that dies while it ticks finds its alarm again.
    await this.#state.storage.setAlarm(endMs);
    const open = new Set<Promise<unknown>>();
    const keep = (work: Promise<unknown>): void => {
      const done = work.finally(() => {
        open.delete(done);
      });
      open.add(done);
    };
    while (Date.now() < endMs) {
      const tickMs = TICK_MS[this.#tick(keep)];
      await new Promise((resolve) => {
        setTimeout(resolve, tickMs);
      });
    }
    await Promise.all(open);
  }

  async #arm(): Promise<void> {
    if (this.#tick !== undefined && !this.#isArmed) {
      this.#isArmed = true;
      await this.#state.storage.setAlarm(Date.now());
    }
  }
}
