/**
 * What one request asks of the router, and what it may not ask, whatever read it: Node's parser or workerd's. The entries hand
 * over the few values that count; the rules are here once.
 */
import type { RouterParts } from '../app/build-parts.ts';
import type { RouterConfig } from '../config/schema.ts';
import type { OverrideState } from '../override/override-state.ts';
import type { RequestTraits } from '../policy/phase.ts';
import { type ModeClaim, winnerOf } from '../policy/mode.ts';
import type { ClientMemory, Decision } from '../policy/router-policy.ts';
import { isLoop, isOriginForm } from './hygiene.ts';
import { readMemory } from './memory-cookie.ts';
import { routerProblem, type RouterProblem } from './problem.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);
const OWN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** The router's own pages: they are not passed on. */
export const isOwnPath = (path: string): boolean => {
  if (path.startsWith('/__router/')) {
    return true;
  }
  const end = path.indexOf('?');
  return OWN_PATHS.has(end === -1 ? path : path.slice(0, end));
};

export interface AskedTarget {
  readonly method: string;
  readonly path: string | undefined;
  readonly via: string | undefined;
  readonly contentLength: string | undefined;
  /** Why two parsers could read it differently. */
  readonly framing: string | undefined;
}

const badRequest = (why: string): RouterProblem =>
  routerProblem(400, 'bad-request', {
    what: 'this request is not passed on',
    why: `The router refuses it: ${why}.`,
    next: 'Send one plain HTTP request for a path of this service.',
  });

export const bodyTooLarge = (why: string): RouterProblem =>
  routerProblem(413, 'too-large', { what: 'the body is too large', why, next: 'Send less at once.' });

/** Refusals that need no Region. */
export const refusalFrom = (asked: AskedTarget, config: RouterConfig): RouterProblem | undefined => {
  if (asked.framing !== undefined) {
    return badRequest(asked.framing);
  }
  if (!isOriginForm(asked.path)) {
    return badRequest('its target is not a path of this service');
  }
  if (isLoop(asked.via, config.name)) {
    return routerProblem(508, 'loop', {
      what: 'the request came back to this router',
      why: `Its Via header names ${config.name} already: a Region's endpoint leads to the router.`,
      next: 'Set the endpoints in the router config to the load balancers of the Regions.',
    });
  }
  if (!METHODS.has(asked.method)) {
    return routerProblem(405, 'method', {
      what: 'this method is not passed on',
      why: 'The router passes on the methods of the API only.',
      next: `Use one of ${[...METHODS].join(', ')}.`,
    });
  }
  const { bodyBytesMax } = config.limits;
  const length = Number(asked.contentLength ?? 0);
  return length > bodyBytesMax ? bodyTooLarge(`It has ${length} bytes, and ${bodyBytesMax} are allowed.`) : undefined;
};

export interface AskedTraits {
  readonly method: string;
  readonly path: string;
  readonly hasIdempotencyKey: boolean;
  /** An event stream, a range or an upgrade: not asked for twice at once. */
  readonly isSingular: boolean;
  readonly isReplayable: boolean;
}

const hasPrefix = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => path.startsWith(prefix));

export const traitsFrom = (asked: AskedTraits, config: RouterConfig): RequestTraits => ({
  method: asked.method,
  isReplayable: asked.isReplayable,
  hasSharedKey: asked.hasIdempotencyKey && hasPrefix(asked.path, config.sharedKeyPaths),
  isHedgeable: !asked.isSingular && !hasPrefix(asked.path, config.unhedgedPaths),
});

export interface ClaimParts {
  readonly config: RouterConfig;
  readonly override: OverrideState;
  readonly configClaim: ModeClaim;
  readonly wallMs: () => number;
}

/** The mode in force for this request. A promise only where a token is seen for the first time. */
export const claimFrom = (
  token: string | undefined,
  wished: string | undefined,
  { config, override, configClaim, wallMs }: ClaimParts,
): ModeClaim | Promise<ModeClaim> => {
  if (token === undefined && wished === undefined && override.fleet === undefined) {
    return configClaim;
  }
  const isAllowed = config.override.isUnsignedPreferenceAllowed && config.regions.some(({ id }) => id === wished);
  const preference: ModeClaim | undefined =
    isAllowed && wished !== undefined ? { origin: 'preference', mode: { kind: 'prefer', region: wished } } : undefined;
  const settle = (request: ModeClaim | undefined): ModeClaim => {
    const claims = [override.fleet, request, configClaim, preference];
    return winnerOf(
      claims.filter((claim) => claim !== undefined),
      wallMs(),
    );
  };
  if (token === undefined) {
    return settle(undefined);
  }
  const known = override.peek(token);
  return known === 'unknown' ? override.claim(token).then((claim) => settle(claim)) : settle(known);
};

export interface Decided {
  readonly decision: Decision;
  /** What the client brought. */
  readonly memory: ClientMemory | undefined;
}

/** What is decided for a request with this path and these cookies. */
export const decideFor = (
  { config, policy, timers, wallMs, memory: settings }: RouterParts,
  { path, cookie }: { readonly path: string; readonly cookie: string | undefined },
  traits: RequestTraits,
  claim: ModeClaim,
): Decided => {
  const isAllowed = claim.mode.kind === 'maintenance' && hasPrefix(path, config.maintenance.allowPaths);
  const memory = readMemory(cookie, settings, wallMs());
  // Cookies tell wall time, the policy knows only its own: what is pinned now is pinned.
  const remembered = memory?.pinnedUntilMs === undefined ? memory : { ...memory, pinnedUntilMs: Infinity };
  return { decision: policy.decide(traits, timers.now(), isAllowed ? undefined : claim, remembered), memory };
};

/** 503 with who paused it, why and until when. */
export const maintenanceProblem = ({ maintenance }: RouterConfig, claim: ModeClaim): RouterProblem =>
  routerProblem(
    503,
    'maintenance',
    {
      what: 'the service is in maintenance',
      why: claim.why ?? 'Somebody who operates it has paused it.',
      next: `Try again in ${Math.ceil(maintenance.retryAfterSeconds / 60)} minutes.`,
    },
    { by: claim.by, until: claim.expiresMs === undefined ? undefined : new Date(claim.expiresMs).toISOString() },
    { 'retry-after': maintenance.retryAfterSeconds.toString(), 'x-router-reason': 'maintenance' },
  );
