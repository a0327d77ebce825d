/** What each address of the API answers. Reads of the home Region only; trouble becomes a problem that says what to do next. */
import { parseDocumentId, type SourcePayload } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import type { RegionName, Role } from '../domain/region.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Answer, problem } from './answer.ts';
import type { GateReading, HomeReader, HomeView, SourceStanding } from './home-view.ts';
import { onlyKnown, readSearchParameters, SEARCH_PARAMETERS, type SearchParameters, shownText } from './parameters.ts';
import { type DocumentChunk, readDocument } from './read-document.ts';
import { search } from './search.ts';

export interface ApiDependencies {
  readonly region: RegionName;
  readonly role: Role;
  /** Absent in a single-Region install. */
  readonly peerRegion?: RegionName;
  /** The home Region's graph table. */
  readonly records: RecordStore;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
  readonly readGate: () => Promise<GateReading>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly requestId: () => string;
  /** Names the deployed code. */
  readonly build?: string;
}

export interface RouteContext {
  readonly deps: ApiDependencies;
  readonly home: HomeReader;
  /** Being read while the route does its own work. */
  readonly view: Promise<HomeView>;
  readonly parameters: URLSearchParams;
  /** The `:id` of the address, decoded; empty where it has none. */
  readonly id: string;
  readonly signal: AbortSignal;
}

export interface Route {
  readonly path: string;
  readonly parameters: readonly string[];
  /** Answers from what is known already: a health check asks nobody. */
  readonly isLocal?: boolean;
  readonly answer: (context: RouteContext) => Promise<Answer>;
}

const elsewhere = ({ peerRegion }: ApiDependencies): string =>
  peerRegion === undefined
    ? 'Try again in a minute; /readyz says what is missing.'
    : `Ask the Region ${peerRegion}, which answers from its own stores; /readyz says what is missing here.`;

const unavailable = (deps: ApiDependencies, part: string, failure: Failure): Answer =>
  problem(503, 'unavailable', {
    what: `${deps.region} can't answer this now`,
    why: `Its ${part} did not do what was asked: ${failure.message} (${failure.reason}, ${failure.code}).`,
    next: elsewhere(deps),
  });

// --- health, readiness, status ---

const healthz: Route = {
  path: '/healthz',
  parameters: [],
  isLocal: true,
  answer: async () => ({ status: 200, fields: { status: 'up' } }),
};

/** No stored vector has this key; the question is whether the index answers. */
const PROBE_KEY = 'readyz';

const readyz: Route = {
  path: '/readyz',
  parameters: [],
  answer: async ({ deps, home }) => {
    const [view, vectors] = await Promise.all([home.fresh(), deps.vectors.get([PROBE_KEY])]);
    const checks = {
      records: view.sources.kind === 'failed' ? view.sources.failure.message : 'ready',
      vectors: vectors.kind === 'failed' ? vectors.failure.message : 'ready',
      gate: view.gate.state === 'unknown' ? view.gate.reason : 'ready',
    };
    const missing = Object.entries(checks).filter(([, state]) => state !== 'ready');
    if (missing.length === 0) {
      return { status: 200, fields: { status: 'ready', checks } };
    }
    const { fields, ...rest } = problem(503, 'not-ready', {
      what: `${deps.region} is not ready`,
      why: missing.map(([name, state]) => `${name}: ${state}`).join('; '),
      next: elsewhere(deps),
    });
    return { ...rest, fields: { ...fields, checks } };
  },
};

const totalOf = (sources: readonly SourceStanding[], name: keyof SourcePayload['counts']): number =>
  sources.reduce((total, { payload }) => total + payload.counts[name], 0);

const status: Route = {
  path: '/v1/status',
  parameters: [],
  answer: async ({ deps, view }) => {
    const { gate, sources } = await view;
    return {
      status: 200,
      fields: {
        gate: { state: gate.state, epoch: gate.epoch ?? null, reason: gate.reason },
        peerRegion: deps.peerRegion ?? null,
        embedder: { model: deps.embedder.model, dimensions: deps.embedder.dimensions },
        build: deps.build ?? null,
        sourceCount: sources.kind === 'failed' ? null : sources.value.length,
        totals:
          sources.kind === 'failed'
            ? null
            : {
                documents: totalOf(sources.value, 'documents'),
                chunks: totalOf(sources.value, 'chunks'),
                skipped: totalOf(sources.value, 'skipped'),
              },
        degraded: [
          ...(sources.kind === 'failed' ? [`records: ${sources.failure.message}`] : []),
          ...(gate.state === 'unknown' ? [gate.reason] : []),
        ],
      },
    };
  },
};

// --- sources ---

const sourceItem = ({ payload, version, fence }: SourceStanding): Readonly<Record<string, unknown>> => ({
  id: payload.id,
  kind: payload.kind,
  name: payload.name,
  url: payload.url,
  snapshot: payload.snapshot,
  cursor: payload.cursor,
  counts: payload.counts,
  lastFullAt: payload.lastFullAt,
  f: fence ?? null,
  v: version,
  cycle: payload.cycle,
});

