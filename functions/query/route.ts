/**
 * What a route is: an address, a method, who may use it, and what it answers. A route without a rule does not compile, and
 * what it gets of the home view is what its caller may see.
 */
import type { Authenticator } from '../access/authenticator.ts';
import type { Permission, Principal } from '../domain/access.ts';
import type { AuditEvent, AuditLog } from '../domain/audit-event.ts';
import type { Failure, Result } from '../domain/failure.ts';
import type { InteractiveWrites } from '../domain/interactive-write.ts';
import type { JsonFields } from '../domain/json-fields.ts';
import type { RegionName, Role } from '../domain/region.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Answer, problem } from './answer.ts';
import type { GateReading, HomeReader } from './home-view.ts';
import type { ReadReplication } from './replication.ts';
import type { ShownView } from './shown-view.ts';

/** The newest events first. */
export type ReadAudit = (eventsMax: number) => Promise<Result<readonly AuditEvent[]>>;

export interface ApiDependencies {
  readonly region: RegionName;
  readonly role: Role;
  /** Absent in a single-Region install. */
  readonly peerRegion?: RegionName;
  /** The home Region's graph table. */
  readonly records: RecordStore;
  /** The home Region's workspaces table: settings, votes, keys. Read here, written through `writes`. */
  readonly workspaces: Pick<RecordStore, 'get' | 'query'>;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
  readonly authenticator: Authenticator;
  readonly writes: InteractiveWrites;
  readonly audit: AuditLog;
  readonly readAudit: ReadAudit;
  readonly readGate: () => Promise<GateReading>;
  /** Absent until something keeps it: then the state is not known, and said so. */
  readonly readReplication?: ReadReplication;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly requestId: () => string;
  /** A cryptographic source: the secrets of keys come from it. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Names the deployed code. */
  readonly build?: string;
}

export interface RouteContext {
  readonly deps: ApiDependencies;
  readonly home: HomeReader;
  readonly requestId: string;
  /** When the request came in, in ms since 1970. */
  readonly startedAt: number;
  /** Being read while the route does its own work; only what the caller may see. */
  readonly view: Promise<ShownView>;
  readonly parameters: URLSearchParams;
  /** The `:id` of the address, decoded; empty where it has none. */
  readonly id: string;
  /** From the `Idempotency-Key`; absent where none was sent, and in readings. */
  readonly op?: string;
  readonly body: JsonFields;
  /** Why a credential could not be judged, where the address answers all the same. */
  readonly doubt?: string;
  readonly signal: AbortSignal;
}

export interface OpenContext extends RouteContext {
  readonly caller: Principal | undefined;
}

export interface GuardedContext extends RouteContext {
  readonly caller: Principal;
}

interface RouteBase {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly parameters: readonly string[];
  /** Answers from what is known already: a health check asks nobody. */
  readonly isLocal?: boolean;
  /** A JSON object comes with the request. */
  readonly hasBody?: boolean;
}

export interface OpenRoute extends RouteBase {
  /** `open`: nobody is asked who they are. `optional`: answers anybody, and more to whoever is recognised. */
  readonly access: 'open' | 'optional';
  readonly answer: (context: OpenContext) => Promise<Answer>;
}

export interface GuardedRoute extends RouteBase {
  readonly access: Permission;
  readonly answer: (context: GuardedContext) => Promise<Answer>;
}

export type Route = OpenRoute | GuardedRoute;

export const isOpenRoute = (route: Route): route is OpenRoute => route.access === 'open' || route.access === 'optional';

export const elsewhere = ({ peerRegion }: Pick<ApiDependencies, 'peerRegion'>): string =>
  peerRegion === undefined
    ? 'Try again in a minute; /readyz says what is missing.'
    : `Ask the Region ${peerRegion}, which answers from its own stores; /readyz says what is missing here.`;

export const unavailable = (
  deps: Pick<ApiDependencies, 'region' | 'peerRegion'>,
  part: string,
  failure: Failure,
): Answer =>
  problem(503, 'unavailable', {
    what: `${deps.region} can't answer this now`,
    why: `Its ${part} did not do what was asked: ${failure.message} (${failure.reason}, ${failure.code}).`,
    next: elsewhere(deps),
  });
