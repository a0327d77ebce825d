/**
 * One exchange of the protocol, by the official server. Loaded when an agent asks for the first time: most functions never see one, and
 * none of them should take longer to start for it.
 */
import {
  createMcpHandler,
  localhostAllowedHostnames,
  validateHostHeader,
  validateOriginHeader,
} from '@modelcontextprotocol/server';

import { LIMITS } from '../domain/limits.ts';
import { type McpSetting, mcpServers } from './server.ts';

export interface Exchanges {
  /** Whether a request was made for this host, and by no page of another one. */
  isOwnHost(names: readonly string[], headers: Headers): boolean;
  /** `body`: the message of this request, read before. */
  answer(request: Request, body: unknown): Promise<Response>;
}

export const openExchanges = (setting: McpSetting, onRefused: (name: string) => void): Exchanges => {
  const handler = createMcpHandler(mcpServers(setting), {
    // A stream of changes would stay open until the load balancer ends it, and nothing here changes while somebody waits.
    maxSubscriptions: 0,
    keepAliveMs: 0,
    maxRequestBodySize: LIMITS.agentRequestBytesMax,
    onerror: (error) => {
      onRefused(error.name);
    },
  });
  return {
    isOwnHost: (names, headers) => {
      const allowed = [...names, ...localhostAllowedHostnames()];
      return (
        validateHostHeader(headers.get('host'), allowed).ok && validateOriginHeader(headers.get('origin'), allowed).ok
      );
    },
    answer: async (request, body) => handler.fetch(request, { parsedBody: body }),
  };
};
