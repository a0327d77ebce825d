/** What of the lanes' findings the home document records confirm: read in one batch, judged for each lane by its own rule. */
import type { ChunkEntry, DocumentPayload } from '../domain/corpus.ts';
import { parseDocumentId } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { CallBudget } from './call-budget.ts';
import {
  type DropReason,
  entryOfHandle,
  entryOfLine,
  entryOfVector,
  type Listed,
  type Read,
  readDocuments,
} from './candidates.ts';
import { type CandidateId, fuse, type LaneLists } from './fuse.ts';
import type { LaneFindings } from './lanes.ts';
import type { SearchRequest } from './search.ts';

export interface ListedLanes {
  readonly lists: LaneLists;
  readonly listed: ReadonlyMap<CandidateId, Listed>;
  /** Found by a posting that may mean another chunk: only the text tells. */
  readonly ambiguous: ReadonlySet<CandidateId>;
  /** Of a read, where there was one. */
  readonly failure: Failure | undefined;
}

const HANDLE_DIGITS = 4;

const idOf = (document: string, { c }: ChunkEntry): CandidateId => `${document}#${c.slice(0, HANDLE_DIGITS)}`;

/** The documents that stand highest, as many as one batch takes. */
const documentsToRead = ({ lexical, vectors, graph }: LaneFindings): readonly string[] =>
  fuse({
    lexical: [...new Set(lexical.map(({ document }) => document))],
    vectors: [...new Set(vectors.map(({ metadata }) => metadata.doc))],
    graph: [...new Set(graph.map(({ document }) => document))],
  })
    .slice(0, LIMITS.searchGetItemsMax)
    .map(({ id }) => id);

class Judge {
  readonly #request: SearchRequest;
  readonly #documents: ReadonlyMap<string, Read<DocumentPayload>>;
  readonly #dropped: Map<DropReason, number>;
  readonly listed = new Map<CandidateId, Listed>();

  constructor(
    request: SearchRequest,
    documents: ReadonlyMap<string, Read<DocumentPayload>>,
    dropped: Map<DropReason, number>,
  ) {
    this.#request = request;
    this.#documents = documents;
    this.#dropped = dropped;
  }

  /** In their order, each once; `counts`: whether what is dropped is told of. */
  list<T>(
    found: readonly T[],
    documentOf: (one: T) => string,
    entryOf: (document: DocumentPayload, one: T) => ChunkEntry | undefined,
    counts: boolean,
  ): readonly CandidateId[] {
    const ids = new Set<CandidateId>();
    for (const one of found) {
      const id = documentOf(one);
      const read = this.#documents.get(id);
      if (read?.kind === 'found') {
        const entry = this.#isAllowed(read.value) ? entryOf(read.value, one) : undefined;
        if (entry === undefined) {
          this.#drop('unlisted', counts);
        } else {
          const candidate = idOf(id, entry);
          this.listed.set(candidate, this.listed.get(candidate) ?? { document: read.value, entry });
          ids.add(candidate);
        }
      } else if (read !== undefined) {
        // A posting of a document that is gone is no news; that the store did not answer is.
        this.#drop(read.reason, counts || read.reason === 'unreadable');
      }
    }
    return [...ids];
  }

  #isAllowed({ src, id }: DocumentPayload): boolean {
    return this.#request.isAllowed(src) && parseDocumentId(id)?.source === src;
  }

  #drop(reason: DropReason, counts: boolean): void {
    if (counts) {
      this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
    }
  }
}

export const listLanes = async (
  request: SearchRequest,
  lanes: LaneFindings,
  calls: CallBudget,
  dropped: Map<DropReason, number>,
): Promise<ListedLanes> => {
  const documents = await readDocuments(request.home.records, documentsToRead(lanes), calls);
  const judge = new Judge(request, documents, dropped);
  const lists: LaneLists = {
    vectors: judge.list(
      lanes.vectors,
      ({ metadata }) => metadata.doc,
      (document, hit) => entryOfVector(document, hit),
      true,
    ),
    lexical: judge.list(
      lanes.lexical,
      ({ document }) => document,
      (document, { handle }) => entryOfHandle(document, handle),
      false,
    ),
    graph: judge.list(
      lanes.graph,
      ({ document }) => document,
      (document, { line }) => entryOfLine(document, line),
      false,
    ),
  };
  const failed = [...documents.values()].find((read) => read.kind === 'dropped' && read.failure !== undefined);
  const ambiguous = new Set(
    lanes.lexical.flatMap(({ document, handle, isAmbiguous }) => (isAmbiguous ? [`${document}#${handle}`] : [])),
  );
  return { lists, listed: judge.listed, ambiguous, failure: failed?.kind === 'dropped' ? failed.failure : undefined };
};
