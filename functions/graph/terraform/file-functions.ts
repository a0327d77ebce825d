/** `yamldecode(file("sites.yaml"))`: settings that lie beside the Terraform files, with their own lines. */
import { type Data, readData } from '../syntax/data.ts';
import { joinPath } from './module.ts';
import type { Scope } from './scope.ts';
import { inFile, scalar, textOf, unknown, type Value } from './value.ts';

const CHARS_MAX = 262_144;

const fromData = (data: Data): Value => {
  const at = [{ line: data.line }];
  switch (data.kind) {
    case 'scalar':
      return scalar(data.value, at);
    case 'list':
      return { kind: 'list', items: data.items.map((item) => fromData(item)), at };
    case 'map': {
      const entries = data.entries.map(({ key, value }): [string, Value] => [key, fromData(value)]);
      return { kind: 'object', entries: new Map(entries), at };
    }
  }
};

const decoded = (text: string): Value | undefined => {
  const { documents, error } = readData(text);
  const [data] = documents;
  return data === undefined || error !== undefined ? undefined : fromData(data);
};

interface Found {
  readonly path: string;
  readonly text: string;
}

/** A path is seen from the root that is applied; `path.module` already leads from the repository. */
const fileAt = (scope: Scope, path: string): Found | undefined => {
  for (const directory of ['', scope.root, scope.module.directory]) {
    const joined = joinPath(directory, path);
    const text = joined === undefined ? undefined : scope.module.read(joined);
    if (joined !== undefined && text !== undefined && text.length <= CHARS_MAX) {
      return { path: joined, text };
    }
  }
  return undefined;
};

export const fileFunction = (name: string, [first]: readonly Value[], scope: Scope): Value | undefined => {
  const text = textOf(first);
  if (first === undefined || text === undefined) {
    return undefined;
  }
  if (name === 'file') {
    const found = fileAt(scope, text);
    return found === undefined ? unknown(`file("${text}")`) : scalar(found.text, [{ path: found.path, line: 1 }]);
  }
  if (name === 'yamldecode' || name === 'jsondecode') {
    const value = decoded(text);
    const path = first.at.find((place) => place.line === 1)?.path;
    return value === undefined || path === undefined ? value : inFile(value, path);
  }
  return name === 'fileexists' ? scalar(fileAt(scope, text) !== undefined) : undefined;
};
