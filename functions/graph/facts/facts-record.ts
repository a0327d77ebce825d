/**
 * The facts of a file as records: canonical JSON, in parts that each stay under the limit of one item. The first part says how
 * many there are, so that a reader of fewer knows that it does not hold the whole.
 */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { canonicalText } from '../../stores/envelope.ts';
import { EDGE_TYPES, type FileFacts, LEVELS, NODE_KINDS, TIES } from './vocabulary.ts';

const place = z.object({ line: z.number().int().nonnegative(), path: z.string().optional() });

const node = z.object({
  id: z.string(),
  kind: z.enum(NODE_KINDS),
  name: z.string(),
  attributes: z.record(z.string(), z.string()),
  at: place,
});

const edge = z.object({
  from: z.string(),
  to: z.string(),
  type: z.enum(EDGE_TYPES),
  level: z.enum(LEVELS),
  at: z.array(place),
  tie: z.enum(TIES).optional(),
  alternates: z.array(z.string()).optional(),
  environment: z.string().optional(),
  via: z.string().optional(),
  expression: z.string().optional(),
  hint: z.string().optional(),
  rule: z.string().optional(),
  otherwise: z.string().optional(),
  count: z.number().int().positive().optional(),
});

const unknown = z.object({
  subject: z.string(),
  reason: z.enum(['unparseable', 'unresolved-region', 'unresolved-reference', 'too-large', 'not-read']),
  expression: z.string(),
  line: z.number().int(),
  column: z.number().int().optional(),
});

const named = z.object({ name: z.string(), line: z.number().int() });

const factsPart = z.object({
  source: z.string(),
  repository: z.string(),
  commit: z.string(),
  path: z.string(),
  asOf: z.number().int().nonnegative(),
  extractor: z.string(),
  part: z.number().int().nonnegative(),
  parts: z.number().int().positive(),
  dead: z.string().optional(),
  language: z.string().optional(),
  nodes: z.array(node),
  edges: z.array(edge),
  unknowns: z.array(unknown),
  symbols: z.array(z.object({ name: z.string(), kind: z.string(), line: z.number().int(), endLine: z.number().int() })),
  imports: z.array(named),
  calls: z.array(named),
});

export type FactsPart = z.infer<typeof factsPart>;

const LISTS = ['nodes', 'edges', 'unknowns', 'symbols', 'imports', 'calls'] as const;

type List = (typeof LISTS)[number];

const empty = (): Record<List, unknown[]> => ({
  nodes: [],
  edges: [],
  unknowns: [],
  symbols: [],
  imports: [],
  calls: [],
});

const HEADER_BYTES = 8 * 1024;

/** Payloads of one or more parts, in order. */
export const factsPayloads = (facts: FileFacts): readonly object[] => {
  const { nodes, edges, unknowns, code, dead, ...header } = facts;
  const lists: Record<List, readonly unknown[]> = {
    nodes,
    edges,
    unknowns,
    symbols: code?.symbols ?? [],
    imports: code?.imports ?? [],
    calls: code?.calls ?? [],
  };
  const parts = [empty()];
  let bytes = HEADER_BYTES;
  for (const list of LISTS) {
    for (const entry of lists[list]) {
      const size = Buffer.byteLength(JSON.stringify(entry)) + 1;
      if (bytes + size > LIMITS.graphFactsBytesMax) {
        parts.push(empty());
        bytes = HEADER_BYTES;
      }
      parts.at(-1)?.[list].push(entry);
      bytes += size;
    }
  }
  const more = { ...(dead === undefined ? {} : { dead }), ...(code === undefined ? {} : { language: code.language }) };
  const numbered = (part: Readonly<Record<List, unknown[]>>, index: number): object => ({
    ...header,
    ...more,
    ...part,
    part: index,
    parts: parts.length,
  });
  return parts.map((part, index) => numbered(part, index));
};

/** Their canonical texts. */
export const factsTexts = (facts: FileFacts): readonly string[] =>
  factsPayloads(facts).map((payload) => canonicalText(payload));

/** Undefined where the text is no such part: callers treat that as "not held". */
export const parseFactsPart = (text: string): FactsPart | undefined => {
  try {
    return factsPart.safeParse(JSON.parse(text)).data;
  } catch {
    // Damaged bytes read as absent; the proof of equality is what names them.
    return undefined;
  }
};

/** The facts again, from all their parts in any order; undefined where one is missing. */
export const joinFacts = (parts: readonly FactsPart[]): FileFacts | undefined => {
  const sorted = parts.toSorted((left, right) => left.part - right.part);
  const [first] = sorted;
  if (first === undefined || sorted.length !== first.parts || sorted.some(({ part }, index) => part !== index)) {
    return undefined;
  }
  const { source, repository, commit, path, asOf, extractor, dead, language } = first;
  const all = <K extends List>(list: K): readonly FactsPart[K][number][] =>
    sorted.flatMap((part): readonly FactsPart[K][number][] => part[list]);
  const facts = {
    source,
    repository,
    commit,
    path,
    asOf,
    extractor,
    nodes: all('nodes'),
    edges: all('edges'),
    unknowns: all('unknowns'),
    ...(dead === undefined ? {} : { dead }),
    ...(language === undefined
      ? {}
      : { code: { language, symbols: all('symbols'), imports: all('imports'), calls: all('calls') } }),
  };
  return isFacts(facts) ? facts : undefined;
};

/** The parts' schema is the whole check; this only tells the compiler that absent fields are absent, not undefined. */
const isFacts = (value: object): value is FileFacts => 'edges' in value;
