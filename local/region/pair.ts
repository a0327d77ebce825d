/**
 * Two embedded Regions from the two stack files: each in a process group of its own, provisioned by the same Pulumi program,
 * each knowing the other's endpoint the way that a stack knows its peer's VPC endpoints: by configuration.
 */
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { loadStackConfig } from '../monitor/stack-config.ts';
import { type Authority, openAuthority, trustAuthority } from '../services/authority.ts';
import type { Endpoints } from '../services/gateway.ts';
import { type NameServer, openNameServer, serviceHost } from '../services/name-server.ts';
import { SERVICE_NAMES } from '../services/service.ts';
import type { Principal } from '../iam/principal.ts';
import type { Provisioned, RegionEvent } from './messages.ts';
import { RegionLink } from './region-link.ts';

export interface PairSource {
  readonly id: string;
  readonly name: string;
  readonly url: string;
}

export interface PairOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  /** In place of the stacks' schedule. */
  readonly intervalMs: number | undefined;
  /** In place of the declared intervals of everything else, for instance so that nothing runs while something is measured. */
  readonly jobsIntervalMs?: number;
  readonly onEvent: (role: Role, event: RegionEvent) => void;
}

export interface ProvisionOptions {
  readonly sources: readonly PairSource[];
  /** Hosts that sources may be read from, beside those of the stack files. */
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin: string | undefined;
}

/** How a client in this process reaches a Region. */
export interface RegionConnection {
  readonly endpoints: Endpoints;
  readonly dnsServers: readonly string[];
}

interface Stack {
  readonly region: string;
  readonly accountId: string;
  readonly config: Readonly<Record<string, string>>;
}

const PEER: Readonly<Record<Role, Role>> = { primary: 'secondary', secondary: 'primary' };

/** A Region that is gone is told when it is provisioned again. */
const hearsLater = (): undefined => undefined;

const readStack = async (rootDirectory: string, role: Role): Promise<Stack> => {
  const { config } = await loadStackConfig({ rootDirectory, stack: role });
  const region = config['aws:region'];
  const accountId = config['twinmap:accountId'];
  if (region === undefined || accountId === undefined) {
    throw new ConfigError(`Pulumi.${role}.yaml names no aws:region or no twinmap:accountId; both are needed`);
  }
  return { region, accountId, config };
};

/** What is no Region's own: who vouches for their endpoints, and who knows their names. */
interface World {
  readonly authority: Authority;
  readonly names: NameServer | undefined;
}

const authorityDirectoryOf = ({ dataDirectory }: PairOptions): string =>
  path.join(path.resolve(dataDirectory), 'authority');

/** By the names of the SDK's clients, where they differ from those that sign. */
const homeEndpointsOf = ({ appconfig, ...others }: Endpoints): Readonly<Record<string, string>> => ({
  appconfigdata: appconfig,
  ...others,
});

const listOf = (text: string | undefined): string[] => {
  const value: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(value) ? value.map(String) : [];
};

export class RegionPairLink {
  readonly links: Readonly<Record<Role, RegionLink>>;
  readonly #stacks: Readonly<Record<Role, Stack>>;
  readonly #authority: Authority;
  readonly #names: NameServer | undefined;
  /** What each Region has declared, by access key: the other one checks calls against it. */
  readonly #principals: Readonly<Record<Role, Map<string, Principal>>> = { primary: new Map(), secondary: new Map() };

