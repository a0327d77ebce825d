/**
 * One downloaded pack: objects by id. Everything that it hands out was hashed first, so a reader that starts from a
 * commit's id and follows ids can't be given anything but that commit.
 */
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { SourceError } from '../../domain/errors.ts';
import { applyDelta } from './pack-delta.ts';
import { oidOf, PackReader } from './pack-reader.ts';
import { type ObjectType, type PackedObject, type PackScan, type ScanBounds, scanPack } from './pack-scan.ts';
import type { ObjectFormat } from './protocol-v2.ts';

export type FoundObject =
  | { readonly kind: 'object'; readonly type: ObjectType; readonly content: Buffer }
  | { readonly kind: 'too-large' }
  /** Not in this pack, or in no form that can be rebuilt within bounds. */
  | { readonly kind: 'absent' };

interface Content {
  readonly type: ObjectType;
  readonly content: Buffer;
}

const DELTAS_PER_TURN = 100;

/** Keeps the contents that were used last, up to a number of bytes. */
class ContentCache {
  readonly #bytesMax: number;
  readonly #contents = new Map<number, Content>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(offset: number): Content | undefined {
    const found = this.#contents.get(offset);
    if (found !== undefined) {
      this.#contents.delete(offset);
      this.#contents.set(offset, found);
    }
    return found;
  }

  set(offset: number, value: Content): void {
    if (this.#contents.has(offset) || value.content.length > this.#bytesMax) {
      return;
    }
    this.#contents.set(offset, value);
    this.#bytes += value.content.length;
    for (const [oldest, { content }] of this.#contents) {
      if (this.#bytes <= this.#bytesMax) {
        return;
      }
      this.#contents.delete(oldest);
      this.#bytes -= content.length;
    }
  }
}

export class PackFile {
  readonly scan: PackScan;
  readonly #handle: FileHandle;
  readonly #reader: PackReader;
  readonly #bounds: ScanBounds;
  readonly #cache: ContentCache;
  readonly #byOffset = new Map<number, PackedObject>();
  readonly #byOid = new Map<string, PackedObject>();

  private constructor(
    handle: FileHandle,
    reader: PackReader,
    scan: PackScan,
    bounds: ScanBounds & { readonly deltaCacheBytesMax: number },
  ) {
    this.#handle = handle;
    this.#reader = reader;
    this.scan = scan;
    this.#bounds = bounds;
    this.#cache = new ContentCache(bounds.deltaCacheBytesMax);
    for (const object of scan.objects) {
      this.#byOffset.set(object.offset, object);
      if (object.kind === 'whole') {
        this.#byOid.set(object.oid, object);
      }
    }
  }

  /** Owns the handle once it has succeeded. */
  static async open(
    handle: FileHandle,
    format: ObjectFormat,
    bounds: ScanBounds & { readonly deltaCacheBytesMax: number },
    signal: AbortSignal,
  ): Promise<PackFile> {
    const { size } = await handle.stat();
    const reader = new PackReader(handle.fd, size, format);
    const pack = new PackFile(handle, reader, await scanPack(reader, bounds, signal), bounds);
    await pack.#nameDeltas(signal);
    return pack;
  }

  find(oid: string): FoundObject {
    const object = this.#byOid.get(oid);
    if (object === undefined) {
      return { kind: 'absent' };
    }
    if (object.kind === 'whole' && object.tooLarge) {
      return { kind: 'too-large' };
    }
    const found = this.#contentOf(object);
    return found === null ? { kind: 'absent' } : { kind: 'object', ...found };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /**
   * A delta's id is only known when it is applied. An offset delta follows its base; a reference delta may precede it, so
   * rounds are repeated until one of them names nothing new.
   */
  async #nameDeltas(signal: AbortSignal): Promise<void> {
    let unnamed = this.scan.objects.filter((object) => object.kind === 'delta');
    for (;;) {
      const left: typeof unnamed = [];
      for (const [index, object] of unnamed.entries()) {
        if (index % DELTAS_PER_TURN === 0) {
          await setImmediate();
          signal.throwIfAborted();
        }
        const found = this.#contentOf(object);
        if (found === null) {
          left.push(object);
        } else {
          this.#byOid.set(oidOf(this.#reader.format, found.type, found.content), object);
        }
      }
      if (left.length === 0 || left.length === unnamed.length) {
        return;
      }
      unnamed = left;
    }
  }

  #baseOf(object: PackedObject): PackedObject | undefined {
    if (object.kind === 'whole') {
      return undefined;
    }
    return typeof object.base === 'number' ? this.#byOffset.get(object.base) : this.#byOid.get(object.base);
  }

  /** Null: its base is not here, is too large, or the result would be. Walks the chain without recursion: chains are long. */
  #contentOf(object: PackedObject): Content | null {
    const deltas: PackedObject[] = [];
    let current: PackedObject | undefined = object;
    let base = this.#cache.get(current.offset);
    while (base === undefined && current.kind === 'delta') {
      deltas.push(current);
      current = this.#baseOf(current);
      if (current === undefined || deltas.length > this.scan.objects.length) {
        return null;
      }
      base = this.#cache.get(current.offset);
    }
    base ??= this.#inflateWhole(current) ?? undefined;
    if (base === undefined) {
      return null;
    }
    if (deltas.length > 0) {
      this.#cache.set(current.offset, base);
    }
    return this.#applyAll(base, deltas);
  }

  #inflateWhole(object: PackedObject): Content | null {
    if (object.kind === 'delta' || object.tooLarge) {
      return null;
    }
    const { type } = object;
    const inflated = this.#reader.inflateRange(object.dataOffset, object.end, object.size);
    return inflated.kind === 'inflated' ? { type, content: inflated.content } : null;
  }

  #applyAll(base: Content, deltas: readonly PackedObject[]): Content | null {
    let current = base;
    for (const delta of deltas.toReversed()) {
      const inflated = this.#reader.inflateRange(delta.dataOffset, delta.end, delta.size);
      if (inflated.kind === 'broken') {
        throw new SourceError('A downloaded pack changed on disk while it was read.');
      }
      const result = applyDelta(current.content, inflated.content, this.#bounds.contentBytesMax);
      if (result.kind !== 'applied') {
        return null;
      }
      current = { type: base.type, content: result.content };
      this.#cache.set(delta.offset, current);
    }
    return current;
  }
}