const sources: Route = {
  path: '/v1/sources',
  parameters: [],
  answer: async ({ deps, view }) => {
    const read = (await view).sources;
    return read.kind === 'failed'
      ? unavailable(deps, 'records', read.failure)
      : {
          status: 200,
          fields: {},
          list: { name: 'items', items: read.value.map((standing) => sourceItem(standing)) },
        };
  },
};

// --- search ---

/** Undefined where every named source is one of this Region. */
const refuseSources = async ({ deps, view }: RouteContext, names: readonly string[]): Promise<Answer | undefined> => {
  if (names.length === 0) {
    return undefined;
  }
  const read = (await view).sources;
  if (read.kind === 'failed') {
    return unavailable(deps, 'records', read.failure);
  }
  const unknown = names.find((name) => !read.value.some(({ payload }) => payload.id === name));
  return unknown === undefined
    ? undefined
    : problem(400, 'bad-parameter', {
        what: `there is no source "${shownText(unknown)}" in ${deps.region}`,
        why: 'The parameter "source" names a source that has been committed here.',
        next: 'See /v1/sources for the ids.',
      });
};

const searchAnswer = async (context: RouteContext, asked: SearchParameters): Promise<Answer> => {
  const { deps, signal } = context;
  const { region, records, vectors, embedder, telemetry } = deps;
  const found = await search({
    home: { region, records, vectors },
    embedder,
    telemetry,
    query: asked.query,
    limit: asked.limit,
    ...(asked.sources.length === 0 ? {} : { sources: asked.sources }),
    signal,
  });
  if (found.kind === 'failed') {
    return unavailable(deps, found.part, found.failure);
  }
  return {
    status: 200,
    fields: {
      query: asked.query,
      dropped: found.dropped,
      degraded: found.degraded ? ['some records near the question could not be read'] : [],
    },
    list: { name: 'passages', items: found.passages },
  };
};

const searchRoute: Route = {
  path: '/v1/search',
  parameters: SEARCH_PARAMETERS,
  answer: async (context) => {
    const asked = readSearchParameters(context.parameters);
    return asked.kind === 'refused'
      ? asked.answer
      : ((await refuseSources(context, asked.value.sources)) ?? (await searchAnswer(context, asked.value)));
  },
};

// --- documents ---

const chunkItem = ({ entry, chunk }: DocumentChunk): Readonly<Record<string, unknown>> => ({
  id: entry.c,
  vector: entry.k,
  startLine: entry.l[0],
  endLine: entry.l[1],
  heading: chunk?.heading ?? null,
  breadcrumb: chunk?.breadcrumb ?? null,
  text: chunk?.text ?? null,
});

const noDocument = (id: string, why: string): Answer =>
  problem(404, 'no-document', {
    what: `there is no document "${shownText(id)}"`,
    why,
    next: 'Search for it: /v1/search names the id of each document that it finds.',
  });

const documents: Route = {
  path: '/v1/documents/:id',
  parameters: [],
  answer: async ({ deps, id }) => {
    const source = parseDocumentId(id)?.source;
    if (source === undefined) {
      return problem(400, 'bad-document-id', {
        what: `"${shownText(id)}" is not the id of a document`,
        why: 'An id is the id of a source, "~", and 20 hexadecimal digits.',
        next: 'Search for it: /v1/search names the id of each document that it finds.',
      });
    }
    const read = await readDocument(deps.records, source, id);
    switch (read.kind) {
      case 'failed': {
        return unavailable(deps, 'records', read.failure);
      }
      case 'absent': {
        return noDocument(id, `No source of ${deps.region} has it.`);
      }
      case 'deleted': {
        return noDocument(id, 'It is gone from its source.');
      }
      case 'damaged': {
        return unavailable(deps, 'record of this document', {
          reason: 'unknown',
          code: 'TM_DAMAGED_RECORD',
          message: 'it is not what a document record looks like',
        });
      }
      case 'found': {
        const { chunks: listed, ...document } = read.document;
        const missing = read.chunks.filter(({ chunk }) => chunk === undefined).length;
        return {
          status: 200,
          fields: {
            document: { ...document, chunkCount: listed.length },
            degraded: missing === 0 ? [] : [`the texts of ${missing} chunks are missing`],
          },
          list: { name: 'chunks', items: read.chunks.map((one) => chunkItem(one)) },
        };
      }
    }
  },
};

export const ROUTES: readonly Route[] = [healthz, readyz, status, sources, searchRoute, documents];

/** Refuses what the route does not know, then lets it answer. */
export const answerRoute = async (route: Route, context: RouteContext): Promise<Answer> =>
  onlyKnown(context.parameters, route.parameters) ?? route.answer(context);