  private constructor(options: PairOptions, stacks: Readonly<Record<Role, Stack>>, world: World) {
    this.#stacks = stacks;
    this.#authority = world.authority;
    this.#names = world.names;
    this.links = { primary: this.#link(options, 'primary'), secondary: this.#link(options, 'secondary') };
  }

  static async open(options: PairOptions): Promise<RegionPairLink> {
    const [primary, secondary] = await Promise.all([
      readStack(options.rootDirectory, 'primary'),
      readStack(options.rootDirectory, 'secondary'),
    ]);
    // Before the Regions: both read the authority, and one of them would make it while the other does too.
    const authority = await openAuthority(authorityDirectoryOf(options), Date.now());
    return new RegionPairLink(options, { primary, secondary }, { authority, names: await openNameServer() });
  }

  /** What the Region's functions may do, as it has declared so far. */
  principalsOf(role: Role): readonly Principal[] {
    return [...this.#principals[role].values()];
  }

  regionOf(role: Role): string {
    return this.#stacks[role].region;
  }

  /** For clients in this process, which trusts the Regions' authority from then on. */
  async connectionTo(role: Role): Promise<RegionConnection> {
    trustAuthority(this.#authority);
    const endpoints = await this.links[role].endpoints;
    return { endpoints, dnsServers: this.#names === undefined ? [] : [this.#names.server] };
  }

  /** Runs both stacks' programs at once. */
  async provision(options: ProvisionOptions): Promise<Readonly<Record<Role, Provisioned>>> {
    const endpoints = {
      primary: await this.links.primary.endpoints,
      secondary: await this.links.secondary.endpoints,
    };
    const provisionOne = async (role: Role, peer: Role): Promise<Provisioned> =>
      this.links[role].ask({
        kind: 'provision',
        order: {
          stack: role,
          overrides: this.#overrides(role, endpoints[role], endpoints[peer], options),
        },
      });
    const [primary, secondary] = await Promise.all([
      provisionOne('primary', 'secondary'),
      provisionOne('secondary', 'primary'),
    ]);
    await Promise.all([this.#introduce('primary', 'secondary'), this.#introduce('secondary', 'primary')]);
    return { primary, secondary };
  }

  async stop(): Promise<void> {
    await Promise.all(ROLES.map(async (role) => this.links[role].stop()));
    await this.#names?.close();
  }

  /** Hands a Region's functions and roles to the other one: before `provision` ends, so that nobody is refused by a race. */
  async #introduce(of: Role, to: Role): Promise<void> {
    await this.links[to].ask({ kind: 'know-peer', principals: this.principalsOf(of) });
  }

  #hear(role: Role, event: RegionEvent): void {
    const peer = PEER[role];
    // At once: a message that waits on the queue since the last run may start the function before the other Region is done.
    if (event.kind === 'principal') {
      this.#principals[role].set(event.principal.accessKeyId, event.principal);
      this.links[peer].ask({ kind: 'know-peer', principals: [event.principal] }).catch(hearsLater);
    }
    if (event.kind === 'name-mode') {
      this.#names?.setMode(event.name, event.mode);
    }
  }

  #link(options: PairOptions, role: Role): RegionLink {
    const { region, accountId } = this.#stacks[role];
    const link = new RegionLink({
      role,
      region,
      accountId,
      dataDirectory: path.join(path.resolve(options.dataDirectory), role),
      intervalMs: options.intervalMs,
      jobsIntervalMs: options.jobsIntervalMs,
      authorityDirectory: authorityDirectoryOf(options),
      nameServer: this.#names?.server,
      onEvent: (event) => {
        this.#hear(role, event);
        options.onEvent(role, event);
      },
    });
    // A Region that was killed takes its fault rules with it; its names go on, as names do.
    void this.#mendNames(link.exited, region);
    return link;
  }

  async #mendNames(exited: Promise<void>, region: string): Promise<void> {
    await exited;
    for (const service of SERVICE_NAMES) {
      this.#names?.setMode(serviceHost(service, region), 'ok');
    }
  }

  #overrides(role: Role, home: Endpoints, peer: Endpoints, options: ProvisionOptions): Record<string, string> {
    const hosts = new Set([...listOf(this.#stacks[role].config['twinmap:gitHosts']), ...options.gitHosts]);
    return {
      'twinmap:homeEndpoints': JSON.stringify(homeEndpointsOf(home)),
      'twinmap:peerEndpoints': JSON.stringify({ dynamodb: peer.dynamodb, s3vectors: peer.s3vectors }),
      'twinmap:gitHosts': JSON.stringify([...hosts]),
      'twinmap:sources': JSON.stringify(options.sources.map(({ id, name, url }) => ({ id, kind: 'git', name, url }))),
      ...(options.gitLoopbackOrigin === undefined ? {} : { 'twinmap:gitLoopbackOrigin': options.gitLoopbackOrigin }),
    };
  }
}
