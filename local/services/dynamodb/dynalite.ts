/**
 * Loads `dynalite`, DynamoDB's stand-in, with our own store under it, and calls it in process with plain values. Three of
 * its habits are kept away from the Region: it would keep items in LevelDB files, it writes index entries and item in
 * separate steps, and its own HTTP front throws out of the process when a client hangs up in the middle of a request.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

import { InvariantError } from '../../../functions/domain/errors.ts';
import type { ServiceReply } from '../service.ts';
import type { SqliteLevel } from '../sqlite-level.ts';
import type { EntryOperation } from './group-commit.ts';
import { createValueStream, type ValueRange } from './value-stream.ts';

type Item = Readonly<Record<string, unknown>>;

interface TableDescription {
  readonly TableName: string;
  readonly LocalSecondaryIndexes?: readonly unknown[];
  readonly GlobalSecondaryIndexes?: readonly unknown[];
}

interface IndexActions {
  readonly puts: readonly { readonly index: string; readonly key: string; readonly item: Item }[];
  readonly deletes: readonly { readonly index: string; readonly key: string }[];
}

interface DynaliteStore {
  readonly db: SqliteLevel;
}

interface DynaliteDb {
  createKey(item: Item, table: TableDescription): string;
  getIndexActions(
    indexes: readonly unknown[],
    existing: Item | undefined,
    item: Item | undefined,
    table: TableDescription,
  ): IndexActions;
  updateIndexes: (
    store: DynaliteStore,
    table: TableDescription,
    existing: Item | undefined,
    item: Item | undefined,
    done: (error?: unknown) => void,
  ) => void;
}

interface DynaliteOptions {
  readonly path: string;
  readonly createTableMs: number;
  readonly deleteTableMs: number;
  readonly updateTableMs: number;
}

type DynaliteFactory = (options: DynaliteOptions) => EventEmitter;

interface LoadedDynalite {
  readonly create: DynaliteFactory;
  /** The store that the next instance takes; creating is synchronous, so nobody can come in between. */
  next: SqliteLevel | undefined;
}

const indexOperations = (
  db: DynaliteDb,
  table: TableDescription,
  existing: Item | undefined,
  item: Item | undefined,
): EntryOperation[] =>
  (['Local', 'Global'] as const).flatMap((kind) => {
    const indexes = table[`${kind}SecondaryIndexes`] ?? [];
    const { puts, deletes } = db.getIndexActions(indexes, existing, item, table);
    const prefix = `index-${kind.toLowerCase()}~${table.TableName}~`;
    const removed = deletes.map<EntryOperation>(({ index, key }) => ({ type: 'del', key: `${prefix}${index}~${key}` }));
    const written = puts.map<EntryOperation>((put) => ({
      type: 'put',
      key: `${prefix}${put.index}~${put.key}`,
      value: JSON.stringify(put.item),
    }));
    return removed.concat(written);
  });

/** Index entries join the transaction of the item's own write, which follows under the same lock. */
const updateIndexesAtomically =
  (db: DynaliteDb): DynaliteDb['updateIndexes'] =>
  (store, table, existing, item, done) => {
    const keyed = item ?? existing;
    if (keyed !== undefined) {
      const operations = indexOperations(db, table, existing, item ?? undefined);
      if (operations.length > 0) {
        store.db.joinToNextWrite(`item-${table.TableName}~${db.createKey(keyed, table)}`, operations);
      }
    }
    done();
  };

const load = (): LoadedDynalite => {
  const require = createRequire(import.meta.url);
  const level = require('level') as { Level: unknown };
  const loaded: { next: SqliteLevel | undefined } = { next: undefined };
  level.Level = function Level(): SqliteLevel {
    if (loaded.next === undefined) {
      throw new InvariantError('dynalite asked for a store that nobody handed to it.');
    }
    return loaded.next;
  };
  const create = require('dynalite') as DynaliteFactory;
  const db = require('dynalite/db/index.js') as DynaliteDb;
  db.updateIndexes = updateIndexesAtomically(db);
  return Object.assign(loaded, { create });
};

type Done = (error: unknown, value?: unknown) => void;

/**
 * What dynalite calls for every item, without the promise and the tracking that it wraps around a store: half the time of
 * a small read. A read answers at once, so an error that a strange request causes reaches its caller.
 */
const callbackMethods = (level: SqliteLevel): object => ({
  get: (key: string, done: Done) => {
    const text = level.readText(key);
    done(null, text === undefined ? undefined : JSON.parse(text));
  },
  put: (key: string, value: unknown, done: Done) => {
    level.writeOne({ type: 'put', key, value: JSON.stringify(value) }, done);
  },
  createValueStream: (range: ValueRange) => createValueStream(level, range),
  del: (key: string, done: Done) => {
    level.writeOne({ type: 'del', key }, done);
  },
});

let shared: LoadedDynalite | undefined;

export interface DynaliteIdentity {
  readonly region: string;
  readonly accountId: string;
}

/** The instance takes its ARNs' Region and account from the environment, once, while it is created. */
const withIdentity = <T>(identity: DynaliteIdentity, work: () => T): T => {
  const before = { AWS_REGION: process.env['AWS_REGION'], AWS_ACCOUNT_ID: process.env['AWS_ACCOUNT_ID'] };
  Object.assign(process.env, { AWS_REGION: identity.region, AWS_ACCOUNT_ID: identity.accountId });
  try {
    return work();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  }
};

export const createDynalite = (level: SqliteLevel, path: string, identity: DynaliteIdentity): EventEmitter => {
  shared ??= load();
  const loaded = shared;
  loaded.next = level;
  try {
    const dynalite = withIdentity(identity, () =>
      loaded.create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }),
    );
    Object.assign(level, callbackMethods(level));
    return dynalite;
  } finally {
    loaded.next = undefined;
  }
};

export interface DynaliteCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The part of an incoming request that dynalite listens to, played in one go. */
class PlayedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: DynaliteCall['headers'];
  readonly #body: Buffer;
  readonly #listeners = new Map<string, (chunk?: Buffer) => void>();

  constructor(call: DynaliteCall) {
    this.method = call.method;
    this.url = call.url;
    this.headers = call.headers;
    this.#body = call.body;
  }

  on(event: string, listener: (chunk?: Buffer) => void): void {
    this.#listeners.set(event, listener);
  }

  removeAllListeners(): void {
    this.#listeners.clear();
  }

  play(): void {
    this.#listeners.get('data')?.(this.#body);
    this.#listeners.get('end')?.();
  }
}

const PASSED_ON = new Set(['x-amz-crc32', 'x-amzn-requestid', 'content-type']);

class CapturedResponse {
  statusCode = 200;
  readonly #headers: Record<string, string> = {};
  readonly #answered: (reply: ServiceReply) => void;

  constructor(answered: (reply: ServiceReply) => void) {
    this.#answered = answered;
  }

  setHeader(name: string, value: string | number): void {
    const lower = name.toLowerCase();
    if (PASSED_ON.has(lower)) {
      this.#headers[lower] = String(value);
    }
  }

  end(body: string | Buffer = ''): void {
    this.#answered({ status: this.statusCode, headers: this.#headers, body });
  }
}

export const callDynalite = async (dynalite: EventEmitter, call: DynaliteCall): Promise<ServiceReply> =>
  new Promise((resolve) => {
    // Whatever it throws while it is called rejects here; the gateway answers with a 500.
    const request = new PlayedRequest(call);
    dynalite.emit('request', request, new CapturedResponse(resolve));
    request.play();
  });
