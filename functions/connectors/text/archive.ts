/**
 * The parts of an office file, which is a zip archive from somebody else: only the parts that are asked for, and only as much as was
 * allowed. What an archive says about its sizes is checked before anything is unpacked, and unpacking writes no more than that.
 */
import { unzipSync } from 'fflate';

import { LIMITS } from '../../domain/limits.ts';

export type ArchiveParts =
  | { readonly kind: 'parts'; readonly parts: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged' };

const PARTS_MAX = 5000;
/** A document type can name entities that grow without end; no office program writes one. */
const DOCTYPE = Buffer.from('<!DOCTYPE');

const hasDocumentType = (name: string, bytes: Uint8Array): boolean =>
  /\.(?:xml|rels)$/u.test(name) && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(DOCTYPE);

export const openArchive = (bytes: Uint8Array, wants: (name: string) => boolean): ArchiveParts => {
  let expandedBytes = 0;
  let count = 0;
  try {
    const found = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        const wanted = wants(name);
        expandedBytes += wanted ? originalSize : 0;
        count += 1;
        return wanted && expandedBytes <= LIMITS.extractExpandedBytesMax && count <= PARTS_MAX;
      },
    });
    if (expandedBytes > LIMITS.extractExpandedBytesMax || count > PARTS_MAX) {
      return { kind: 'too-large' };
    }
    const parts = new Map(Object.entries(found));
    return [...parts].some(([name, part]) => hasDocumentType(name, part))
      ? { kind: 'damaged' }
      : { kind: 'parts', parts };
  } catch {
    // Whatever the library says of an archive that it can't read, the file has no text here.
    return { kind: 'damaged' };
  }
};
