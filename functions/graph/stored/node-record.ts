/**
 * What one unit says of one node in one direction, as one or more records: the edges of each file that has some, with the hash of
 * the facts that they were derived from, so that a reader can tell what their origin does not say any more.
 */
import { LIMITS } from '../../domain/limits.ts';
import { isJsonFields } from '../../domain/json-fields.ts';
import { EDGE_TYPES, type GraphEdge, type GraphNode, LEVELS, NODE_KINDS } from '../facts/vocabulary.ts';
import { DIRECTIONS, type Direction } from './graph-keys.ts';

export interface NodeFile {
  readonly path: string;
  /** The document's own part of its id, which its path does not tell; absent in records of before it was kept. */
  readonly d?: string;
  /** Of the facts that say it. */
  readonly facts: string;
  readonly edges: readonly GraphEdge[];
  readonly nodes: readonly GraphNode[];
  /** Of a Region: hashes of the names that are tied to it, packed; empty elsewhere. */
  readonly names: string;
}

export interface NodePart {
  readonly id: string;
  readonly direction: Direction;
  readonly part: number;
  readonly parts: number;
  readonly files: readonly NodeFile[];
}

const HEADER_BYTES = 2 * 1024;
const FILE_BYTES = 96;

type Said = { readonly edge: GraphEdge } | { readonly node: GraphNode } | { readonly names: string };

const byPath = (left: NodeFile, right: NodeFile): number =>
  left.path < right.path ? -1 : Number(left.path > right.path);

interface Growing {
  readonly path: string;
  readonly d?: string;
  readonly facts: string;
  readonly edges: GraphEdge[];
  readonly nodes: GraphNode[];
  names: string;
}

/** In parts that each stay under the limit of one record. */
const divide = (files: readonly NodeFile[]): readonly (readonly Growing[])[] => {
  const parts: Growing[][] = [[]];
  let bytes = HEADER_BYTES;
  for (const { path, d, facts, edges, nodes, names } of files.toSorted(byPath)) {
    let open: Growing | undefined;
    const all: readonly Said[] = [
      ...(names === '' ? [] : [{ names }]),
      ...edges.map((edge) => ({ edge })),
      ...nodes.map((node) => ({ node })),
    ];
    for (const said of all) {
      const size = Buffer.byteLength(JSON.stringify(said)) + FILE_BYTES + (open === undefined ? path.length * 2 : 0);
      if (bytes + size > LIMITS.graphFactsBytesMax) {
        parts.push([]);
        bytes = HEADER_BYTES;
        open = undefined;
      }
      if (open === undefined) {
        open = { path, ...(d === undefined ? {} : { d }), facts, edges: [], nodes: [], names: '' };
        parts.at(-1)?.push(open);
      }
      bytes += size;
      if ('edge' in said) {
        open.edges.push(said.edge);
      } else if ('names' in said) {
        open.names = said.names;
      } else {
        open.nodes.push(said.node);
      }
    }
  }
  return parts;
};

/** Payloads of the parts, in order. */
export const nodePayloads = (id: string, direction: Direction, files: readonly NodeFile[]): readonly NodePart[] => {
  const parts = divide(files);
  return parts.map((own, part) => ({ id, direction, part, parts: parts.length, files: own }));
};

const EDGES: ReadonlySet<unknown> = new Set(EDGE_TYPES);
const STRENGTHS: ReadonlySet<unknown> = new Set(LEVELS);
const KINDS: ReadonlySet<unknown> = new Set(NODE_KINDS);

/** Thousands are read for one answer, so this looks at what an answer is decided by; the bytes themselves are proven by digests. */
const isEdge = (value: unknown): value is GraphEdge =>
  isJsonFields(value) &&
  typeof value['from'] === 'string' &&
  typeof value['to'] === 'string' &&
  EDGES.has(value['type']) &&
  STRENGTHS.has(value['level']) &&
  Array.isArray(value['at']);

const isNode = (value: unknown): value is GraphNode =>
  isJsonFields(value) &&
  typeof value['id'] === 'string' &&
  typeof value['name'] === 'string' &&
  KINDS.has(value['kind']) &&
  isJsonFields(value['attributes']) &&
  isJsonFields(value['at']);

const areAll = <T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] =>
  Array.isArray(value) && value.every((one) => isOne(one));

const isFile = (value: unknown): value is NodeFile =>
  isJsonFields(value) &&
  typeof value['path'] === 'string' &&
  (value['d'] === undefined || typeof value['d'] === 'string') &&
  typeof value['facts'] === 'string' &&
  typeof value['names'] === 'string' &&
  areAll(value['edges'], isEdge) &&
  areAll(value['nodes'], isNode);

const isDirection = (value: unknown): value is Direction => DIRECTIONS.some((direction) => direction === value);

const isPart = (value: unknown): value is NodePart =>
  isJsonFields(value) &&
  typeof value['id'] === 'string' &&
  isDirection(value['direction']) &&
  Number.isSafeInteger(value['part']) &&
  Number.isSafeInteger(value['parts']) &&
  areAll(value['files'], isFile);

/** Undefined where the text is no such record: callers treat that as "not held". */
export const parseNodePart = (text: string): NodePart | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isPart(value) ? value : undefined;
  } catch {
    // Damaged bytes read as absent; the proof of equality is what names them.
    return undefined;
  }
};
