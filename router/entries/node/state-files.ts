/** What survives a restart: the fleet's override and the last good addresses. Written whole, then renamed. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { OverrideStore, StoredOverride } from '../../override/override-state.ts';
import type { KnownName } from './last-known-good.ts';

const OVERRIDE_FILE = 'override.json';
const ADDRESSES_FILE = 'addresses.json';

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A missing or damaged file is as if there were none: state speeds a start up, it is no condition of it. */
const readJson = async (file: string): Promise<unknown> => {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return value;
  } catch {
    return undefined;
  }
};

const writeJson = async (file: string, value: unknown): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
  await rename(`${file}.new`, file);
};

export const overrideFile = (folder: string): OverrideStore => {
  const file = path.join(folder, OVERRIDE_FILE);
  return {
    load: async (): Promise<StoredOverride | undefined> => {
      const value = await readJson(file);
      if (!isFields(value)) {
        return undefined;
      }
      const { token, seq } = value;
      return typeof token === 'string' && typeof seq === 'number' ? { token, seq } : undefined;
    },
    save: async (stored) => {
      await writeJson(file, stored);
    },
  };
};

const knownNameOf = (value: unknown): KnownName | undefined => {
  if (!isFields(value)) {
    return undefined;
  }
  const { addresses, confirmedMs } = value;
  return Array.isArray(addresses) && typeof confirmedMs === 'number'
    ? { addresses: addresses.filter((address) => typeof address === 'string'), confirmedMs }
    : undefined;
};

export const readAddresses = async (folder: string): Promise<ReadonlyMap<string, KnownName>> => {
  const value = await readJson(path.join(folder, ADDRESSES_FILE));
  const known = new Map<string, KnownName>();
  for (const [host, entry] of Object.entries(isFields(value) ? value : {})) {
    const name = knownNameOf(entry);
    if (name !== undefined && name.addresses.length > 0) {
      known.set(host, name);
    }
  }
  return known;
};

/** Writes one after the other, and only the latest of those that wait. */
export class AddressFile {
  readonly #file: string;
  #next: ReadonlyMap<string, KnownName> | undefined;
  #writing: Promise<void> | undefined;

  constructor(folder: string) {
    this.#file = path.join(folder, ADDRESSES_FILE);
  }

  save(known: ReadonlyMap<string, KnownName>, onError: (error: unknown) => void): void {
    this.#next = known;
    this.#writing ??= this.#drain()
      .catch(onError)
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    for (let known = this.#next; known !== undefined; known = this.#next) {
      this.#next = undefined;
      await writeJson(this.#file, Object.fromEntries(known));
    }
  }
}
