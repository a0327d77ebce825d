/**
 * What is read of the sources: search, documents. Every lane shows only sources that the caller may read; any
 * other one is answered like one that is not there.
 */
import { isSourceAllowed, type Principal } from '../domain/access.ts';
import { parseDocumentId } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { type Answer, problem } from './answer.ts';
import { DOCUMENT_ABOUT, SEARCH_ABOUT } from './corpus-shapes.ts';
import { plainText } from './plain-text.ts';
import { readSearchParameters, SEARCH_PARAMETERS, type SearchParameters, shownText } from './parameters.ts';
import { type DocumentChunk, readDocument } from './read-document.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { search } from './search.ts';
import { searchGraph } from './search-graph.ts';

// --- search ---

/** Undefined where every named source is one of this Region that the caller may read. */
const refuseSources = async ({ deps, view }: GuardedContext, names: readonly string[]): Promise<Answer | undefined> => {
  if (names.length === 0) {
    return undefined;
  }
  const read = (await view).sources;
  if (read?.kind === 'failed') {
    return unavailable(deps, 'records', read.failure);
  }
  const unknown = names.find((name) => !read?.value.some(({ payload }) => payload.id === name));
  return unknown === undefined
    ? undefined
    : problem(400, 'bad-parameter', {
        what: `there is no source "${shownText(unknown)}" in ${deps.region}`,
        why: 'The parameter "source" names a source that has been committed here.',
        next: 'See /v1/sources for the ids.',
      });
};

/** The sources to look in; undefined means all, and only somebody who may read all gets that. */
const scopeOf = ({ sources }: Principal, asked: readonly string[]): readonly string[] | undefined => {
  if (asked.length > 0) {
    return asked;
  }
  return sources === 'all' ? undefined : sources;
};

/** All of them: the graph is kept once for all callers, and each is shown what they may read. */
const sourcesHere = async ({ home }: GuardedContext): Promise<readonly string[] | undefined> => {
  const { sources } = await home.get();
  return sources.kind === 'done' ? sources.value.map(({ payload }) => payload.id) : undefined;
};

const searchAnswer = async (context: GuardedContext, asked: SearchParameters): Promise<Answer> => {
  const { deps, caller, signal } = context;
  const scope = scopeOf(caller, asked.sources);
  const { region, records, vectors, embedder, telemetry } = deps;
  const known = (await context.view).sources;
  const sources = known?.kind === 'done' ? known.value.map(({ payload }) => payload) : undefined;
  const finishedAt = new Map(sources?.map(({ id, cycle }) => [id, cycle.finishedAt]));
  const found = await search({
    home: { region, records, vectors },
    embedder,
    telemetry,
    query: asked.query,
    limit: asked.limit,
    ...(scope === undefined ? {} : { sources: scope }),
    ...(sources === undefined ? {} : { knownSources: sources.map(({ id }) => id) }),
    graph: searchGraph({ records, sources: await sourcesHere(context), nowMs: deps.now() }),
    isStale: (source) => deps.now() - (finishedAt.get(source) ?? deps.now()) > LIMITS.searchStaleMs,
    isAllowed: (source) => isSourceAllowed(caller, source),
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
      degraded: found.degraded,
    },
    list: { name: 'passages', items: found.passages },
  };
};

const searchRoute: GuardedRoute = {
  method: 'GET',
  path: '/v1/search',
  access: 'corpus:read',
  parameters: SEARCH_PARAMETERS,
  about: SEARCH_ABOUT,
  answer: async (context) => {
    const asked = readSearchParameters(context.parameters);
    return asked.kind === 'refused'
      ? asked.answer
      : ((await refuseSources(context, asked.value.sources)) ?? (await searchAnswer(context, asked.value)));
  },
};

// --- documents ---

const shownOrNull = (text: string | undefined): string | null => (text === undefined ? null : plainText(text));

const chunkItem = ({ entry, chunk }: DocumentChunk): Readonly<Record<string, unknown>> => ({
  id: entry.c,
  vector: entry.k,
  startLine: entry.l[0],
  endLine: entry.l[1],
  heading: shownOrNull(chunk?.heading),
  breadcrumb: shownOrNull(chunk?.breadcrumb),
  text: shownOrNull(chunk?.text),
});

const noDocument = (id: string, why: string): Answer =>
  problem(404, 'no-document', {
    what: `there is no document "${shownText(id)}"`,
    why,
    next: 'Search for it: /v1/search names the id of each document that it finds.',
  });

const documents: GuardedRoute = {
  method: 'GET',
  path: '/v1/documents/:id',
  access: 'corpus:read',
  parameters: [],
  about: DOCUMENT_ABOUT,
  answer: async ({ deps, caller, id }) => {
    const source = parseDocumentId(id)?.source;
    if (source === undefined) {
      return problem(400, 'bad-document-id', {
        what: `"${shownText(id)}" is not the id of a document`,
        why: 'An id is the id of a source, "~", and 20 hexadecimal digits.',
        next: 'Search for it: /v1/search names the id of each document that it finds.',
      });
    }
    if (!isSourceAllowed(caller, source)) {
      return noDocument(id, `No source of ${deps.region} has it.`);
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

export const CORPUS_ROUTES: readonly GuardedRoute[] = [searchRoute, documents];
