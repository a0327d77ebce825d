/** The Node entry and the fetch client, as the adapter suite wants them. */
import { createRegionClient } from '../../../router/client/region-client.ts';
import type { RouterConfig } from '../../../router/config/schema.ts';
import { startNodeRouter } from '../../../router/entries/node/node-router.ts';
import { reportOf } from '../../../router/forward/region-status.ts';
import { RegionReports } from '../../../router/policy/region-report.ts';
import {
  type Adapter,
  type AdapterSettings,
  answeredByHeaders,
  type RunningAdapter,
  type RunningServer,
  type Served,
  type ServerAdapter,
  THRESHOLDS,
} from './adapter.ts';
import { startFaultOrigin } from './fault-origin.ts';
import { startRouter } from './running-router.ts';

const startNode = async (settings: AdapterSettings = {}): Promise<RunningServer> => {
  const { a, b, router, get, close } = await startRouter({ policy: THRESHOLDS, ...settings });
  return {
    a,
    b,
    get,
    close,
    url: router.url,
    answeredBy: answeredByHeaders,
    states: async () => router.view().regions.map(({ state }) => state),
  };
};

/** Its look-ups know no name: what is reached is reached by address. */
const serveNode = async (config: RouterConfig): Promise<Served> => {
  const { url, close } = await startNodeRouter({
    config,
    log: () => undefined,
    resolve: async () => {
      throw new Error('NXDOMAIN');
    },
  });
  return { url, close };
};

export const NODE_ADAPTER: ServerAdapter = { name: 'Node', tellsUnsent: true, start: startNode, serve: serveNode };

const startClient = async ({ sharedKeyPaths = [] }: AdapterSettings = {}): Promise<RunningAdapter> => {
  const [a, b] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b')]);
  const client = createRegionClient({
    regions: [a, b].map(({ name, endpoint }) => ({ id: name, endpoint })),
    settings: THRESHOLDS,
    sharedKeyPaths,
    status: { reports: new RegionReports(), read: reportOf },
  });
  // Its first request asks both Regions for their status; a page does that before anybody clicks.
  await client.fetch('/v1/status');
  return {
    a,
    b,
    get: client.fetch,
    answeredBy: (response) => {
      const { region, reason, isBehind = false } = client.answeredBy(response) ?? {};
      return { status: response.status, region, reason, isBehind };
    },
    states: async () => client.policy.regions.map((region) => client.policy.health(region).state),
    close: async () => {
      client.close();
      await Promise.all([a.close(), b.close()]);
    },
  };
};

/** In Node, which tells what went wrong; a browser does not. */
export const CLIENT_ADAPTER: Adapter<RunningAdapter> = {
  name: 'the fetch client',
  tellsUnsent: true,
  start: startClient,
};
