/**
 * A visitor's token, kept by the browser in a cookie that no script reads and no other site can send. It is the credential of the
 * API and nothing besides: it is judged anew with every request, and a Region keeps no sessions.
 */
import { LIMITS } from '../domain/limits.ts';
import { count } from './words.ts';

const NAME = 'twinmap_token';
/** Not sent with requests to the API itself, where a header is wanted. */
const PATH = '/console';
const DAY_SECONDS = 24 * 60 * 60;
/** What a cookie's value may be made of; a token has nothing else. */
const TOKEN = /^[\w.~+/=-]+$/u;

/** Why a browser can't keep it, in words; undefined where it can. */
export const tokenTrouble = (token: string): string | undefined => {
  const charsMax = LIMITS.consoleTokenCharsMax;
  if (!TOKEN.test(token)) {
    return 'That is no token: it is one word, for instance "twm_…".';
  }
  return token.length <= charsMax
    ? undefined
    : `The token is too long for a browser: it has ${count(token.length)} characters, and a cookie holds ${count(charsMax)}. ` +
        'Nobody has judged it: the API and the twinmap command take it. Here, use one that names fewer groups, or an API key.';
};

/** As the API wants it; undefined where the browser sent no token. */
export const authorizationOf = (cookies: string | null): string | undefined => {
  const value = (cookies ?? '')
    .split(';')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${NAME}=`))
    ?.slice(NAME.length + 1);
  return value === undefined || tokenTrouble(value) !== undefined ? undefined : `Bearer ${value}`;
};

const cookie = (value: string, maxAgeSeconds: number, isSecure: boolean): string =>
  `${NAME}=${value}; Path=${PATH}; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${isSecure ? '; Secure' : ''}`;

export const sessionCookie = (token: string, isSecure: boolean): string => cookie(token, DAY_SECONDS, isSecure);

export const endedCookie = (isSecure: boolean): string => cookie('', 0, isSecure);

const firstOf = (header: string | null): string => (header ?? '').split(',', 1)[0]?.trim().toLowerCase() ?? '';

/** Behind a load balancer and a router: whether the browser's own connection is encrypted is what they say. */
export const isSecure = (request: Request): boolean =>
  firstOf(request.headers.get('x-forwarded-proto')) === 'https' || new URL(request.url).protocol === 'https:';

/**
 * Whether a form was sent by a page of this origin. Browsers say so themselves; an older one names the origin, which has to be the
 * host that was asked, here or at the router in front.
 */
export const isSameOrigin = ({ headers }: Request): boolean => {
  const site = headers.get('sec-fetch-site');
  if (site !== null) {
    return site === 'same-origin';
  }
  const origin = headers.get('origin');
  if (origin === null || !URL.canParse(origin)) {
    return false;
  }
  const asked = [headers.get('host'), headers.get('x-forwarded-host')].map((one) => firstOf(one));
  return asked.includes(new URL(origin).host);
};

/** A link from a chat is followed without the cookie; the page then asks for itself once more, and is sent it. */
export const isFromElsewhere = ({ headers }: Request): boolean =>
  headers.get('sec-fetch-site') === 'cross-site' && headers.get('sec-fetch-mode') === 'navigate';
