/**
 * The index of a unit: forty bits for each node that it has a record of, by direction, and for each file the hash of its facts. It is
 * small enough that a reader keeps those of a whole organisation, and asks only where something is.
 */
import { z } from 'zod';

import { UNKNOWN_REGION, UNPLACED_NAME } from '../facts/vocabulary.ts';
import { DIRECTIONS, type Direction, PRINT_DIGITS } from './graph-keys.ts';

export interface UnitIndex {
  /** Prints of node hashes: their first ten digits, sorted. */
  readonly prints: Readonly<Record<Direction, readonly string[]>>;
  /** Of each file with facts: the hash of its path, and that of its facts. */
  readonly files: ReadonlyMap<string, string>;
  /** Components, APIs, systems and teams that it declares and Regions that it ties something to, sorted: what there is to ask for. */
  readonly names: readonly string[];
}

const PRINT_BYTES = PRINT_DIGITS / 2;
const PATH_DIGITS = 16;
const FACTS_DIGITS = 12;
const FILE_BYTES = (PATH_DIGITS + FACTS_DIGITS) / 2;
/** Base64 of this is well under the limit of one record. */
const PART_BYTES_MAX = 192 * 1024;

export const printOf = (hash: string): string => hash.slice(0, PRINT_DIGITS);

/** As much of the hash of facts as an index and a node's record keep. */
export const factsPrint = (hash: string): string => hash.slice(0, FACTS_DIGITS);

const partSchema = z.object({
  in: z.string(),
  out: z.string(),
  use: z.string(),
  node: z.string(),
  files: z.string(),
  names: z.array(z.string()),
});

type IndexPart = z.infer<typeof partSchema>;

const base64 = (hex: readonly string[]): string => Buffer.from(hex.join(''), 'hex').toString('base64');

/** Is this node one that people ask for by name? */
export const isAskedFor = (direction: Direction, id: string): boolean =>
  (direction === 'node' && NAMED.test(id)) || (direction === 'in' && isPlace(id));

const NAMED = /^(?:component|api|system|group):/u;

const isPlace = (id: string): boolean => id.startsWith('region:') && id !== UNKNOWN_REGION && id !== UNPLACED_NAME;

const bytesOf = ({ list, hex }: { readonly list: string; readonly hex: string }): number =>
  list === 'names' ? Buffer.byteLength(hex) + 3 : hex.length / 2;

export const indexPayloads = ({ prints, files, names }: UnitIndex): readonly IndexPart[] => {
  const all = [
    ...DIRECTIONS.flatMap((direction) => prints[direction].map((hex) => ({ list: direction, hex }) as const)),
    ...[...files].map(([path, facts]) => ({ list: 'files', hex: `${path}${facts}` }) as const),
    ...names.map((hex) => ({ list: 'names', hex }) as const),
  ];
  const parts: (typeof all)[] = [[]];
  let bytes = 0;
  for (const one of all) {
    if (bytes + bytesOf(one) > PART_BYTES_MAX) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(one);
    bytes += bytesOf(one);
  }
  return parts.map((part) => {
    const only = (list: (typeof part)[number]['list']): readonly string[] =>
      part.filter((one) => one.list === list).map(({ hex }) => hex);
    return {
      in: base64(only('in')),
      out: base64(only('out')),
      use: base64(only('use')),
      node: base64(only('node')),
      files: base64(only('files')),
      names: [...only('names')],
    };
  });
};

const digitsOf = (text: string, bytes: number): readonly string[] => {
  const hex = Buffer.from(text, 'base64').toString('hex');
  return Array.from({ length: Math.floor(hex.length / (bytes * 2)) }, (_, at) =>
    hex.slice(at * bytes * 2, (at + 1) * bytes * 2),
  );
};

/** Undefined where one of the parts is no such record. */
export const parseIndex = (texts: readonly string[]): UnitIndex | undefined => {
  const parts: IndexPart[] = [];
  for (const text of texts) {
    try {
      parts.push(partSchema.parse(JSON.parse(text)));
    } catch {
      // Damaged bytes read as absent; the proof of equality is what names them.
      return undefined;
    }
  }
  const listOf = (direction: Direction): readonly string[] =>
    parts.flatMap((part) => digitsOf(part[direction], PRINT_BYTES));
  return {
    prints: { in: listOf('in'), out: listOf('out'), use: listOf('use'), node: listOf('node') },
    files: new Map(
      parts.flatMap(({ files }) =>
        digitsOf(files, FILE_BYTES).map((hex) => [hex.slice(0, PATH_DIGITS), hex.slice(PATH_DIGITS)] as const),
      ),
    ),
    names: parts.flatMap((part) => part.names),
  };
};
