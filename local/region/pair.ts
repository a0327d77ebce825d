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
import { type NameMode, type NameServer, openNameServer, serviceHost } from '../services/name-server.ts';
import { SERVICE_NAMES } from '../services/service.ts';
import type { Principal } from '../iam/principal.ts';
import type { AssumableRole } from '../iam/trust.ts';
import type { Provisioned, RegionEvent } from './messages.ts';
import { RegionLink } from './region-link.ts';
import { settingsNotUsed, type StackUp, whyNotUp } from '../up/stack-up.ts';

/** A repository by its address, or any source as its connector takes it. */
export type PairSource =
  | { readonly id: string; readonly name: string; readonly url: string }
  | {
      readonly id: string;
      readonly kind: string;
      readonly name: string;
      readonly config: Readonly<Record<string, unknown>>;
    };

export interface PairOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  /** In place of the stacks' schedule. */
  readonly intervalMs: number | undefined;
  /** In place of the declared intervals of everything else, for instance so that nothing runs while something is measured. */
  readonly jobsIntervalMs?: number;
  /** In place of what the stack files say, for instance another account for each Region. */
  readonly settings?: Readonly<Record<Role, Readonly<Record<string, string>>>>;
  readonly onEvent: (role: Role, event: RegionEvent) => void;
}

export interface ProvisionOptions {
  readonly sources: readonly PairSource[];
  /** Hosts that sources may be read from, beside those of the stack files. */
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin: string | undefined;
  /** The Regions in which the example survey runs beside the product; absent means what the stack files say. */
  readonly surveyIn?: readonly Role[] | undefined;
  /** Where the functions of the other Region find a Region's stores; absent means the Region's own endpoints. */
  readonly storesForPeer?: Readonly<Record<Role, Pick<Endpoints, 'dynamodb' | 's3vectors'>>> | undefined;
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

const readStack = async ({ rootDirectory, settings }: PairOptions, role: Role, file?: string): Promise<Stack> => {
  const overrides = settings?.[role] ?? {};
  const { config } = await loadStackConfig({ rootDirectory, stack: role, file, overrides });
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

/** By the names of the SDK's clients, where they differ from those that sign; Bedrock's and Comprehend's where the stack uses them. */
const homeEndpointsOf = (
  { appconfig, bedrock, comprehend, dynamodb, s3vectors, sqs, kms, sts, secretsmanager }: Endpoints,
  config: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  appconfigdata: appconfig,
  dynamodb,
  s3vectors,
  sqs,
  kms,
  sts,
  secretsmanager,
  ...(config['twinmap:embedder'] === 'bedrock' ? { bedrock } : {}),
  ...((config['twinmap:comprehend'] ?? 'false') === 'false' ? {} : { comprehend }),
});

const listOf = (text: string | undefined): string[] => {
  const value: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(value) ? value.map(String) : [];
};

export interface UpOptions {
  /** In place of `Pulumi.<role>.yaml`. */
  readonly file?: string | undefined;
}

export class RegionPairLink {
  readonly links: Readonly<Record<Role, RegionLink>>;
  readonly #options: PairOptions;
  readonly #stacks: Record<Role, Stack>;
  readonly #authority: Authority;
  readonly #names: NameServer | undefined;
  readonly #roles: Record<Role, readonly AssumableRole[]> = { primary: [], secondary: [] };
  /** What each Region has declared, by access key: the other one checks calls against it. */
  readonly #principals: Readonly<Record<Role, Map<string, Principal>>> = { primary: new Map(), secondary: new Map() };

  #provisioned: ProvisionOptions | undefined;

