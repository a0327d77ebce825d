/**
 * Two local Regions with the survey, as people meet them: by name, through a DNS that can fail for one Region at a time. DNS
 * belongs to no Region, so there are two of them: the one that the functions ask for DynamoDB, and the one that people ask for
 * the endpoints. Looking up is not cached and a connection is used once, so that every click meets the DNS of its moment.
 */
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';
import path from 'node:path';

import { Agent, fetch as undiciFetch } from 'undici';

import { makeKey } from '../../functions/access/keys.ts';
import type { AccessRole } from '../../functions/domain/access.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { RegionPair } from '../../functions/dual-write/regions.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import type { Provisioned, RegionEvent } from '../../local/region/messages.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { type NameMode, type NameServer, openNameServer } from '../../local/services/name-server.ts';
import { addressesOf, openLocalPair, type PairAddresses } from '../../local/start/pair-addresses.ts';
import type { OpenedPair } from '../../ops/pair-stores.ts';
import { buildFunctions } from '../build-functions.ts';
import { functionProcesses, killNow } from '../kills/victims.ts';

export interface StageOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  readonly jobsIntervalMs?: number;
  /** Of the DNS that people ask; any free one unless said. */
  readonly peopleDnsPort?: number;
  /** Where the survey runs at first; in both Regions unless said. */
  readonly surveyIn?: readonly Role[];
  readonly onEvent?: (role: Role, event: RegionEvent) => void;
}

export interface StageRegion {
  readonly id: string;
  /** By name: what a page is built with. */
  readonly endpoint: string;
}

const LIFETIME_MS = 24 * 60 * 60 * 1000;
const LOOKUP_TIMEOUT_MS = 1000;
const NO_SOURCES = { sources: [], gitHosts: [], gitLoopbackOrigin: undefined } as const;

const nameOf = (role: Role): string => `survey-${role}.people.twinmap.test`;

export const urlOf = (input: string | URL | Request): string =>
  typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;

/** Of a page that has been open for a while: its connections are closed, its resolver's answers are old. */
const forgetfulAgent = (server: string): Agent => {
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: 2 });
  resolver.setServers([server]);
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolver.resolve4(hostname, (error, addresses) => {
      if (options.all === true) {
        const all = error === null ? addresses.map((address) => ({ address, family: 4 })) : [];
        callback(error, all);
      } else {
        callback(error, error === null ? (addresses[0] ?? '') : '', 4);
      }
    });
  };
  return new Agent({ connect: { lookup }, pipelining: 0, keepAliveTimeout: 1, keepAliveMaxTimeout: 1 });
};

export class SurveyStage {
  readonly pair: RegionPairLink;
  readonly provisioned: Readonly<Record<Role, Provisioned>>;
  readonly stores: OpenedPair;
  /** For who counts: both Regions' tables with the patience of a script. */
  readonly tables: RegionPair;
  readonly #people: NameServer;
  readonly #agent: Agent;

  private constructor(
    pair: RegionPairLink,
    provisioned: Readonly<Record<Role, Provisioned>>,
    addresses: PairAddresses,
    people: NameServer,
  ) {
    this.pair = pair;
    this.provisioned = provisioned;
    this.stores = openLocalPair(addresses);
    const [home, peer] = [addresses.primary, addresses.secondary].map(({ region, stores }) =>
      openRegion({ region, ...stores }),
    );
    if (home === undefined) {
      throw new InvariantError('a pair has a primary Region');
    }
    this.tables = { home, ...(peer === undefined ? {} : { peer }) };
    this.#people = people;
    this.#agent = forgetfulAgent(people.server);
  }

  static async open({
    rootDirectory,
    dataDirectory,
    jobsIntervalMs,
    surveyIn = ROLES,
    peopleDnsPort = 0,
    onEvent,
  }: StageOptions): Promise<SurveyStage> {
    await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
    const people = await openNameServer(peopleDnsPort);
    if (people === undefined) {
      throw new InvariantError('this machine has no UDP on loopback, and so no DNS that could fail');
    }
    const pair = await RegionPairLink.open({
      rootDirectory,
      dataDirectory,
      intervalMs: undefined,
      ...(jobsIntervalMs === undefined ? {} : { jobsIntervalMs }),
      onEvent: (role, event) => onEvent?.(role, event),
    });
    const provisioned = await pair.provision({ ...NO_SOURCES, surveyIn });
    return new SurveyStage(pair, provisioned, await addressesOf(rootDirectory, pair), people);
  }

  /** Preferred first. */
  get regions(): readonly StageRegion[] {
    return ROLES.map((role) => this.region(role));
  }

  region(role: Role): StageRegion {
    const { port } = new URL(this.provisioned[role].endpoint);
    return { id: this.pair.regionOf(role), endpoint: `http://${nameOf(role)}:${port}` };
  }

  /** As a browser's: whatever goes wrong, it does not say what. */
  readonly fetch: typeof fetch = async (input, init) => {
    try {
      const { method, headers, body, signal } = init ?? {};
      const response = await undiciFetch(urlOf(input), {
        dispatcher: this.#agent,
        ...(method === undefined ? {} : { method }),
        headers: [...new Headers(headers)],
        ...(typeof body === 'string' ? { body } : {}),
        signal: signal ?? null,
      });
      return new Response(await response.text(), { status: response.status, headers: [...response.headers] });
    } catch {
      throw new TypeError('Failed to fetch');
    }
  };

  /** What a person does in a cold failover: deploys the functions in the Region that had only the data. */
  async deployEverywhere(): Promise<void> {
    await this.pair.provision({ ...NO_SOURCES, surveyIn: ROLES });
  }

  async key(role: AccessRole): Promise<string> {
    const { token, outcome } = await makeKey(
      { writes: this.stores.writes, now: () => Date.now(), randomBytes: (count) => randomBytes(count) },
      { name: `survey (${role})`, roles: [role], sources: 'all', lifetimeMs: LIFETIME_MS, createdBy: 'script' },
    );
    if (outcome.kind !== 'held') {
      throw new InvariantError('no Region took the record of a key');
    }
    return token;
  }

  /** People no longer find a Region's endpoint. */
  setPeopleDns(role: Role, mode: NameMode): void {
    this.#people.setMode(nameOf(role), mode);
  }

  /**
   * A Region's DNS dies as in October 2025: its DynamoDB has no address any more, for the functions of both Regions, and people
   * no longer find its endpoint. `isCold`: functions lose what they remember of addresses, as new environments have none.
   */
  async failDns(role: Role, mode: Exclude<NameMode, 'ok'>, { isCold }: { readonly isCold: boolean }): Promise<void> {
    this.setPeopleDns(role, mode);
    await this.pair.links[role].ask({ kind: 'set-fault', rule: { service: 'dynamodb', mode: `dns-${mode}` } });
    if (isCold) {
      this.coolFunctions();
    }
  }

  async recoverDns(role: Role): Promise<void> {
    await this.pair.links[role].ask({ kind: 'clear-faults' });
    this.setPeopleDns(role, 'ok');
  }

  /** Ends every function's process: the next request starts it anew. */
  coolFunctions(): void {
    for (const role of ROLES) {
      for (const pid of functionProcesses(this.pair.links[role].pid ?? -1)) {
        killNow(pid);
      }
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    await this.pair.stop();
    await this.#people.close();
  }
}
