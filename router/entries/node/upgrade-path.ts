/** A client asks to change the protocol: WebSocket passes, anything else is refused. */
import type http from 'node:http';
import type { Duplex } from 'node:stream';

import { routerProblem } from '../../forward/problem.ts';
import { decideFor, isOwnPath, maintenanceProblem } from '../../forward/request-terms.ts';
import { claimOf, refusalOf, traitsOf } from './request-terms.ts';
import type { RouterContext } from './router-context.ts';
import { endWith, UpgradedRequest } from './upgraded-request.ts';

const notOffered = routerProblem(400, 'upgrade', {
  what: 'this connection does not change its protocol',
  why: 'The router passes on WebSockets only, and for paths of the service only.',
  next: 'Ask with plain HTTP, or with Upgrade: websocket.',
});

const upgrade = async (
  context: RouterContext,
  req: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  const isOffered = req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket';
  const refusal = refusalOf(req, context) ?? (isOffered && !isOwnPath(req.url ?? '/') ? undefined : notOffered);
  if (refusal !== undefined) {
    endWith(socket, refusal);
    return;
  }
  const claim = await claimOf(req, context);
  const traits = traitsOf(req, true, context);
  const asked = { path: req.url ?? '/', cookie: req.headers.cookie };
  const { decision } = decideFor(context, asked, traits, claim);
  if (decision.kind === 'maintenance') {
    endWith(socket, maintenanceProblem(context.config, decision.claim));
    return;
  }
  new UpgradedRequest({ context, req, socket, head, traits, decision }).start();
};

export interface Upgrades {
  /** Connections that are open now. */
  readonly open: () => number;
  readonly close: () => void;
}

export const passUpgrades = (server: http.Server, context: RouterContext): Upgrades => {
  const sockets = new Set<Duplex>();
  server.on('upgrade', (req: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
    });
    // Without a listener a reset by the client would end the process.
    socket.on('error', () => {
      socket.destroy();
    });
    upgrade(context, req, socket, head).catch((error: unknown) => {
      context.log('error', 'upgrade.defect', { name: error instanceof Error ? error.name : 'unknown' });
      socket.destroy();
    });
  });
  return {
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
};
