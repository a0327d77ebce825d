/**
 * One `Pulumi.<stack>.yaml`, read with the place of every value in it, so that an edit changes those bytes and no others:
 * comments, quotes, order and line ends stay as their owner wrote them.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { type Document, isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';

import { TwinmapError } from '../../functions/domain/errors.ts';
import type { Role } from '../../functions/domain/region.ts';

/** A stack file is missing, broken, frozen, or does not fit the other one. */
export class StackFileError extends TwinmapError {
  readonly code = 'TM_STACK_FILE';
  readonly audience = 'user';
  override readonly name = 'StackFileError';
}

export interface StackFile {
  readonly role: Role;
  readonly file: string;
  /** For sentences. */
  readonly name: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** What stands under `config:`. */
  readonly settings: YAMLMap.Parsed;
}

export const stackFileName = (role: Role): string => `Pulumi.${role}.yaml`;

const readText = async (file: string, name: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new StackFileError(
      missing
        ? `there is no ${name} in ${path.dirname(path.resolve(file))}; run this where both stack files are, or name the folder with --directory`
        : `${name} can't be read; see who may read ${path.resolve(file)}`,
      { cause: error },
    );
  }
};

const firstLine = (message: string): string => (message.split('\n')[0] ?? message).replace(/:$/u, '');

/** Duplicate keys are among the errors: of two values, each reader might take another one. */
const parseText = (text: string, name: string): Document.Parsed => {
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    const told = document.errors.map(({ message }) => firstLine(message)).join('; ');
    throw new StackFileError(`${name} can't be used: ${told}. Mend the file by hand; nothing was changed`);
  }
  return document;
};

/** `text` as it stands in the file of this role. */
export const parseStackFile = (role: Role, file: string, text: string): StackFile => {
  const name = path.basename(file);
  const document = parseText(text, name);
  const settings = isMap(document.contents) ? document.contents.get('config', true) : undefined;
  if (!isMap(settings)) {
    throw new StackFileError(`${name} has no settings: a stack file has them under "config:"`);
  }
  return { role, file, name, text, document, settings: settings as YAMLMap.Parsed };
};

export const readStackFile = async (directory: string, role: Role): Promise<StackFile> => {
  const file = path.join(directory, stackFileName(role));
  return parseStackFile(role, file, await readText(file, stackFileName(role)));
};

/** The entry of a setting, by its full key; undefined where the file does not have it. */
export const entryOf = ({ settings }: StackFile, key: string): Pair | undefined =>
  settings.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

/** The plain value of a setting. A value that lives elsewhere in the file (an alias) is refused: an edit would change both. */
export const valueOf = (file: StackFile, key: string): unknown => {
  const value = entryOf(file, key)?.value;
  if (isAlias(value)) {
    throw new StackFileError(`${file.name} has an alias (*${value.source}) as ${key}; write the value itself`);
  }
  if (isScalar(value)) {
    return value.value;
  }
  return isMap(value) ? value.toJS(file.document) : value;
};
