/**
 * Addresses that outlive DNS: pinned ones, else the last answer that was good. A negative answer (NXDOMAIN, an empty NOERROR,
 * SERVFAIL, silence) never evicts an address; it only postpones the next question. The name stays in the URL, so Host, SNI
 * and the certificate are checked as ever.
 */

export interface Resolved {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

export interface KnownName {
  readonly addresses: readonly string[];
  /** When DNS last confirmed them; 0 for a seed. */
  readonly confirmedMs: number;
}

export interface LastKnownGoodOptions {
  /** Asks DNS; throws or answers with no address when DNS is bad. */
  readonly resolve: (host: string) => Promise<Resolved>;
  /** Says whether a changed answer may be trusted, by asking it for the host's certificate. */
  readonly isGenuine: (host: string, address: string) => Promise<boolean>;
  readonly now: () => number;
  readonly pinned: ReadonlyMap<string, readonly string[]>;
  readonly seeds: ReadonlyMap<string, readonly string[]>;
  readonly snapshot: ReadonlyMap<string, KnownName>;
  readonly onEvent: (event: 'dns.stale' | 'dns.recovered' | 'dns.changed' | 'dns.refused', host: string) => void;
  /** To be written to disk. */
  readonly onChange: (known: ReadonlyMap<string, KnownName>) => void;
  readonly firstAnswerMs: number;
  readonly staleMsMax: number;
}

export type DnsMode = 'pinned' | 'live' | 'last-known-good' | 'seed' | 'unknown';

export interface DnsView {
  readonly mode: DnsMode;
  readonly addresses: readonly string[];
  readonly ageMs: number | undefined;
}

const TTL_MIN_MS = 1000;
const TTL_MAX_MS = 60_000;
const RETRY_MS = 1000;

interface Name {
  known: KnownName | undefined;
  freshUntilMs: number;
  isStale: boolean;
  /** DNS had its time once; from then on a seed is used at once. */
  hasWaited: boolean;
  refresh: Promise<void> | undefined;
}

export class LastKnownGood {
  readonly #o: LastKnownGoodOptions;
  readonly #names = new Map<string, Name>();

  constructor(options: LastKnownGoodOptions) {
    this.#o = options;
  }

  /** Addresses to connect to. Waits only where nothing at all is known, and then for a bounded time. */
  async addresses(host: string): Promise<readonly string[]> {
    const pinned = this.#o.pinned.get(host);
    if (pinned !== undefined) {
      return pinned;
    }
    const name = this.#name(host);
    const isSeeded = name.hasWaited && this.#o.seeds.has(host);
    if (name.known === undefined && !isSeeded) {
      await this.#first(host, name);
      name.hasWaited = true;
    } else if (this.#o.now() >= name.freshUntilMs) {
      void this.#refresh(host, name);
    }
    const { known } = name;
    return known !== undefined && this.#isYoung(known) ? known.addresses : (this.#o.seeds.get(host) ?? []);
  }

  view(host: string): DnsView {
    const pinned = this.#o.pinned.get(host);
    if (pinned !== undefined) {
      return { mode: 'pinned', addresses: pinned, ageMs: undefined };
    }
    const { known, isStale } = this.#name(host);
    if (known === undefined) {
      const seeds = this.#o.seeds.get(host);
      return {
        mode: seeds === undefined ? 'unknown' : 'seed',
        addresses: seeds ?? [],
        ageMs: undefined,
      };
    }
    const mode = isStale ? 'last-known-good' : 'live';
    return { mode, addresses: known.addresses, ageMs: this.#o.now() - known.confirmedMs };
  }

  #name(host: string): Name {
    let name = this.#names.get(host);
    if (name === undefined) {
      const known = this.#o.snapshot.get(host);
      name = { known, freshUntilMs: 0, isStale: known !== undefined, hasWaited: false, refresh: undefined };
      this.#names.set(host, name);
    }
    return name;
  }

  #isYoung({ confirmedMs }: KnownName): boolean {
    return this.#o.now() - confirmedMs <= this.#o.staleMsMax;
  }

  async #first(host: string, name: Name): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      late.resolve(undefined);
    }, this.#o.firstAnswerMs);
    try {
      await Promise.race([this.#refresh(host, name), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One question at a time per name; it never throws. */
  async #refresh(host: string, name: Name): Promise<void> {
    name.refresh ??= this.#ask(host, name).finally(() => {
      name.refresh = undefined;
    });
    return name.refresh;
  }

  async #ask(host: string, name: Name): Promise<void> {
    let resolved: Resolved = { addresses: [], ttlMs: 0 };
    try {
      resolved = await this.#o.resolve(host);
    } catch {
      // No answer and an empty one are the same here: what is known stays.
      resolved = { addresses: [], ttlMs: 0 };
    }
    const addresses = await this.#trusted(host, name, resolved.addresses);
    const nowMs = this.#o.now();
    if (addresses.length === 0) {
      name.freshUntilMs = nowMs + RETRY_MS;
      if (!name.isStale) {
        name.isStale = true;
        this.#o.onEvent('dns.stale', host);
      }
      return;
    }
    if (name.isStale) {
      name.isStale = false;
      this.#o.onEvent('dns.recovered', host);
    }
    name.known = { addresses, confirmedMs: nowMs };
    name.freshUntilMs = nowMs + Math.min(TTL_MAX_MS, Math.max(TTL_MIN_MS, resolved.ttlMs));
    this.#o.onChange(this.#all());
  }

  /** New addresses replace old ones only after they have shown the host's certificate: DNS may be poisoned or half rolled out. */
  async #trusted(host: string, { known }: Name, addresses: readonly string[]): Promise<readonly string[]> {
    const added = addresses.filter((address) => known?.addresses.includes(address) === false);
    if (added.length === 0) {
      return addresses;
    }
    const checked = await Promise.all(added.map(async (address) => this.#o.isGenuine(host, address)));
    const refused = added.filter((_address, at) => checked[at] === false);
    this.#o.onEvent(refused.length === 0 ? 'dns.changed' : 'dns.refused', host);
    return addresses.filter((address) => !refused.includes(address));
  }

  #all(): ReadonlyMap<string, KnownName> {
    return new Map(
      [...this.#names].flatMap(([host, { known }]) => (known === undefined ? [] : [[host, known] as const])),
    );
  }
}
