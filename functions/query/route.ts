/**
 * What a route is: an address, a method, who may use it, and what it answers. A route without a rule does not compile, and
 * what it gets of the home view is what its caller may see.
 */
import type { Authenticator } from '../access/authenticator.ts';
import type { ReadEvents, ReadFrom } from '../audit/read-events.ts';
import type { OwnVerdict } from '../audit/verify-own.ts';
import type { Permission, Principal } from '../domain/access.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import type { Failure, Result } from '../domain/failure.ts';
import type { InteractiveWrites } from '../domain/interactive-write.ts';
import type { JsonFields } from '../domain/json-fields.ts';
import type { RegionName, Role } from '../domain/region.ts';
import type { SourceDefinition } from '../domain/source-definition.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Answer, problem } from './answer.ts';
import type { GateReading, HomeReader } from './home-view.ts';
import type { MetricSeries } from '../telemetry/recent-metrics.ts';
import type { ReadPair } from './pair-reading.ts';
import type { ReadReplication } from './replication.ts';
import type { RouteAbout } from './route-about.ts';
import type { ShownView } from './shown-view.ts';

export type ReadAudit = (eventsMax: number, from?: ReadFrom) => Promise<Result<ReadEvents>>;

export interface SourceKinds {
  /** Those that can be added here. */
  readonly names: readonly string[];
  /** What is wrong with a configuration, naming the field; undefined where nothing is. Asks no service. */
  problemOf(kind: string, config: JsonFields): Promise<string | undefined>;
}

export interface ApiDependencies {
  readonly region: RegionName;
  readonly role: Role;
  /** Absent in a single-Region install. */
  readonly peerRegion?: RegionName;
  /** The home Region's graph table. */
  readonly records: RecordStore;
  /** The home Region's workspaces table: settings, votes, keys. Read here, written through `writes`. */
  readonly workspaces: Pick<RecordStore, 'get' | 'query' | 'getLocal' | 'queryLocal'>;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
  readonly authenticator: Authenticator;
  readonly writes: InteractiveWrites;
  readonly audit: AuditLog;
  readonly readAudit: ReadAudit;
  /** Recomputes the copy of the audit log that this Region holds. */
  readonly verifyAudit?: () => Promise<Result<OwnVerdict>>;
  readonly readGate: () => Promise<GateReading>;
  /** Absent until something keeps it: then the state is not known, and said so. */
  readonly readReplication?: ReadReplication;
  /** Both Regions side by side. */
  readonly readPair?: ReadPair;
  /** What the functions of this Region have kept of their measurements, between two moments. */
  readonly readMetrics?: (fromMs: number, toMs: number) => Promise<Result<readonly MetricSeries[]>>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly requestId: () => string;
  /** A cryptographic source: the secrets of keys come from it. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Names the deployed code. */
  readonly build?: string;
  /** The sources that the stack names; people's own are records of `workspaces`. */
  readonly ownSources?: readonly SourceDefinition[];
  /** How far apart two ticks of the schedule are; absent where it says so in no number. */
  readonly scheduleMs?: number;
  /** What kinds of sources there are; absent where none can be added. */
  readonly sourceKinds?: SourceKinds;
  /** The home Region's queue of cycles: a person's wish goes the way of the schedule's. */
  readonly syncQueue?: SyncQueue;
  /** Which `Host` and `Origin` an agent's requests may name; absent means this machine's own. */
  readonly endpointNames?: readonly string[];
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
  /** Everything that the address names, decoded: `:id`, `:member`. */
  readonly names: Readonly<Record<string, string>>;
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
  /** What the document of the API says of it; a test asks it of every route. */
  readonly about?: RouteAbout;
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
