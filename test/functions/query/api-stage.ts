/**
 * The API over a small corpus: real routes, real keys, the production writer over two Regions in memory, and a clock that the
 * test moves. Faults are named `home.put`, `peer.put`, `home.get` and so on.
 */
import { randomBytes } from 'node:crypto';

import type { Hono } from 'hono';

import type { Authenticator } from '../../../functions/access/authenticator.ts';
import { KnownDirectory } from '../../../functions/access/directory.ts';
import { KeyAuthenticator } from '../../../functions/access/key-authenticator.ts';
import { makeKey, type MadeKey } from '../../../functions/access/keys.ts';
import { createAuditLog } from '../../../functions/audit/audit-log.ts';
import { readNewestEvents } from '../../../functions/audit/read-events.ts';
import type { RoleName, SourceGrant } from '../../../functions/domain/access.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import type { SourceDefinition } from '../../../functions/domain/source-definition.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { createApiApp } from '../../../functions/handlers/api-app.ts';
import type { ApiDependencies } from '../../../functions/query/route.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';
import { type CountedTelemetry, countedTelemetry, hashEmbedder, regionOf, SmallCorpus } from './small-corpus.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

export interface Sent {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiStage {
  readonly corpus = new SmallCorpus();
  readonly telemetry: CountedTelemetry = countedTelemetry();
  readonly faults = new Set<string>();
  readonly home = this.#region('us-east-2', 'home');
  readonly peer = this.#region('us-west-2', 'peer');
  clockMs = 1_760_000_000_000;
  /** What the stack names. */
  ownSources: readonly SourceDefinition[] = [];
  #ops = 0;

  readonly writes = this.writerAt(this.home, this.peer);

  /** The writer that a Region's own API has. */
  writerAt(home: RegionStores, peer: RegionStores): InteractiveWriter {
    return new InteractiveWriter({
      regions: { home, peer },
      telemetry: this.telemetry,
      now: () => this.clockMs,
      newOp: () => this.#newOp(),
    });
  }

  /** Keys and tokens, as a Region's own API judges them. */
  authenticator({ tables }: RegionStores): Authenticator {
    const now = (): number => this.clockMs;
    const { workspaces } = tables;
    const directory = new KnownDirectory({ workspaces, own: this.ownSources, now });
    return new KeyAuthenticator({ records: workspaces, directory, now });
  }

  /** A key for some workspaces: its roles hold in these. */
  async scopedToken(roles: readonly RoleName[], workspaces: readonly string[]): Promise<string> {
    const made = await makeKey(
      { writes: this.writes, now: () => this.clockMs, randomBytes: (count) => randomBytes(count) },
      { name: 'scoped', roles, sources: [], workspaces, lifetimeMs: 90 * DAY_MS, createdBy: 'test' },
    );
    return made.token;
  }

  async key(roles: readonly RoleName[], sources: SourceGrant = 'all', lifetimeMs = 90 * DAY_MS): Promise<MadeKey> {
    return makeKey(
      { writes: this.writes, now: () => this.clockMs, randomBytes: (count) => randomBytes(count) },
      { name: roles.join(' and '), roles, sources, lifetimeMs, createdBy: 'test' },
    );
  }

  async token(roles: readonly RoleName[], sources: SourceGrant = 'all'): Promise<string> {
    return (await this.key(roles, sources)).token;
  }

  dependencies(): ApiDependencies {
    return {
      region: regionOf('us-east-2'),
      role: 'primary',
      peerRegion: regionOf('us-west-2'),
      records: this.corpus.records,
      workspaces: this.home.tables.workspaces,
      vectors: this.corpus.vectors,
      embedder: hashEmbedder,
      authenticator: this.authenticator(this.home),
      writes: this.writes,
      audit: createAuditLog({
        writes: this.writes,
        region: regionOf('us-east-2'),
        epoch: async () => 7,
        newOp: () => this.#newOp(),
      }),
      readAudit: async (eventsMax, from) => readNewestEvents(this.home.tables.audit, this.clockMs, eventsMax, from),
      readGate: async () => ({ state: 'active', epoch: 7, peerWrites: 'required', reason: 'document-active' }),
      telemetry: this.telemetry,
      now: () => this.clockMs,
      requestId: () => 'request-1',
      randomBytes: (count) => randomBytes(count),
      build: 'build-1',
      ownSources: this.ownSources,
    };
  }

  app(more: Partial<ApiDependencies> = {}, requestTimeoutMs = 5000): Hono {
    return createApiApp({ ...this.dependencies(), ...more }, { requestTimeoutMs });
  }

  /** The API of the other Region, over its own stores. */
  peerApp(): Hono {
    return this.app({
      region: regionOf('us-west-2'),
      role: 'secondary',
      peerRegion: regionOf('us-east-2'),
      workspaces: this.peer.tables.workspaces,
      authenticator: this.authenticator(this.peer),
      writes: this.writerAt(this.peer, this.home),
    });
  }

  #newOp(): string {
    this.#ops += 1;
    return this.#ops.toString().padStart(26, '0');
  }

  #region(name: string, side: string): RegionStores {
    const failureOf = (operation: string): Failure | undefined =>
      this.faults.has(`${side}.${operation}`) || this.faults.has(side)
        ? { reason: 'unreachable', code: 'ECONNREFUSED', message: `${side}.${operation} is down` }
        : undefined;
    const table = (): MemoryRecordStore => new MemoryRecordStore({ fault: failureOf, pageItemsMax: 2 });
    return {
      region: regionOf(name),
      tables: { workspaces: table(), audit: table(), graph: table() },
      vectors: this.corpus.vectors,
    };
  }
}

export const requestOf = ({ method = 'GET', token, body, headers = {} }: Sent): RequestInit => ({
  method,
  headers: {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  },
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
});

export type Json = Readonly<Record<string, unknown>>;

export const bodyOf = async (response: Response): Promise<Json> => (await response.json()) as Json;
