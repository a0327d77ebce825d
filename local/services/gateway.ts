/**
 * The way into a local Region, on loopback. With TLS each service has a name and a port of its own, as on AWS; without, one
 * port serves all of them by the SigV4 credential scope.
 */
import { createServer } from 'node:http';

import type { Authority } from './authority.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { ServiceFront } from './front.ts';
import { type Naming, serviceHost } from './name-server.ts';
import { SERVICE_NAMES, type ServiceName } from './service.ts';

export type { Authorization, AuthorizationRequest, ServiceCall } from './dispatcher.ts';

/** Who vouches for the endpoints, and where their names are; without names they are addresses. */
export interface GatewayTls {
  readonly authority: Authority;
  readonly naming: Naming | undefined;
}

export interface GatewayOptions extends DispatcherOptions {
  /** Of the one plain port; 0 takes a free one. */
  readonly port: number;
  /** Absent: one plain port. */
  readonly tls?: GatewayTls | undefined;
}

/** Where each service answers. */
export type Endpoints = Readonly<Record<ServiceName, string>>;

export interface Gateway {
  readonly endpoints: Endpoints;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

const endpointsBy = (endpointOf: (service: ServiceName) => string): Endpoints =>
  Object.fromEntries(SERVICE_NAMES.map((service) => [service, endpointOf(service)])) as Record<ServiceName, string>;

const openPlain = async (dispatcher: Dispatcher, port: number): Promise<Gateway> => {
  const handle = dispatcher.handlerOf();
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS },
    (request, response) => {
      handle(request, response, () => {
        request.socket.resetAndDestroy();
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    endpoints: endpointsBy(() => `http://127.0.0.1:${taken}`),
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      await dispatcher.settle();
      server.closeAllConnections();
      await closed;
    },
  };
};

const openFronts = async (dispatcher: Dispatcher, options: GatewayOptions, tls: GatewayTls): Promise<Gateway> => {
  const hostOf = (service: ServiceName): string => serviceHost(service, options.region);
  const identity = tls.authority.issue([...SERVICE_NAMES.map((name) => hostOf(name)), 'localhost', '127.0.0.1']);
  const fronts = new Map(
    SERVICE_NAMES.map((service) => [
      service,
      new ServiceFront({
        host: hostOf(service),
        identity,
        naming: tls.naming,
        onRequest: dispatcher.handlerOf(service),
      }),
    ]),
  );
  await Promise.all([...fronts.values()].map(async (front) => front.open(0)));
  options.faults.onChange(() => {
    for (const [service, front] of fronts) {
      front.apply(options.faults.connection(service));
    }
  });
  return {
    endpoints: endpointsBy((service) => fronts.get(service)?.endpoint ?? ''),
    close: async () => {
      const closed = [...fronts.values()].map(async (front) => front.close(dispatcher.settle()));
      await Promise.all(closed);
    },
  };
};

/** Listens on loopback only. */
export const openGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const dispatcher = new Dispatcher(options);
  return options.tls === undefined ? openPlain(dispatcher, options.port) : openFronts(dispatcher, options, options.tls);
};
