/**
 * Who decides when people have spoken: modes, where each came from, and which wins. Maintenance beats a pin that a request
 * brings, that beats what operators set, that beats a request's preference, that beats the config.
 */

export type Mode =
  | { readonly kind: 'auto' }
  | { readonly kind: 'prefer'; readonly region: string }
  /** No fallback and no hedge: somebody wants to see this Region. */
  | { readonly kind: 'pin'; readonly region: string }
  | { readonly kind: 'maintenance' };

/** `operator`: fleet-wide state. `request`: a signed token of this request. `preference`: unsigned, where allowed. */
export type ModeOrigin = 'operator' | 'request' | 'preference' | 'config' | 'default';

export interface ModeClaim {
  readonly origin: ModeOrigin;
  readonly mode: Mode;
  readonly by?: string;
  readonly why?: string;
  readonly expiresMs?: number;
  readonly seq?: number;
}

export const AUTO: ModeClaim = { origin: 'default', mode: { kind: 'auto' } };

const RANK: Readonly<Record<ModeOrigin, Readonly<Record<Mode['kind'], number>>>> = {
  // An unsigned wish is never more than a preference, and can't end anything.
  operator: { maintenance: 9, pin: 6, prefer: 6, auto: 6 },
  request: { maintenance: 8, pin: 7, prefer: 5, auto: 5 },
  config: { maintenance: 9, pin: 2, prefer: 2, auto: 2 },
  preference: { maintenance: 0, pin: 4, prefer: 4, auto: 0 },
  default: { maintenance: 1, pin: 1, prefer: 1, auto: 1 },
};

export const rankOf = ({ origin, mode }: ModeClaim): number => RANK[origin][mode.kind];

/** A pin that nobody signed is a preference. */
const asAllowed = (claim: ModeClaim): ModeClaim =>
  claim.origin === 'preference' && claim.mode.kind === 'pin'
    ? { ...claim, mode: { kind: 'prefer', region: claim.mode.region } }
    : claim;

/** The claim in force; expired ones are as if never made. The first of equals wins. */
export const winnerOf = (claims: readonly ModeClaim[], nowMs: number): ModeClaim => {
  let winner = AUTO;
  for (const claim of claims) {
    const isOver = claim.expiresMs !== undefined && claim.expiresMs <= nowMs;
    if (!isOver && rankOf(claim) > rankOf(winner)) {
      winner = claim;
    }
  }
  return asAllowed(winner);
};
