/** Writes an error of the router's own. Whatever is left of the request is not waited for. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RouterProblem } from '../../forward/problem.ts';

export const sendProblem = (
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: RouterProblem,
  extra: Readonly<Record<string, string>> = {},
): void => {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  // The rest of an unread body could be read as the next request.
  const close: Readonly<Record<string, string>> = req.complete ? {} : { connection: 'close' };
  res.writeHead(status, {
    ...headers,
    ...extra,
    ...close,
    'content-length': Buffer.byteLength(body),
  });
  res.end(req.method === 'HEAD' ? undefined : body);
};
