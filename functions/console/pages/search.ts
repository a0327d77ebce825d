/** *Search*: passages with where they stand, what was found in them, and how fresh their source is; and a document, whole. */
import { html } from 'hono/html';
import { z } from 'zod';

import { readDocumentShape, searchShape } from '../../query/corpus-shapes.ts';
import { type ApiReply, readAs } from '../console-api.ts';
import { highlighted } from '../highlight.ts';
import { addressOf, documentAddress } from '../links.ts';
import type { ConsolePage, Fragment, Shown, Visit } from '../page.ts';
import { type SourceItem, sourcesSchema } from '../sources/source-data.ts';
import { ago, counted, moment, plain } from '../words.ts';

const RESULTS = 20;
const TEXT_CHARS_SHOWN = 700;

const searchSchema = z.object({ ...searchShape, truncated: z.boolean() });

type Passage = z.infer<typeof searchSchema>['passages'][number];

const LANES: Readonly<Record<string, string>> = {
  embedding: 'questions can’t be turned into vectors now: results are found by their words alone',
  vectors: 'the index of meanings could not be looked through: results are found mostly by their words',
  lexical: 'the index of words could not be read whole: results are found mostly by their meaning',
  words: 'a long question: only the words that tell the most were looked up',
  graph: 'the graph could not be followed: what is connected to a name in the question may be missing',
  records: 'some records near the question could not be read',
};

export const laneWords = (lane: string): string => LANES[lane] ?? lane;

const form = ({ parameters }: Visit, sources: readonly SourceItem[]): Fragment => {
  const source = parameters.get('source') ?? '';
  return html`<form method="get" action="/console/search" class="row" role="search">
    <div class="field wide">
      <label for="q">Question, name or words</label>
      <input
        id="q"
        name="q"
        type="search"
        value="${parameters.get('q') ?? ''}"
        maxlength="1000"
        autofocus
        data-focus-key="/"
      />
    </div>
    <div class="field">
      <label for="source">Source</label>
      <select id="source" name="source">
        <option value="">all</option>
        ${sources.map(({ id, name }) => html`<option value="${id}" ${id === source ? 'selected' : ''}>${plain(name)}</option>`)}
      </select>
    </div>
    <div><button>Search</button></div>
  </form>`;
};

const freshness = (source: SourceItem | undefined, now: number): Fragment | '' => {
  const at = source?.cycle?.finishedAt;
  return at === undefined
    ? ''
    : html`<time datetime="${new Date(at).toISOString()}" title="${moment(at)}">read ${ago(at, now)}</time>`;
};

/** From a little before the first word that was asked for. */
const excerpt = (text: string, query: string): string => {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const lower = text.toLowerCase();
  const first = Math.min(...words.map((word) => lower.indexOf(word)).filter((at) => at >= 0), text.length);
  const from = first === text.length || first < TEXT_CHARS_SHOWN / 2 ? 0 : first - 120;
  const cut = text.slice(from, from + TEXT_CHARS_SHOWN).toWellFormed();
  return `${from > 0 ? '…' : ''}${cut}${from + TEXT_CHARS_SHOWN < text.length ? '…' : ''}`;
};

const result = (passage: Passage, source: SourceItem | undefined, { parameters, now }: Visit): Fragment => {
  const { document, title, path, breadcrumb, heading, startLine, endLine, text, status } = passage;
  const query = parameters.get('q') ?? '';
  return html`<li class="card result">
    <h2><a href="${documentAddress(document, startLine)}" data-result>${plain(heading ?? title)}</a></h2>
    <p class="quiet">
      ${plain(breadcrumb === '' ? title : breadcrumb)} · <code>${plain(path)}:${startLine}–${endLine}</code>
      ${status === null ? '' : html`· <b>${plain(status)}</b>`}
    </p>
    <pre class="passage">${highlighted(excerpt(text, query), query)}</pre>
    <p class="quiet">${plain(source?.name ?? passage.source)} ${freshness(source, now)}</p>
  </li>`;
};

const results = (reply: ApiReply, sources: readonly SourceItem[], visit: Visit): Shown | undefined => {
  const read = readAs(reply, searchSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: 'Search', trouble: read.trouble };
  }
  const { passages, degraded, truncated } = read.value;
  const byId = new Map(sources.map((source) => [source.id, source]));
  return {
    kind: 'page',
    title: 'Search',
    degraded: [
      ...degraded.map((lane) => laneWords(lane)),
      ...(truncated ? ['the answer was too large: the last of its passages are left out'] : []),
    ],
    body: html`${form(visit, sources)}
      <p role="status">
        ${passages.length === 0 ? 'Nothing was found in what you may read.' : `${counted(passages.length, 'passage')}, the best first.`}
        <span class="quiet keys"
          >Keys: <kbd>/</kbd> question, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>Enter</kbd> open.</span
        >
      </p>
      <ol class="results">
        ${passages.map((passage) => result(passage, byId.get(passage.source), visit))}
      </ol>`,
  };
};

const searchPage = async (visit: Visit): Promise<Shown> => {
  const { ask, parameters } = visit;
  const query = (parameters.get('q') ?? '').trim();
  const asked = addressOf('/v1/search', {
    q: query,
    source: parameters.get('source') ?? '',
    limit: RESULTS.toString(),
  });
  const [list, reply] = await Promise.all([
    ask({ path: '/v1/sources' }),
    query === '' ? undefined : ask({ path: asked }),
  ]);
  const sources = readAs(list, sourcesSchema);
  if (sources.kind === 'refused' && reply === undefined) {
    return { kind: 'refused', title: 'Search', trouble: sources.trouble };
  }
  const known = sources.kind === 'read' ? sources.value.items : [];
  return (
    (reply === undefined ? undefined : results(reply, known, visit)) ?? {
      kind: 'page',
      title: 'Search',
      body: html`${form(visit, known)}
        <p class="quiet">Ask in words, or name a component, a file, a symbol or an error message.</p>`,
    }
  );
};

const documentSchema = z.object({ ...readDocumentShape, truncated: z.boolean() });

const documentPage = async ({ ask, parameters }: Visit): Promise<Shown> => {
  const id = parameters.get('id') ?? '';
  const read = readAs(await ask({ path: `/v1/documents/${encodeURIComponent(id)}` }), documentSchema);
  if (read.kind === 'refused') {
    return { kind: 'refused', title: 'Document', trouble: read.trouble };
  }
  const { document, chunks, degraded, truncated } = read.value;
  return {
    kind: 'page',
    title: plain(document.title),
    degraded: [...degraded, ...(truncated ? ['it is longer than one answer: its end is left out'] : [])],
    body: html`<p class="quiet">
        ${plain(document.src)} · <code>${plain(document.path)}</code> · revision
        <code>${plain(document.rev.slice(0, 12))}</code
        >${document.status === undefined ? '' : ` · ${plain(document.status)}`}
      </p>
      ${document.skipped === undefined ? '' : html`<p class="card">It has no text here: ${plain(document.skipped)}.</p>`}
      ${chunks.map(
        ({ startLine, endLine, text }) =>
          html`<section class="chunk">
            ${Array.from({ length: Math.min(400, Math.max(1, endLine - startLine + 1)) }, (_, at) => html`<span id="line-${startLine + at}" class="anchor"></span>`)}
            <p class="quiet">Lines ${startLine} to ${endLine}</p>
            <pre tabindex="0">${text ?? 'The text of this part is missing here.'}</pre>
          </section>`,
      )}`,
  };
};

export const SEARCH_PAGES: readonly ConsolePage[] = [
  { path: '/search', answer: searchPage },
  { path: '/document', answer: documentPage },
];
