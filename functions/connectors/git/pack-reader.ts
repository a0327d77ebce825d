/**
 * Reads bytes and compressed objects out of one pack file, through a window, so that a pack of hundreds of MiB never
 * is in memory. What unpacks to more than its header says, or than the caller wants, is read past without being kept.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createInflate, inflateSync } from 'node:zlib';
import { codeOf } from './git-trouble.ts';
import type { ObjectFormat } from './protocol-v2.ts';

const WINDOW_BYTES = 1024 * 1024;
const SKIP_CHUNK_BYTES = 64 * 1024;
/** Deflate's worst case is five bytes per 16 KiB block; the rest is its own header and trailer. */
const SLACK_BYTES = 128;

export type Inflated =
  | { readonly kind: 'inflated'; readonly content: Buffer; readonly packedBytes: number }
  /** The file ends before the object does, or its bytes are not what a compressed object can be. */
  | { readonly kind: 'broken' };

export type Skipped =
  { readonly kind: 'skipped'; readonly oid: string; readonly packedBytes: number } | { readonly kind: 'broken' };

export const oidOf = (format: ObjectFormat, type: string, content: Buffer): string =>
  createHash(format)
    .update(`${type} ${String(content.length)}\0`)
    .update(content)
    .digest('hex');

interface InflateInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** The type declarations leave out what `info: true` returns. */
const isInflateInfo = (value: unknown): value is InflateInfo =>
  typeof value === 'object' &&
  value !== null &&
  'buffer' in value &&
  Buffer.isBuffer(value.buffer) &&
  'engine' in value &&
  typeof value.engine === 'object' &&
  value.engine !== null &&
  'bytesWritten' in value.engine &&
  typeof value.engine.bytesWritten === 'number';

/** Null: the bytes end before the object does. */
const inflateWhole = (packed: Buffer, size: number): Inflated | null => {
  try {
    const result: unknown = inflateSync(packed, {
      info: true,
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: Math.max(1, size),
    });
    return isInflateInfo(result) && result.buffer.length === size
      ? { kind: 'inflated', content: result.buffer, packedBytes: result.engine.bytesWritten }
      : { kind: 'broken' };
  } catch (error) {
    return codeOf(error) === 'Z_BUF_ERROR' ? null : { kind: 'broken' };
  }
};

export class PackReader {
  readonly bytes: number;
  readonly format: ObjectFormat;
  readonly #fd: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(fd: number, bytes: number, format: ObjectFormat) {
    this.#fd = fd;
    this.bytes = bytes;
    this.format = format;
  }

  /** Up to `length` bytes; fewer only where the file ends. Valid until the next call. */
  bytesAt(position: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.bytes - position));
    if (!this.#holds(position, wanted)) {
      this.#window = this.#read(position, Math.min(Math.max(wanted, WINDOW_BYTES), this.bytes - position));
      this.#windowAt = position;
    }
    return this.#window.subarray(position - this.#windowAt, position - this.#windowAt + wanted);
  }

  /** The object whose compressed bytes lie between two known places: no window is moved for it. */
  inflateRange(position: number, end: number, size: number): Inflated {
    const held = this.#holds(position, end - position);
    const packed = held ? this.bytesAt(position, end - position) : this.#read(position, end - position);
    return inflateWhole(packed, size) ?? { kind: 'broken' };
  }

  /** The object whose compressed bytes begin at `position` and unpack to exactly `size` bytes. */
  inflateAt(position: number, size: number): Inflated {
    let length = size + Math.ceil(size / 256) + SLACK_BYTES;
    for (;;) {
      const packed = this.bytesAt(position, length);
      const inflated = inflateWhole(packed, size);
      if (inflated !== null) {
        return inflated;
      }
      // Only a compressor that wastes bytes needs more than was guessed; where the file ends there is no more.
      if (packed.length < length) {
        return { kind: 'broken' };
      }
      length *= 2;
    }
  }

  /** Reads past an object that is too large to keep, and still learns which one it is. */
  async skipAt(position: number, type: string, size: number, signal: AbortSignal): Promise<Skipped> {
    const hash = createHash(this.format).update(`${type} ${String(size)}\0`);
    const inflate = createInflate();
    const packed = Readable.from(this.#chunksFrom(position, signal), { objectMode: false });
    packed.on('error', (error) => {
      inflate.destroy(error);
    });
    let seen = 0;
    try {
      for await (const chunk of packed.pipe(inflate)) {
        const bytes: unknown = chunk;
        seen += Buffer.isBuffer(bytes) ? bytes.length : 0;
        if (seen > size || !Buffer.isBuffer(bytes)) {
          return { kind: 'broken' };
        }
        hash.update(bytes);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error).startsWith('Z_')) {
        return { kind: 'broken' };
      }
      throw error;
    } finally {
      packed.destroy();
      inflate.destroy();
    }
    return seen === size
      ? { kind: 'skipped', oid: hash.digest('hex'), packedBytes: inflate.bytesWritten }
      : { kind: 'broken' };
  }

  *#chunksFrom(start: number, signal: AbortSignal): Generator<Buffer, void, void> {
    for (let position = start; position < this.bytes; position += SKIP_CHUNK_BYTES) {
      signal.throwIfAborted();
      yield this.#read(position, Math.min(SKIP_CHUNK_BYTES, this.bytes - position));
    }
  }

  #holds(position: number, length: number): boolean {
    return position >= this.#windowAt && position + length <= this.#windowAt + this.#window.length;
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, length));
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, bytes.length, position));
  }
}
