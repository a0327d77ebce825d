/** A Region's answer as the client gets it: its body untouched, its headers without those of a connection or a posing router. */
import { isReturned } from '../../forward/hygiene.ts';

const SWITCHING = 101;

/** Headers are handed over as one object: each call into the runtime costs as much as all of the rest. */
export const returnedResponse = (response: Response, signature: readonly string[]): Response => {
  const { status, statusText } = response;
  if (status === SWITCHING) {
    return response; // A WebSocket: it can't be rebuilt.
  }
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  const add = (value: string, name: string): void => {
    if (name === 'set-cookie') {
      cookies.push(value);
    } else {
      headers[name] = value;
    }
  };

  response.headers.forEach((value, name) => {
    if (isReturned(name)) {
      add(value, name);
    }
  });
  for (let at = 0; at + 1 < signature.length; at += 2) {
    add(signature[at + 1] ?? '', signature[at] ?? '');
  }
  const returned = new Response(response.body, { status, statusText, headers });
  for (const cookie of cookies) {
    returned.headers.append('set-cookie', cookie);
  }
  return returned;
};
