/**
 * Finds every object of a pack file: where it is, what it is, and its id. A pack that ends too early, or is damaged in the
 * middle, still gives all objects before that place, so one bad object never costs its neighbours.
 */
import { setImmediate } from 'node:timers/promises';
import { SourceError } from '../../domain/errors.ts';
import { oidOf, type PackReader } from './pack-reader.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

interface Placed {
  /** Where the object's header begins: what offset deltas count back from. */
  readonly offset: number;
  readonly dataOffset: number;
  readonly end: number;
  /** What it unpacks to; for a delta, the delta's own size. */
  readonly size: number;
}

export interface WholeObject extends Placed {
  readonly kind: 'whole';
  readonly type: ObjectType;
  readonly oid: string;
  /** Larger than the scan was told to keep: known by id and size only. */
  readonly tooLarge: boolean;
}

export interface DeltaObject extends Placed {
  readonly kind: 'delta';
  /** An offset in this pack, or an object id. */
  readonly base: number | string;
}

export type PackedObject = WholeObject | DeltaObject;

export interface PackScan {
  readonly objects: readonly PackedObject[];
  /** `cut`: not all announced objects are here; `largest` is the announced size of the one that breaks off. */
  readonly end: { readonly kind: 'complete' } | { readonly kind: 'cut'; readonly brokenSize: number };
}

export interface ScanBounds {
  readonly contentBytesMax: number;
  readonly skipBytesMax: number;
}

interface Header {
  readonly code: number;
  readonly size: number;
  readonly base: number | string | null;
  readonly dataOffset: number;
}

const PACK_HEADER_BYTES = 12;
const OBJECT_HEADER_BYTES_MAX = 64;
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;
const TYPES: ReadonlyMap<number, ObjectType> = new Map([
  [1, 'commit'],
  [2, 'tree'],
  [3, 'blob'],
  [4, 'tag'],
]);
/** So often other work gets its turn: without it a large pack would hold back time-outs and the abort signal. */
const OBJECTS_PER_TURN = 200;

const readObjectCount = (reader: PackReader): number => {
  const head = reader.bytesAt(0, PACK_HEADER_BYTES);
  if (head.length === 0) {
    return 0;
  }
  const version = head.length === PACK_HEADER_BYTES ? head.readUInt32BE(4) : 0;
  if (head.toString('latin1', 0, 4) !== 'PACK' || (version !== 2 && version !== 3)) {
    throw new SourceError('The git server sent something that is not a pack.');
  }
  return head.readUInt32BE(8);
};

/** The size of an offset is its own variable-length form: each continued byte adds one, so that no value has two forms. */
const readBackOffset = (bytes: Buffer, from: number): { readonly value: number; readonly next: number } | null => {
  let next = from;
  let value = -1;
  for (;;) {
    const byte = bytes[next];
    if (byte === undefined || value > Number.MAX_SAFE_INTEGER / 256) {
      return null;
    }
    value = (value + 1) * 128 + (byte & 0x7f);
    next += 1;
    if (byte < 0x80) {
      return { value, next };
    }
  }
};

const readHeader = (reader: PackReader, offset: number): Header | null => {
  const bytes = reader.bytesAt(offset, OBJECT_HEADER_BYTES_MAX);
  const oidBytes = reader.format === 'sha1' ? 20 : 32;
  let [byte] = bytes;
  if (byte === undefined) {
    return null;
  }
  const code = (byte >> 4) & 0x07;
  let size = byte & 0x0f;
  let position = 1;
  for (let factor = 16; byte >= 0x80; factor *= 128) {
    byte = bytes[position];
    if (byte === undefined || factor > Number.MAX_SAFE_INTEGER / 256) {
      return null;
    }
    size += (byte & 0x7f) * factor;
    position += 1;
  }
  if (code === OFFSET_DELTA) {
    const back = readBackOffset(bytes, position);
    return back === null ? null : { code, size, base: offset - back.value, dataOffset: offset + back.next };
  }
  if (code === REFERENCE_DELTA) {
    const base = bytes.toString('hex', position, position + oidBytes);
    return { code, size, base, dataOffset: offset + position + oidBytes };
  }
  return { code, size, base: null, dataOffset: offset + position };
};

const placeWhole = async (
  reader: PackReader,
  header: Header & { readonly type: ObjectType },
  offset: number,
  bounds: ScanBounds,
  signal: AbortSignal,
): Promise<WholeObject | null> => {
  const { type, size, dataOffset } = header;
  if (size > bounds.skipBytesMax) {
    return null;
  }
  if (size > bounds.contentBytesMax) {
    const skipped = await reader.skipAt(dataOffset, type, size, signal);
    return skipped.kind === 'broken'
      ? null
      : {
          kind: 'whole',
          type,
          oid: skipped.oid,
          tooLarge: true,
          offset,
          dataOffset,
          end: dataOffset + skipped.packedBytes,
          size,
        };
  }
  const inflated = reader.inflateAt(dataOffset, size);
  if (inflated.kind === 'broken') {
    return null;
  }
  const oid = oidOf(reader.format, type, inflated.content);
  return {
    kind: 'whole',
    type,
    oid,
    tooLarge: false,
    offset,
    dataOffset,
    end: dataOffset + inflated.packedBytes,
    size,
  };
};

const placeObject = async (
  reader: PackReader,
  header: Header,
  offset: number,
  bounds: ScanBounds,
  signal: AbortSignal,
): Promise<PackedObject | null> => {
  const { base, size, dataOffset } = header;
  if (base !== null) {
    const inflated = size > bounds.contentBytesMax ? null : reader.inflateAt(dataOffset, size);
    return inflated?.kind === 'inflated'
      ? { kind: 'delta', base, offset, dataOffset, end: dataOffset + inflated.packedBytes, size }
      : null;
  }
  const type = TYPES.get(header.code);
  return type === undefined ? null : placeWhole(reader, { ...header, type }, offset, bounds, signal);
};

export const scanPack = async (reader: PackReader, bounds: ScanBounds, signal: AbortSignal): Promise<PackScan> => {
  const count = readObjectCount(reader);
  const objects: PackedObject[] = [];
  let offset = PACK_HEADER_BYTES;
  while (objects.length < count) {
    if (objects.length % OBJECTS_PER_TURN === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const header = readHeader(reader, offset);
    const object = header === null ? null : await placeObject(reader, header, offset, bounds, signal);
    if (object === null) {
      return { objects, end: { kind: 'cut', brokenSize: header?.size ?? 0 } };
    }
    objects.push(object);
    offset = object.end;
  }
  return { objects, end: reader.bytes === 0 ? { kind: 'cut', brokenSize: 0 } : { kind: 'complete' } };
};
