/**
 * YAML and JSON as trees with lines and tags: what CloudFormation, Kubernetes, catalogs and settings are read from. Anchors are
 * followed within a bound, so that a small text can't grow into a large tree.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

import { LIMITS } from '../../domain/limits.ts';
import { cutExpression } from '../facts/expression-text.ts';

export type Data = { readonly line: number; readonly tag?: string } & (
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Data[] }
  | { readonly kind: 'map'; readonly entries: readonly DataEntry[] }
);

export interface DataEntry {
  readonly key: string;
  readonly line: number;
  readonly value: Data;
}

export interface DataError {
  readonly line: number;
  readonly column: number;
  readonly near: string;
}

export interface DataText {
  readonly documents: readonly Data[];
  readonly error?: DataError;
}

const NODES_MAX = 100_000;

interface Reading {
  readonly lineAt: (offset: number) => number;
  resolve(node: Node): Node | undefined;
  left: number;
}

const offsetOf = (node: { readonly range?: readonly number[] | null | undefined }): number => node.range?.[0] ?? 0;

const tagOf = (node: { readonly tag?: string | undefined }): { tag: string } | object =>
  node.tag?.startsWith('!') === true ? { tag: node.tag } : {};

const plainScalar = (value: unknown): string | number | boolean | null => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return typeof value === 'bigint' ? String(value) : null;
};

const isNode = (value: unknown): value is Node => isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);

/** The text of `|` and `>` begins on the line below the sign. */
const isBlock = (node: Node): boolean =>
  isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');

const read = (node: unknown, reading: Reading, line: number, depth: number): Data => {
  reading.left -= 1;
  if (!isNode(node) || reading.left < 0 || depth > LIMITS.graphDepthMax) {
    return { kind: 'scalar', value: null, line };
  }
  if (isAlias(node)) {
    return read(reading.resolve(node), reading, line, depth + 1);
  }
  const base = { line: reading.lineAt(offsetOf(node)) + (isBlock(node) ? 1 : 0), ...tagOf(node) };
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }): DataEntry => {
      const text = isScalar(key) ? String(key.value) : '';
      const at = isNode(key) ? reading.lineAt(offsetOf(key)) : base.line;
      return { key: text, line: at, value: read(value, reading, at, depth + 1) };
    });
    return { ...base, kind: 'map', entries };
  }
  return isSeq(node)
    ? { ...base, kind: 'list', items: node.items.map((item) => read(item, reading, base.line, depth + 1)) }
    : { ...base, kind: 'scalar', value: plainScalar(node.value) };
};

const DEEP = /[[{(]{200}|(?:[[{]\s*){200}|(?:- ){200}/u;

export const readData = (text: string): DataText => {
  if (DEEP.test(text)) {
    return { documents: [], error: { line: 1, column: 1, near: 'nested too deeply' } };
  }
  const lines = new LineCounter();
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: false,
      logLevel: 'silent',
      strict: false,
      version: '1.2',
    });
    const documents = Array.isArray(parsed) ? parsed : [];
    const failure = documents.flatMap(({ errors }) => errors)[0];
    const budget = { left: NODES_MAX };
    const read1 = documents
      .filter((document) => document.errors.length === 0 && document.contents !== null)
      .map((document) =>
        read(
          document.contents,
          {
            lineAt: (offset) => Math.max(1, lines.linePos(offset).line),
            resolve: (node) => (isAlias(node) ? node.resolve(document) : undefined),
            get left() {
              return budget.left;
            },
            set left(value) {
              budget.left = value;
            },
          },
          1,
          0,
        ),
      );
    const at = failure?.linePos?.[0];
    return failure === undefined
      ? { documents: read1 }
      : {
          documents: read1,
          error: { line: at?.line ?? 1, column: at?.col ?? 1, near: cutExpression(failure.message) },
        };
  } catch (error) {
    return { documents: [], error: { line: 1, column: 1, near: cutExpression(String(error)) } };
  }
};

export const at = (data: Data | undefined, ...path: readonly string[]): Data | undefined => {
  let current = data;
  for (const key of path) {
    current = current?.kind === 'map' ? current.entries.find((entry) => entry.key === key)?.value : undefined;
  }
  return current;
};

export const textAt = (data: Data | undefined, ...path: readonly string[]): string | undefined => {
  const found = at(data, ...path);
  return found?.kind === 'scalar' && found.value !== null ? String(found.value) : undefined;
};

export const itemsAt = (data: Data | undefined, ...path: readonly string[]): readonly Data[] => {
  const found = at(data, ...path);
  return found?.kind === 'list' ? found.items : [];
};

export const entriesAt = (data: Data | undefined, ...path: readonly string[]): readonly DataEntry[] => {
  const found = at(data, ...path);
  return found?.kind === 'map' ? found.entries : [];
};

export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly line: number;
  readonly tag?: string;
}

const OPTION = /^--?(?<key>[A-Za-z][\w-]*)(?:=(?<value>.*))?$/u;

/** `AWS_REGION=us-east-1` in a list: of kustomize, of compose. */
const ASSIGNED = /^(?<key>[A-Z][A-Z0-9_]*)=(?<value>.*)$/u;

/** `["--region", "us-east-1"]` and `["--region=us-east-1"]` are settings, as a container's arguments write them. */
const listSettings = (items: readonly Data[], key: string): readonly Setting[] => {
  let option: string | undefined;
  return items.flatMap((item): readonly Setting[] => {
    const groups = OPTION.exec(item.kind === 'scalar' ? String(item.value ?? '') : '')?.groups;
    const before = option;
    option = groups?.['value'] === undefined ? groups?.['key'] : undefined;
    if (groups?.['key'] !== undefined && groups['value'] !== undefined) {
      return [{ key: groups['key'], value: groups['value'], line: item.line }];
    }
    const assigned = ASSIGNED.exec(item.kind === 'scalar' ? String(item.value ?? '') : '')?.groups;
    if (assigned?.['key'] !== undefined && assigned['value'] !== undefined) {
      return [{ key: assigned['key'], value: assigned['value'], line: item.line }];
    }
    return settingsOf(item, item.kind === 'scalar' && before !== undefined ? before : key);
  });
};

/** Every text with the key that it stands under; list items have the key of their list. */
export const settingsOf = (data: Data, key = ''): readonly Setting[] => {
  switch (data.kind) {
    case 'scalar':
      return data.value === null
        ? []
        : [{ key, value: String(data.value), line: data.line, ...(data.tag === undefined ? {} : { tag: data.tag }) }];
    case 'list':
      return listSettings(data.items, key);
    case 'map': {
      // `- name: AWS_REGION` with `value: …` is one setting, as Kubernetes and ECS write it.
      const name = textAt(data, 'name') ?? textAt(data, 'Name');
      return data.entries.flatMap((entry) => {
        // Spring writes `region: { static: … }`.
        const isInner = entry.key === 'static' && /region$/iu.test(key);
        const own = isInner ? key : entry.key;
        return settingsOf(entry.value, /^value$/iu.test(entry.key) && name !== undefined ? name : own);
      });
    }
  }
};
