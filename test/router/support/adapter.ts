/** What the adapter suite asks of each form of the router, so that one set of facts is checked against all of them. */
import type { RegionView } from '../../../router/app/router-view.ts';
import type { RouterConfig } from '../../../router/config/schema.ts';
import type { FaultOrigin } from './fault-origin.ts';

export interface AnsweredBy {
  readonly status: number;
  readonly region: string | undefined;
  readonly reason: string | undefined;
  readonly isBehind: boolean;
}

export interface AdapterSettings {
  readonly [name: string]: unknown;
  readonly regions?: readonly Readonly<Record<string, unknown>>[];
  readonly sharedKeyPaths?: readonly string[];
}

export interface RunningAdapter {
  readonly a: FaultOrigin;
  readonly b: FaultOrigin;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
  readonly answeredBy: (response: Response) => AnsweredBy;
  readonly states: () => Promise<readonly RegionView['state'][]>;
  readonly close: () => Promise<void>;
}

export interface RunningServer extends RunningAdapter {
  readonly url: string;
}

export interface Adapter<Running extends RunningAdapter> {
  readonly name: string;
  /** It can tell that a request never left: a refused connection, a bad certificate. */
  readonly tellsUnsent: boolean;
  readonly start: (settings?: AdapterSettings) => Promise<Running>;
}

export interface Served {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface ServerAdapter<Running extends RunningServer = RunningServer> extends Adapter<Running> {
  /** With this config, whatever its Regions are. */
  readonly serve: (config: RouterConfig) => Promise<Served>;
}

export const THRESHOLDS = {
  attemptTimeoutMs: 2000,
  deadlineMs: 4000,
  statusIntervalMs: 100,
  recoveryDelayMinMs: 100,
  recoveryGapMs: 20,
  probeTimeoutMs: 300,
};

export const answeredByHeaders = ({ status, headers }: Response): AnsweredBy => ({
  status,
  region: headers.get('x-router-region') ?? undefined,
  reason: headers.get('x-router-reason') ?? undefined,
  isBehind: headers.get('x-router-standing') === 'behind',
});

const isView = (value: unknown): value is { readonly regions: readonly RegionView[] } =>
  typeof value === 'object' && value !== null && 'regions' in value;

/** The regions of a running server, by its own status page. */
export const viewedRegions = async (url: string): Promise<readonly RegionView[]> => {
  const body: unknown = await (await fetch(`${url}/__router/status`)).json();
  return isView(body) ? body.regions : [];
};

const WAIT_MS = 6000;

export const until = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
  const endMs = performance.now() + WAIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > endMs) {
      throw new Error(`Waited ${WAIT_MS} ms in vain: ${what}.`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
};

export const bothReport = async (url: string): Promise<void> => {
  await until('both Regions report', async () => (await viewedRegions(url)).every(({ gate }) => gate !== 'unknown'));
};
