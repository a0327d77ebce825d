/** Lets Hono answer a request of node:http. For the router's own pages only; the data path never comes here. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_BYTES_MAX = 16_384;

const bodyOf = async (req: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const headersOf = (req: IncomingMessage): Headers => {
  const headers = new Headers();
  for (let at = 0; at + 1 < req.rawHeaders.length; at += 2) {
    headers.append(req.rawHeaders[at] ?? '', req.rawHeaders[at + 1] ?? '');
  }
  return headers;
};

export const answerByFetch = async (
  handle: (request: Request) => Response | Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  const method = req.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? await bodyOf(req) : '';
  if (body === undefined) {
    res.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const url = new URL(req.url ?? '/', 'http://router.invalid');
  const response = await handle(new Request(url, { method, headers: headersOf(req), ...(hasBody ? { body } : {}) }));
  const headers: string[] = [];
  for (const [name, value] of response.headers) {
    headers.push(name, value);
  }
  const bytes = Buffer.from(await response.arrayBuffer());
  headers.push('content-length', bytes.length.toString());
  res.writeHead(response.status, headers);
  res.end(method === 'HEAD' ? undefined : bytes);
};
