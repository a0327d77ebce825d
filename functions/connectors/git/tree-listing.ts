/**
 * Walks the trees of one commit into a flat listing, sorted by id. It is total or it throws: a folder that can't be read
 * must never look like deleted files. Bounded, because a few kilobytes of trees can name billions of files.
 */
import { createHash } from 'node:crypto';
import { SourceError } from '../../domain/errors.ts';
import type { SkipReason, SourceEntry } from '../connector.ts';
import { classifyPath } from './classify-path.ts';
import type { GitBounds } from './git-bounds.ts';
import type { FoundObject } from './pack-file.ts';
import type { ObjectFormat } from './protocol-v2.ts';

export interface ListedFile extends SourceEntry {
  /** Where its content is; for a submodule a commit of another repository. */
  readonly oid: string;
  /** Known without reading its content. */
  readonly skip: SkipReason | null;
}

export interface ListingSource {
  readonly find: (oid: string) => FoundObject;
  readonly format: ObjectFormat;
  readonly bounds: Pick<GitBounds, 'entriesMax' | 'treeDepthMax' | 'pathCharsMax'>;
  /** Where messages say that this was. */
  readonly display: string;
}

interface TreeEntry {
  readonly mode: number;
  readonly name: Buffer;
  readonly oid: string;
}

interface Folder {
  readonly oid: string;
  readonly raw: Buffer;
  /** Null: not UTF-8. */
  readonly text: string | null;
  readonly depth: number;
}

const SPACE = 0x20;
const KIND_MASK = 0o170_000;
const KIND_FOLDER = 0o040_000;
const KIND_FILE = 0o100_000;
const KIND_LINK = 0o120_000;
const KIND_SUBMODULE = 0o160_000;
/** Git never stores these; it knows them. */
const EMPTY_TREES: ReadonlySet<string> = new Set([
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
]);
const SHOWN_CHARS_MAX = 200;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decodeName = (bytes: Buffer): string | null => {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
};

/** Entries of one tree object: octal mode, space, name, NUL, raw id. */
export function* readTree(content: Buffer, format: ObjectFormat): Generator<TreeEntry, void, void> {
  const oidBytes = format === 'sha1' ? 20 : 32;
  let position = 0;
  while (position < content.length) {
    const space = content.indexOf(SPACE, position);
    const zero = content.indexOf(0, space);
    const mode = Number.parseInt(content.toString('latin1', position, Math.max(position, space)), 8);
    const next = zero + 1 + oidBytes;
    if (space < 0 || zero <= space + 1 || Number.isNaN(mode) || next > content.length) {
      throw new SourceError('The repository has a damaged folder object. Run "git fsck" on it.');
    }
    yield { mode, name: content.subarray(space + 1, zero), oid: content.toString('hex', zero + 1, next) };
    position = next;
  }
}

export const rootTreeOf = (commit: FoundObject, display: string): string => {
  const match =
    commit.kind === 'object' && commit.type === 'commit'
      ? /^tree ([0-9a-f]{40,64})\n/u.exec(commit.content.toString('latin1', 0, 80))
      : null;
  if (match?.[1] === undefined) {
    throw new SourceError(`The git server of ${display} did not send the commit that was asked for.`);
  }
  return match[1];
};

/** An id for a path that can't be one: readable, bounded, and still different for different bytes. */
const substituteId = (raw: Buffer): string => {
  const shown = raw.toString('utf8').slice(0, SHOWN_CHARS_MAX).toWellFormed();
  return `${shown}#${createHash('sha256').update(raw).digest('hex').slice(0, 32)}`;
};

const contentSkip = (kind: number, path: string): SkipReason | null => {
  if (kind === KIND_LINK) {
    return 'link';
  }
  if (kind === KIND_SUBMODULE) {
    return 'submodule';
  }
  return kind === KIND_FILE ? classifyPath(path) : 'unreadable';
};

/** The same bytes as a file and as a link are two states of a path, so the kind is a part of the revision. */
const revisionOf = (kind: number, oid: string): string => {
  if (kind === KIND_FILE) {
    return oid;
  }
  return `${kind === KIND_LINK ? 'link' : kind.toString(8)}:${oid}`;
};

class TreeWalk {
  readonly #source: ListingSource;
  readonly #files = new Map<string, ListedFile>();
  readonly #folders: Folder[] = [];
  #visited = 0;

  constructor(source: ListingSource) {
    this.#source = source;
  }

  run(root: string): readonly ListedFile[] {
    this.#folders.push({ oid: root, raw: Buffer.alloc(0), text: '', depth: 0 });
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      for (const entry of readTree(this.#contentOf(folder), this.#source.format)) {
        this.#take(folder, entry);
      }
    }
    return [...this.#files.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
  }

  #contentOf(folder: Folder): Buffer {
    if (EMPTY_TREES.has(folder.oid)) {
      return Buffer.alloc(0);
    }
    const found = this.#source.find(folder.oid);
    if (found.kind !== 'object' || found.type !== 'tree') {
      throw new SourceError(
        `The git server of ${this.#source.display} left out a folder, so the listing would be short. ` +
          'Try again; if it stays so, run "git fsck" on the repository.',
      );
    }
    return found.content;
  }

  #take(folder: Folder, entry: TreeEntry): void {
    const { bounds, display } = this.#source;
    this.#visited += 1;
    if (this.#visited > bounds.entriesMax) {
      throw new SourceError(`${display} has more than ${String(bounds.entriesMax)} files and folders. Split it.`);
    }
    const raw = Buffer.concat([folder.raw, entry.name]);
    const name = folder.text === null ? null : decodeName(entry.name);
    const text = name === null || folder.text === null ? null : `${folder.text}${name}`;
    const kind = entry.mode & KIND_MASK;
    if (kind !== KIND_FOLDER) {
      this.#list(raw, text, kind, entry.oid);
      return;
    }
    if (folder.depth >= bounds.treeDepthMax) {
      throw new SourceError(`${display} nests folders more than ${String(bounds.treeDepthMax)} deep.`);
    }
    this.#folders.push({
      oid: entry.oid,
      raw: Buffer.concat([raw, Buffer.from('/')]),
      text: text === null ? null : `${text}/`,
      depth: folder.depth + 1,
    });
  }

  #list(raw: Buffer, text: string | null, kind: number, oid: string): void {
    const fits = text !== null && text.length <= this.#source.bounds.pathCharsMax;
    const id = fits ? text : substituteId(raw);
    // A damaged tree may name a path twice; the first one counts, as it does for git.
    if (!this.#files.has(id)) {
      const skip = fits ? contentSkip(kind, text) : 'path';
      this.#files.set(id, { id, rev: revisionOf(kind, oid), oid, skip });
    }
  }
}

export const listTree = (source: ListingSource, rootTree: string): readonly ListedFile[] =>
  new TreeWalk(source).run(rootTree);
