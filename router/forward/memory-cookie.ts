/**
 * What a client remembers for the router: the Region that served it, and until when it has to read there because it wrote
 * there. A preference without a signature: it can only name a Region that the router has, and is dropped when that one fails.
 */
import type { ClientMemory } from '../policy/router-policy.ts';

export interface MemorySettings {
  readonly isSticky: boolean;
  readonly readYourWritesMs: number;
  /** Behind TLS the name gets the `__Host-` prefix, so that no other host may set it. */
  readonly isSecure: boolean;
}

const NAME = 'router-region';

const cookieName = ({ isSecure }: MemorySettings): string => (isSecure ? `__Host-${NAME}` : NAME);

export const cookieValue = (header: string | undefined, name: string): string | undefined => {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) {
      return pair.slice(at + 1).trim();
    }
  }
  return undefined;
};

const RADIX = 36;

export const readMemory = (
  header: string | undefined,
  settings: MemorySettings,
  nowMs: number,
): ClientMemory | undefined => {
  if (header === undefined || !header.includes(NAME)) {
    return undefined;
  }
  const [region, until] = (cookieValue(header, cookieName(settings)) ?? '').split('|');
  if (region === undefined || region === '') {
    return undefined;
  }
  // Nobody can make it longer than the router itself would.
  const untilMs = until === undefined ? NaN : Number.parseInt(until, RADIX);
  const isPinned = untilMs > nowMs && untilMs <= nowMs + settings.readYourWritesMs;
  if (!isPinned && !settings.isSticky) {
    return undefined;
  }
  return isPinned ? { region, pinnedUntilMs: untilMs } : { region };
};

/** The `set-cookie` of this answer, where the client has something new to remember. */
export const memoryCookie = (
  region: string,
  isWrite: boolean,
  known: ClientMemory | undefined,
  settings: MemorySettings,
  nowMs: number,
): string | undefined => {
  const isPin = isWrite && settings.readYourWritesMs > 0;
  if (!isPin && (!settings.isSticky || known?.region === region)) {
    return undefined;
  }
  const value = isPin ? `${region}|${(nowMs + settings.readYourWritesMs).toString(RADIX)}` : region;
  const age = settings.isSticky ? '' : `; Max-Age=${Math.ceil(settings.readYourWritesMs / 1000)}`;
  return `${cookieName(settings)}=${value}${age}; Path=/; HttpOnly; SameSite=Lax${settings.isSecure ? '; Secure' : ''}`;
};
