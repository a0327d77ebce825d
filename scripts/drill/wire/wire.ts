/**
 * Everything that a drill can break, and the log of what was sent over it: the operator's way to every service of both Regions, the
 * way of everybody else to both APIs, and the names of all of them.
 */
import { InvariantError } from '../../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import type { RegionPairLink } from '../../../local/region/pair.ts';
import { openAuthority } from '../../../local/services/authority.ts';
import { type NameMode, type NameServer, openNameServer, serviceHost } from '../../../local/services/name-server.ts';
import { Tap } from './tap.ts';
import type { WireCall, WireMode } from './wire-modes.ts';

const NAME_MODES: Readonly<Partial<Record<WireMode, NameMode>>> = { 'dns-empty': 'empty', 'dns-nxdomain': 'nxdomain' };

interface Way {
  readonly tap: Tap;
  readonly host: string;
}

/** `functions`: those of the other Region, on their way to a Region's stores. */
export type Traveller = 'operator' | 'people' | 'functions';

const PEER_SERVICES = ['dynamodb', 's3vectors'] as const;

export interface OpenWireOptions {
  readonly link: RegionPairLink;
  readonly authorityDirectory: string;
  /** The Regions' load balancers; asked when they are provisioned. */
  readonly apiOf: (role: Role) => string;
}

export class Wire {
  /** What the operator's commands sent. */
  readonly calls: WireCall[] = [];
  readonly #names: NameServer;
  readonly #ways: ReadonlyMap<string, Way>;
  readonly #regions: Readonly<Record<Role, string>>;

  private constructor(names: NameServer, ways: ReadonlyMap<string, Way>, regions: Readonly<Record<Role, string>>) {
    this.#names = names;
    this.#ways = ways;
    this.#regions = regions;
  }

  static async open({ link, authorityDirectory, apiOf }: OpenWireOptions): Promise<Wire> {
    const names = await openNameServer();
    if (names === undefined) {
      throw new InvariantError('this machine has no UDP on loopback, and so no DNS that could fail');
    }
    const authority = await openAuthority(authorityDirectory, Date.now());
    const ways = new Map<string, Way>();
    const regions = { primary: link.regionOf('primary'), secondary: link.regionOf('secondary') };
    const wire = new Wire(names, ways, regions);
    for (const role of ROLES) {
      const region = regions[role];
      const add = (traveller: Traveller, service: string, name: string, upstream: () => string): void => {
        const host = serviceHost(name, region);
        const onCall = traveller === 'operator' ? wire.#log : (): void => undefined;
        const tap = new Tap({ region, service, identity: authority.issue([host]), upstream, onCall });
        ways.set(`${traveller} ${role} ${service}`, { tap, host });
      };
      const { endpoints } = await link.connectionTo(role);
      // The data plane has an address of its own, as on AWS: it may live on while nobody can deploy.
      for (const [service, upstream] of Object.entries({ ...endpoints, appconfigdata: endpoints.appconfig })) {
        add('operator', service, `${service}-operator`, () => upstream);
      }
      for (const service of PEER_SERVICES) {
        add('functions', service, `${service}-peer`, () => endpoints[service]);
      }
      for (const traveller of ['operator', 'people'] as const) {
        add(traveller, 'api', `api-${traveller}`, () => apiOf(role));
      }
    }
    await Promise.all([...ways.values()].map(async ({ tap }) => tap.open()));
    return wire;
  }

  readonly #log = (call: WireCall): void => {
    this.calls.push(call);
  };

  get nameServer(): string {
    return this.#names.server;
  }

  urlOf(traveller: Traveller, role: Role, service: string): string {
    const way = this.#ways.get(`${traveller} ${role} ${service}`);
    if (way === undefined) {
      throw new InvariantError(`there is no way for ${traveller} to ${service} of ${role}`);
    }
    return `https://${way.host}:${way.tap.port}`;
  }

  /** For the functions of the other Region. */
  storesOf(role: Role): { readonly dynamodb: string; readonly s3vectors: string } {
    const [dynamodb, s3vectors] = PEER_SERVICES.map((service) => this.urlOf('functions', role, service));
    return { dynamodb: dynamodb ?? '', s3vectors: s3vectors ?? '' };
  }

  /** For all services, or some; `keepsWarm`: only names change, open connections live on. */
  set(
    traveller: Traveller,
    role: Role,
    mode: WireMode,
    only: { services?: readonly string[]; keepsWarm?: boolean } = {},
  ): void {
    for (const [key, { tap, host }] of this.#ways) {
      const [who, whose, service = ''] = key.split(' ');
      if (who === traveller && whose === role && (only.services?.includes(service) ?? true)) {
        this.#names.setMode(host, NAME_MODES[mode] ?? 'ok');
        tap.set(mode, only.keepsWarm);
      }
    }
  }

  /** Look-ups of names that had no address, in place of calls: an attempt that ended there never reached a tap. */
  lookups(role: Role): number {
    return [...this.#ways]
      .filter(([key]) => key.startsWith(`operator ${role} `))
      .reduce((sum, [, { host }]) => sum + this.#names.asked(host), 0);
  }

  callsTo(role: Role): readonly WireCall[] {
    return this.calls.filter(({ region }) => region === this.#regions[role]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ways.values()].map(async ({ tap }) => tap.close()));
    await this.#names.close();
  }
}
