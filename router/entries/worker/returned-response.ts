/** A Region's answer as the client gets it: its body untouched, its headers without those of a connection or a posing router. */
import { NO_RETRY_HEADER } from '../../forward/verdict.ts';
import { watchedBody } from './watched-body.ts';

const SWITCHING = 101;

/**
 * By name, and not by looking at each header: what passes through this language costs. The runtime has taken off what ends a
 * message (connection, keep-alive, te, trailer, transfer-encoding, upgrade); every answer sets the other names of the router.
 */
const NOT_RETURNED = [
  'proxy-authenticate',
  'proxy-connection',
  NO_RETRY_HEADER,
  'x-router-epoch',
  'x-router-standing',
] as const;

/**
 * Copied by the runtime and changed where need be: each header that goes through here costs as much as a decision. An answer
 * that tells its length, or is compressed, passes without this language touching it; of others each part is waited for so long.
 */
export const returnedResponse = (response: Response, signature: readonly string[], idleTimeoutMs: number): Response => {
  if (response.status === SWITCHING) {
    return response; // A WebSocket: it can't be rebuilt.
  }
  const { body, headers: given } = response;
  const isPassed = given.has('content-length') || given.has('content-encoding');
  const returned = new Response(
    isPassed || body === null || idleTimeoutMs === Infinity ? body : watchedBody(body, idleTimeoutMs),
    response,
  );
  const { headers } = returned;
  for (const name of NOT_RETURNED) {
    if (headers.has(name)) {
      headers.delete(name);
    }
  }
  for (let at = 0; at + 1 < signature.length; at += 2) {
    const name = signature[at] ?? '';
    const value = signature[at + 1] ?? '';
    if (name === 'set-cookie') {
      headers.append(name, value);
    } else {
      headers.set(name, value);
    }
  }
  return returned;
};