  private constructor(options: PairOptions, stacks: Readonly<Record<Role, Stack>>, world: World) {
    this.#options = options;
    this.#stacks = { ...stacks };
    this.#authority = world.authority;
    this.#names = world.names;
    this.links = { primary: this.#link(options, 'primary'), secondary: this.#link(options, 'secondary') };
  }

  static async open(options: PairOptions): Promise<RegionPairLink> {
    const [primary, secondary] = await Promise.all([readStack(options, 'primary'), readStack(options, 'secondary')]);
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

  /** What becomes of a name alone: who is connected stays so, as when a Region's DNS fails and warm connections live on. */
  setNameMode(name: string, mode: NameMode): void {
    this.#names?.setMode(name, mode);
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
          overrides: this.#overrides(
            this.#stacks[role],
            endpoints[role],
            options.storesForPeer?.[peer] ?? endpoints[peer],
            options,
          ),
        },
      });
    const [primary, secondary] = await Promise.all([
      provisionOne('primary', 'secondary'),
      provisionOne('secondary', 'primary'),
    ]);
    await Promise.all([this.#introduce('primary', 'secondary'), this.#introduce('secondary', 'primary')]);
    this.#provisioned = options;
    return { primary, secondary };
  }

  /** Brings a changed stack file to the running Region, as `pulumi up` would: see `local/up`. */
  async up(role: Role, { file }: UpOptions = {}): Promise<StackUp> {
    const { intervalMs } = this.#options;
    const before = this.#stacks[role];
    const after = await readStack(this.#options, role, file);
    const why = whyNotUp(role, before, after, this.regionOf(PEER[role]));
    const options = this.#provisioned;
    if (options === undefined || why !== undefined) {
      throw new ConfigError(why ?? 'the Regions are not provisioned yet; try again when npm start says that they are');
    }
    const home = await this.links[role].endpoints;
    const peer = await this.links[PEER[role]].endpoints;
    const overrides = this.#overrides(after, home, options.storesForPeer?.[PEER[role]] ?? peer, options);
    const applied = await this.links[role].ask({ kind: 'up', order: { stack: role, overrides, file } });
    if (applied.outcome !== 'refused') {
      this.#stacks[role] = after;
    }
    return {
      ...applied,
      role,
      region: after.region,
      notUsed: settingsNotUsed(before.config, after.config, intervalMs),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(ROLES.map(async (role) => this.links[role].stop()));
    await this.#names?.close();
  }

  /** Hands a Region's functions and roles to the other one: before `provision` ends, so that nobody is refused by a race. */
  async #introduce(of: Role, to: Role): Promise<void> {
    await this.links[to].ask({ kind: 'know-peer', principals: this.principalsOf(of) });
    await this.links[to].ask({ kind: 'know-roles', roles: this.#roles[of] });
  }

  #hear(role: Role, event: RegionEvent): void {
    const peer = PEER[role];
    // At once: a message that waits on the queue since the last run may start the function before the other Region is done.
    if (event.kind === 'principal') {
      this.#principals[role].set(event.principal.accessKeyId, event.principal);
      this.links[peer].ask({ kind: 'know-peer', principals: [event.principal] }).catch(hearsLater);
    }
    if (event.kind === 'roles') {
      this.#roles[role] = event.roles;
      this.links[peer].ask({ kind: 'know-roles', roles: event.roles }).catch(hearsLater);
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

  #overrides(
    { config }: Stack,
    home: Endpoints,
    peer: Pick<Endpoints, 'dynamodb' | 's3vectors'>,
    options: ProvisionOptions,
  ): Record<string, string> {
    const hosts = new Set([...listOf(config['twinmap:gitHosts']), ...options.gitHosts]);
    const own = ROLES.find((role) => role === config['twinmap:role']);
    return {
      ...(own === undefined ? {} : this.#options.settings?.[own]),
      'twinmap:homeEndpoints': JSON.stringify(homeEndpointsOf(home, config)),
      'twinmap:peerEndpoints': JSON.stringify({ dynamodb: peer.dynamodb, s3vectors: peer.s3vectors }),
      'twinmap:gitHosts': JSON.stringify([...hosts]),
      'twinmap:sources': JSON.stringify(options.sources.map((source) => ({ kind: 'git', ...source }))),
      ...(options.surveyIn === undefined
        ? {}
        : { 'twinmap:survey': String(options.surveyIn.some((role) => role === config['twinmap:role'])) }),
      ...(options.gitLoopbackOrigin === undefined ? {} : { 'twinmap:gitLoopbackOrigin': options.gitLoopbackOrigin }),
    };
  }
}
