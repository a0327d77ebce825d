/**
 * Keys of the graph's records. A unit is one repository of a source. All of them name the source in `pk`; nodes and paths are named
 * by hashes, because they come from files and may be of any length.
 */
import { graphPartition, graphPartitions } from '../../domain/derived-keys.ts';
import type { RecordKey } from '../../domain/record.ts';
import { EXTRACTOR } from '../facts/vocabulary.ts';
import { sha256Hex } from '../../stores/envelope.ts';

/** Of the extractors, and of how their facts are laid out in records: another one, and every source is derived anew. */
export const GRAPH_VERSION = `${EXTRACTOR}/records-2`;

export const DIRECTIONS = ['in', 'out', 'use', 'node'] as const;

/** How a node is found: by what points at it, by whose and where it is, by what it uses, by what is said of it. */
export type Direction = (typeof DIRECTIONS)[number];

const HASH_DIGITS = 16;
const UNIT_DIGITS = 8;

/** Ten digits are forty bits: enough to say where to look, and a false hit only costs a read. */
export const PRINT_DIGITS = 10;

export const hashOf = (text: string): string => sha256Hex(text).slice(0, HASH_DIGITS);

export const unitIdOf = (prefix: string, repository: string): string =>
  sha256Hex(`${prefix}\n${repository}`).slice(0, UNIT_DIGITS);

/** The one record by which everything else of a source's graph is found; written last. */
export const headKey = (source: string): RecordKey => ({ pk: graphPartition(source, '0'), sk: 'head' });

/** What a unit was made from, for the next cycle. */
export const filesKey = (source: string, unit: string, part: number): RecordKey => ({
  pk: graphPartition(source, '0'),
  sk: `files#${unit}#${part}`,
});

/** Which nodes and files a unit has records of, for readers. */
export const indexKey = (source: string, unit: string, part: number): RecordKey => ({
  pk: graphPartition(source, '0'),
  sk: `index#${unit}#${part}`,
});

export const factsKey = (source: string, unit: string, path: string, part: number): RecordKey => {
  const hash = hashOf(path);
  return { pk: graphPartition(source, hash), sk: `facts#${unit}#${hash}#${part}` };
};

export const nodeKey = (
  source: string,
  unit: string,
  { direction, hash, part }: { readonly direction: Direction; readonly hash: string; readonly part: number },
): RecordKey => ({ pk: graphPartition(source, hash), sk: `node#${unit}#${hash}#${direction}#${part}` });

const UNIT_OF = /^(?:files|index|facts|node)#(?<unit>[0-9a-f]{8})#/u;

export const unitOfKey = (sk: string): string | undefined => UNIT_OF.exec(sk)?.groups?.['unit'];

/** Facts and nodes: what the sum of a unit is made of. */
export const isCounted = (sk: string): boolean => sk.startsWith('facts#') || sk.startsWith('node#');

export { graphPartitions };
