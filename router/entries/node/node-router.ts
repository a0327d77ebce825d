/** A router on Node: listens, probes, serves its own pages, reloads certificates, and drains when it is told to end. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { createRouterApp } from '../../app/router-app.ts';
import type { RouterView } from '../../app/router-view.ts';
import { viewOf } from '../../app/view-of.ts';
import { buildRouter, type BuildOptions, type BuiltRouter } from './build-context.ts';
import { dataPath } from './data-path.ts';
import { answerByFetch } from './fetch-bridge.ts';
import { Prober } from './prober.ts';
import type { RouterContext } from './router-context.ts';
import { passUpgrades } from './upgrade-path.ts';

export interface NodeRouter {
  readonly url: string;
  readonly context: RouterContext;
  readonly view: () => RouterView;
  /** Reads certificates and the override's file again. */
  readonly reload: () => Promise<void>;
  /** Not ready from now on; ends when the requests in flight have ended, or at the bound. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const serverOptions = ({ config }: RouterContext): http.ServerOptions => ({
  maxHeaderSize: config.limits.headerBytesMax,
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 75_000,
  insecureHTTPParser: false,
  requireHostHeader: true,
  noDelay: true,
});

const openServer = (context: RouterContext): http.Server | https.Server => {
  const { certFile, keyFile } = context.config.listen;
  return certFile === undefined || keyFile === undefined
    ? http.createServer(serverOptions(context))
    : https.createServer({
        ...serverOptions(context),
        cert: readFileSync(certFile),
        key: readFileSync(keyFile),
      });
};

const listening = async (server: http.Server, host: string, port: number): Promise<string> => {
  const ready = Promise.withResolvers<undefined>();
  server.once('error', ready.reject);
  server.listen(port, host, () => {
    ready.resolve(undefined);
  });
  await ready.promise;
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
};

const DRAIN_STEP_MS = 20;

interface Running {
  isDraining: boolean;
  inFlight: number;
}

const serveRequests = (server: http.Server, built: BuiltRouter, state: Running, view: () => RouterView): void => {
  const { override, metrics, log, memory, wallMs } = built.context;
  const app = createRouterApp({ view, override, metrics, log, isSecure: memory.isSecure, wallMs });
  const proxy = dataPath(built.context, (req, res) => {
    answerByFetch(async (request) => app.fetch(request), req, res).catch((error: unknown) => {
      log('error', 'page.defect', { name: error instanceof Error ? error.name : 'unknown' });
      res.destroy();
    });
  });
  server.on('request', (req: http.IncomingMessage, res: http.ServerResponse) => {
    state.inFlight += 1;
    res.on('close', () => {
      state.inFlight -= 1;
    });
    if (state.isDraining) {
      res.setHeader('connection', 'close');
    }
    proxy(req, res);
  });
};

const reloadAll = async ({ context }: BuiltRouter): Promise<void> => {
  const { origins, override, log } = context;
  for (const origin of origins.values()) {
    try {
      origin.reload();
    } catch (error) {
      log('error', 'ca.reload-failed', {
        region: origin.region,
        why: error instanceof Error ? error.message : '',
      });
    }
  }
  const refused = await override.load();
  log('info', 'router.reloaded', { override: refused ?? 'read' });
};

const closeAll = async (server: http.Server, { context }: BuiltRouter): Promise<void> => {
  const closed = Promise.withResolvers<undefined>();
  server.close(() => {
    closed.resolve(undefined);
  });
  server.closeAllConnections();
  await closed.promise;
  await Promise.all([...context.origins.values()].map(async (origin) => origin.close()));
};

/** Until nothing is in flight, or the bound. */
const ended = async (state: Running, { timers, config }: RouterContext): Promise<void> => {
  const endMs = timers.now() + config.limits.drainMs;
  while (state.inFlight > 0 && timers.now() < endMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, DRAIN_STEP_MS);
    });
  }
};

export const startNodeRouter = async (options: BuildOptions): Promise<NodeRouter> => {
  const built = await buildRouter(options);
  const { context, names } = built;
  const { config, log } = context;
  const state: Running = { isDraining: false, inFlight: 0 };
  const configHash = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 12);
  const view = (): RouterView =>
    viewOf(context, {
      isDraining: state.isDraining,
      transitions: context.transitions,
      configHash,
      dns: (host) => names.view(host),
    });
  const server = openServer(context);
  serveRequests(server, built, state, view);
  const upgrades = passUpgrades(server, context);
  // Bounded, and before anybody waits: a look-up that hangs must not use up the first request's time to connect.
  await Promise.all(config.regions.map(async ({ endpoint }) => names.addresses(new URL(endpoint).hostname)));
  const address = await listening(server, config.listen.host, config.listen.port);
  const url = `${config.listen.certFile === undefined ? 'http' : 'https'}://${address}`;
  const prober = new Prober(context);
  prober.start();
  log('info', 'router.listening', { url, configHash, regions: context.policy.regions.join(',') });
  const close = async (): Promise<void> => {
    prober.stop();
    upgrades.close();
    await closeAll(server, built);
  };
  return {
    url,
    context,
    view,
    reload: async () => reloadAll(built),
    drain: async () => {
      state.isDraining = true;
      log('info', 'router.draining', { inFlight: state.inFlight });
      await ended(state, context);
      await close();
    },
    close,
  };
};
