/** Script, style and icon of the console: a few small files beside the function, named by their bytes. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface ConsoleAsset {
  readonly type: string;
  readonly text: string;
}

export interface ConsoleAssets {
  readonly files: ReadonlyMap<string, ConsoleAsset>;
  /** Changes with any byte of them. */
  readonly version: string;
}

export const ASSET_TYPES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'script.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

const VERSION_DIGITS = 16;

export const assetsOf = (texts: ReadonlyMap<string, string>): ConsoleAssets => {
  const hash = createHash('sha256');
  const files = new Map<string, ConsoleAsset>();
  for (const [name, type] of Object.entries(ASSET_TYPES)) {
    const text = texts.get(name) ?? '';
    files.set(name, { type, text });
    hash.update(name).update(text);
  }
  return { files, version: hash.digest('hex').slice(0, VERSION_DIGITS) };
};

/** `directory`: where the build has put them, beside the function's code. */
export const readAssets = async (directory: string): Promise<ConsoleAssets> => {
  const names = Object.keys(ASSET_TYPES);
  const texts = await Promise.all(names.map(async (name) => readFile(path.join(directory, name), 'utf8')));
  return assetsOf(new Map(names.map((name, at) => [name, texts[at] ?? ''])));
};
