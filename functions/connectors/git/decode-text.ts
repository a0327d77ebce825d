/**
 * Turns a file's bytes into text, strictly: bytes that are not what their encoding allows are reported, not replaced by
 * question marks that would then be indexed as if somebody had written them.
 */
import type { SkipReason } from '../connector.ts';

export type Decoded =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'skip'; readonly reason: SkipReason };

/** As far as git looks itself. */
const NUL_SEARCH_BYTES = 8000;
const LFS_POINTER_BYTES_MAX = 1024;
const LFS_POINTER_START = 'version https://git-lfs.github.com/spec/';
const BINARY: Decoded = { kind: 'skip', reason: 'binary' };

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Only a byte order mark tells UTF-16 from binary data, since both are full of NUL bytes. */
const encodingOf = (content: Buffer): Encoding => {
  if (content[0] === 0xff && content[1] === 0xfe) {
    return 'utf-16le';
  }
  return content[0] === 0xfe && content[1] === 0xff ? 'utf-16be' : 'utf-8';
};

const decode = (content: Buffer, encoding: Encoding): string | null => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(content);
  } catch {
    return null;
  }
};

/** A large file's stand-in: its text says where the file is, not what is in it. */
const isLfsPointer = (content: Buffer): boolean =>
  content.length <= LFS_POINTER_BYTES_MAX &&
  content.toString('latin1', 0, LFS_POINTER_START.length) === LFS_POINTER_START;

export const decodeText = (content: Buffer): Decoded => {
  const encoding = encodingOf(content);
  if ((encoding === 'utf-8' && content.subarray(0, NUL_SEARCH_BYTES).includes(0)) || isLfsPointer(content)) {
    return BINARY;
  }
  const text = decode(content, encoding);
  if (text === null) {
    return { kind: 'skip', reason: 'undecodable' };
  }
  return encoding !== 'utf-8' && text.slice(0, NUL_SEARCH_BYTES).includes('\0') ? BINARY : { kind: 'text', text };
};
