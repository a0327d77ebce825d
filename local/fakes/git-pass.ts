/** Hands a request on to a git server, as the hosts of code do behind one address: the stand-ins of GitHub and GitLab serve code this way. */
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';

import type { FakeRequest } from './fake-server.ts';

/** `target`: the address of the same request at the git server. */
export const passToGit = async (
  target: string,
  request: FakeRequest,
  raw: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { host: _host, connection: _connection, authorization: _authorization, ...headers } = raw.headers;
  const onward = httpRequest(target, { method: request.method, headers });
  onward.on('response', resolve).on('error', reject);
  onward.end(request.body);
  const answer = await promise;
  response.writeHead(answer.statusCode ?? 500, { 'content-type': answer.headers['content-type'] ?? '' });
  answer.pipe(response);
};
