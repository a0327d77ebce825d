/**
 * The config of a self-hosted workerd from the router's own config. Each Region is an external service per address, its
 * certificate checked against the endpoint's name; the worker can reach these and nothing else.
 */
import type { RegionConfig, RouterConfig } from '../config/schema.ts';
import { bindingName } from '../entries/worker/platform.ts';
import { COMPATIBILITY_DATE, STATE_CLASS } from './worker-entry.ts';

/** Files that the rendered config embeds, by what they hold; their names lie beside it. */
export interface RenderedFiles {
  readonly bundle: string;
  readonly config: string;
  /** Per Region, where the config names them. */
  readonly regions: readonly { readonly ca?: string; readonly cert?: string; readonly key?: string }[];
  readonly listen?: { readonly cert: string; readonly key: string };
}

const CONTROL = /\p{Cc}/u;

/** A text of Cap'n Proto; what can't be in a name or a path here is refused. */
const text = (value: string): string => {
  if (CONTROL.test(value)) {
    throw new RangeError(`A control character can't be rendered: ${JSON.stringify(value)}`);
  }
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`;
};

const withPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Fixed addresses; without them the name, which DNS has to know, and then the seeds, which it need not. */
export const targetsOf = (region: RegionConfig): readonly string[] => {
  const { hostname, port, protocol } = new URL(region.endpoint);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const hosts = region.addresses.length > 0 ? region.addresses : [host, ...region.seedAddresses];
  return hosts.map((one) => withPort(one, port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)));
};

const keypair = (key: string, cert: string): string =>
  `keypair = (privateKey = embed ${text(key)}, certificateChain = embed ${text(cert)})`;

const transport = (region: RegionConfig, { ca, cert, key }: RenderedFiles['regions'][number]): string => {
  const { protocol, hostname } = new URL(region.endpoint);
  if (protocol === 'http:') {
    return 'http = ()';
  }
  const trust = ca === undefined ? 'trustBrowserCas = true' : `trustedCertificates = [embed ${text(ca)}]`;
  const own = cert === undefined || key === undefined ? '' : `, ${keypair(key, cert)}`;
  return `https = (options = (), tlsOptions = (${trust}${own}), certificateHost = ${text(hostname)})`;
};

const socket = ({ listen }: RouterConfig, files: RenderedFiles): string => {
  const address = text(listen.host === '0.0.0.0' ? `*:${listen.port}` : withPort(listen.host, listen.port));
  const tls =
    files.listen === undefined
      ? 'http = ()'
      : `https = (options = (), tlsOptions = (${keypair(files.listen.key, files.listen.cert)}))`;
  return `(name = "http", address = ${address}, ${tls}, service = "router")`;
};

export const renderCapnp = (config: RouterConfig, files: RenderedFiles, configHash: string): string => {
  const ways = config.regions.flatMap((region, at) =>
    targetsOf(region).map((target, index) => ({
      name: bindingName(at, index),
      line: `(name = ${text(bindingName(at, index))}, external = (address = ${text(target)}, ${transport(region, files.regions[at] ?? {})})),`,
    })),
  );
  const { stateFolder } = config;
  const disk =
    stateFolder === undefined ? [] : [`(name = "state", disk = (path = ${text(stateFolder)}, writable = true)),`];
  const storage = stateFolder === undefined ? '(inMemory = void)' : '(localDisk = "state")';
  const bindings = [
    '(name = "STATE", durableObjectNamespace = "RouterState"),',
    `(name = "CONFIG", json = embed ${text(files.config)}),`,
    `(name = "CONFIG_HASH", text = ${text(configHash)}),`,
    ...ways.map(({ name }) => `(name = ${text(name)}, service = ${text(name)}),`),
  ];
  return `# Rendered by \`twinmap-router render\` from config ${configHash}: change that and render again.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "router", worker = .router),
    (name = "nowhere", network = (allow = [])),
    ${[...disk, ...ways.map(({ line }) => line)].join('\n    ')}
  ],
  sockets = [${socket(config, files)}],
);

const router :Workerd.Worker = (
  modules = [(name = "router.mjs", esModule = embed ${text(files.bundle)})],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [
    ${bindings.join('\n    ')}
  ],
  durableObjectNamespaces = [(className = "${STATE_CLASS}", uniqueKey = "twinmap-router-state", enableSql = true)],
  durableObjectStorage = ${storage},
  # No way out but the bindings: not a proxy for anything else.
  globalOutbound = "nowhere",
);
`;
};
