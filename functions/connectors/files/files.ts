/**
 * A folder of this machine, for local runs: what a person has exported or keeps beside the code. Every pull walks it; a file that has
 * the size and the times that it had is not read. Nothing outside the folder is reached: links are reported, not followed.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { ConfigError, SourceError } from '../../domain/errors.ts';
import { LIMITS } from '../../domain/limits.ts';
import type { SkipReason } from '../connector.ts';
import { FeedConnector } from '../feed/feed-connector.ts';
import type { Feed, FeedContent, FeedItem, FeedPage } from '../feed/feed.ts';
import { classifyPath } from '../git/classify-path.ts';
import { decodeText } from '../git/decode-text.ts';
import { codeOf } from '../git/git-trouble.ts';
import { defineKind } from '../kind.ts';
import { SourceTrouble } from '../source-trouble.ts';
import type { TextExtractor } from '../text/extractor.ts';
import { revisionOf } from '../text/titled.ts';

const configSchema = z.strictObject({
  path: z.string().refine((text) => path.isAbsolute(text), { error: 'must be an absolute path' }),
});

const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules', '.DS_Store']);

const troubleOf = (error: unknown, what: string): SourceTrouble => {
  const code = codeOf(error);
  const kind = code === 'ENOENT' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'refused' : 'unavailable';
  return new SourceTrouble(kind, `${what} can't be read (${code}). What is indexed stays.`);
};

const guard = async <T>(call: Promise<T>, what: string): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw troubleOf(error, what);
  }
};

class FilesFeed implements Feed {
  readonly kind = 'files';
  readonly deletions = 'listing';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #root: string;
  readonly #extractor: TextExtractor;
  readonly #pageItemsMax: number;
  #walked: readonly FeedItem[] | null = null;

  constructor(root: string, extractor: TextExtractor, pageItemsMax: number) {
    this.#root = root;
    this.#pageItemsMax = pageItemsMax;
    this.#extractor = extractor;
    this.display = `the folder ${root}`;
  }

  /** A folder that is gone is not an empty folder. */
  async begin(): Promise<string> {
    const stats = await guard(lstat(this.#root), this.display);
    if (!stats.isDirectory()) {
      throw new SourceError(`${this.#root} is not a folder. Name a folder as the path of the source.`);
    }
    return '';
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    if (page === null || this.#walked === null) {
      await this.begin();
      const items: FeedItem[] = [];
      await this.#walk('', 0, items, signal);
      this.#walked = items.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    }
    const rest = page === null ? this.#walked : this.#walked.filter(({ id }) => id > page);
    const items = rest.slice(0, this.#pageItemsMax);
    return {
      entries: items.map((item) => ({ kind: 'item', item })),
      next: rest.length > items.length ? (items.at(-1)?.id ?? null) : null,
    };
  }

  async read([item]: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    if (item === undefined) {
      return new Map();
    }
    const full = path.join(this.#root, item.id);
    const handle = await guard(open(full, constants.O_RDONLY | constants.O_NOFOLLOW), item.path);
    try {
      return new Map([[item.id, await this.#contentOf(item, handle, signal)]]);
    } finally {
      await handle.close();
    }
  }

  async close(): Promise<void> {
    this.#walked = null;
  }

  async #contentOf(item: FeedItem, handle: FileHandle, signal: AbortSignal): Promise<FeedContent> {
    const bytes = await guard(handle.readFile({ signal }), item.path);
    return this.#extractor.takes(item.id)
      ? this.#extractor.extract({ name: path.basename(item.id), bytes }, signal)
      : decodeText(bytes);
  }

  async #walk(folder: string, depth: number, into: FeedItem[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (depth > LIMITS.treeDepthMax || into.length > LIMITS.sourceEntriesMax) {
      throw new SourceError(`${this.display} holds more than one source can. Name a folder below it.`);
    }
    const entries = await guard(readdir(path.join(this.#root, folder), { withFileTypes: true }), this.display);
    for (const entry of entries.filter(({ name }) => !LEFT_OUT.has(name))) {
      const id = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        await this.#walk(id, depth + 1, into, signal);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        into.push(await this.#itemOf(id, entry.isSymbolicLink()));
      }
    }
  }

  async #itemOf(id: string, link: boolean): Promise<FeedItem> {
    const { size, mtimeNs, ctimeNs, ino } = await guard(
      lstat(path.join(this.#root, id), { bigint: true }),
      this.display,
    );
    const skipped = link ? 'link' : this.#skipOf(id, Number(size));
    return {
      id,
      rev: revisionOf([size, mtimeNs, ctimeNs, ino].map(String).join(' ')),
      path: id,
      changedAt: '',
      ...(skipped === null ? {} : { content: { kind: 'skip', reason: skipped } }),
    };
  }

  #skipOf(id: string, size: number): SkipReason | null {
    if (this.#extractor.takes(id)) {
      return size > LIMITS.extractInputBytesMax ? 'too-large' : null;
    }
    return classifyPath(id) ?? (size > LIMITS.fileBytesMax ? 'too-large' : null);
  }
}

export const files = defineKind({
  kind: 'files',
  schema: configSchema,
  open: (config, setting) => {
    if (setting.localFiles !== true) {
      throw new ConfigError(
        `The source "${setting.sourceId}" is a local folder, which only a local run (npm start) reads.`,
      );
    }
    const { extractor, fetchDocumentsMax = LIMITS.fetchDocumentsMax } = setting;
    return new FeedConnector(new FilesFeed(path.resolve(config.path), extractor, fetchDocumentsMax), setting);
  },
});
