/**
 * Key records as the home Region holds them, kept for a moment. A revocation counts after `keyKeptMs`. While the store can't
 * be read, a record that it gave within `keyGraceMs` still counts: the hour in which a Region's table is down is the hour in
 * which people ask and write, and the peer can take the write. What is not kept can't be vouched for, and is refused.
 */
import { keyRecordKey, type KeyPayload, parseKeyPayload } from '../domain/api-key.ts';
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordStore } from '../stores/record-store.ts';

export interface KnownKeysOptions {
  /** The home Region's workspaces table. */
  readonly records: Pick<RecordStore, 'get'>;
  readonly now: () => number;
}

interface Kept {
  readonly payload: KeyPayload;
  /** When the store gave it. */
  readonly readAt: number;
  /** When the store was last asked, whatever it said: a store that is down is not waited for on every request. */
  readonly askedAt: number;
}

export class KnownKeys {
  readonly #options: KnownKeysOptions;
  /** In the order of reading, the oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #pending = new Map<string, Promise<Result<KeyPayload | undefined>>>();

  constructor(options: KnownKeysOptions) {
    this.#options = options;
  }

  /** Undefined where there is no such key, or no longer, or where it can't be read as one. */
  async find(id: string): Promise<Result<KeyPayload | undefined>> {
    const kept = this.#kept.get(id);
    if (kept !== undefined && this.#isWithin(kept.askedAt, LIMITS.keyKeptMs) && this.#isInGrace(kept)) {
      return done(kept.payload);
    }
    const read = await (this.#pending.get(id) ?? this.#start(id));
    return read.kind === 'failed' && kept !== undefined && this.#isInGrace(kept) ? done(kept.payload) : read;
  }

  #isInGrace({ readAt }: Kept): boolean {
    return this.#isWithin(readAt, LIMITS.keyGraceMs);
  }

  /** A clock that was set back must not make a reading young again. */
  #isWithin(at: number, ageMsMax: number): boolean {
    const ageMs = this.#options.now() - at;
    return ageMs >= 0 && ageMs < ageMsMax;
  }

  #start(id: string): Promise<Result<KeyPayload | undefined>> {
    const pending = this.#read(id).finally(() => {
      this.#pending.delete(id);
    });
    this.#pending.set(id, pending);
    return pending;
  }

  async #read(id: string): Promise<Result<KeyPayload | undefined>> {
    const askedAt = this.#options.now();
    const read = await this.#options.records.get(keyRecordKey(id));
    if (read.kind === 'failed') {
      const kept = this.#kept.get(id);
      if (kept !== undefined) {
        this.#kept.set(id, { ...kept, askedAt: this.#options.now() });
      }
      return read;
    }
    const payload = read.value === undefined || read.value.del === true ? undefined : parseKeyPayload(read.value.data);
    this.#kept.delete(id);
    if (payload !== undefined) {
      this.#keep(id, { payload, readAt: askedAt, askedAt });
    }
    return done(payload);
  }

  #keep(id: string, kept: Kept): void {
    this.#kept.set(id, kept);
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= LIMITS.keysKeptMax) {
        break;
      }
      this.#kept.delete(oldest);
    }
  }
}
