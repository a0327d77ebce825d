/**
 * The files of one document library, by Graph's delta: the first walk is the listing, its last page hands out the mark for the changes
 * after it. Deletions are events; a mark that Graph no longer knows (410) means to start again.
 */
import path from 'node:path';

import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { type Feed, type FeedContent, type FeedEntry, type FeedItem, type FeedPage, isoTime } from '../feed/feed.ts';
import { classifyPath } from '../git/classify-path.ts';
import { decodeText } from '../git/decode-text.ts';
import type { HttpClient } from '../http/http-client.ts';
import { dateOf } from '../http/source-time.ts';
import { SourceTrouble } from '../source-trouble.ts';
import type { TextExtractor } from '../text/extractor.ts';

const PAGE_ITEMS_MAX = 200;

const itemSchema = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  size: z.number().optional(),
  eTag: z.string().optional(),
  cTag: z.string().optional(),
  webUrl: z.string().optional(),
  lastModifiedDateTime: z.string().optional(),
  file: z.unknown().optional(),
  deleted: z.unknown().optional(),
});
const deltaSchema = z.looseObject({
  value: z.array(itemSchema),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});

type DriveItem = z.infer<typeof itemSchema>;

export interface DriveOptions {
  readonly http: HttpClient;
  readonly extractor: TextExtractor;
  readonly drive: { readonly id: string; readonly name: string; readonly webUrl: string };
}

/** Delta gives no path of the parent, on purpose; the web address has it. */
const pathOf = (item: DriveItem, driveUrl: string): string => {
  const address = item.webUrl ?? '';
  const inside = address.startsWith(`${driveUrl}/`) ? address.slice(driveUrl.length + 1) : (item.name ?? item.id);
  try {
    return decodeURIComponent(inside);
  } catch {
    return inside;
  }
};

export class DriveFeed implements Feed {
  readonly kind = 'sharepoint-drive';
  readonly deletions = 'events';
  readonly readItemsMax = 1;
  readonly display: string;
  readonly #options: DriveOptions;

  constructor(options: DriveOptions) {
    this.#options = options;
    this.display = `the library ${options.drive.name}`;
  }

  async begin(signal: AbortSignal): Promise<string> {
    const call = { url: `/v1.0/drives/${this.#id()}?$select=id`, what: this.display, signal };
    return dateOf(await this.#options.http.json(call, z.looseObject({ id: z.string() })), this.display);
  }

  async list(page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return this.#delta(page ?? `/v1.0/drives/${this.#id()}/root/delta?$top=${String(PAGE_ITEMS_MAX)}`, signal);
  }

  async changes(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage> {
    return this.#delta(page ?? mark, signal);
  }

  async read([item]: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>> {
    if (item === undefined) {
      return new Map();
    }
    const { http, extractor } = this.#options;
    const office = extractor.takes(item.path);
    const answer = await http.bytes({
      url: `/v1.0/drives/${this.#id()}/items/${encodeURIComponent(item.id)}/content`,
      what: 'the content of a file',
      signal,
      bytesMax: office ? LIMITS.extractInputBytesMax : LIMITS.fileBytesMax,
    });
    const name = path.posix.basename(item.path);
    const content = office ? await extractor.extract({ name, bytes: answer.value }, signal) : decodeText(answer.value);
    return new Map([[item.id, content]]);
  }

  async close(): Promise<void> {
    // The client belongs to the whole source.
  }

  #id(): string {
    return encodeURIComponent(this.#options.drive.id);
  }

  async #delta(url: string, signal: AbortSignal): Promise<FeedPage> {
    const { value } = await this.#options.http.json(
      { url, what: `what changed in ${this.display}`, signal },
      deltaSchema,
    );
    const next = value['@odata.nextLink'] ?? null;
    const mark = value['@odata.deltaLink'];
    if (next === null && mark === undefined) {
      throw new SourceTrouble('incomplete', `The listing of ${this.display} ends without an end.`);
    }
    return {
      entries: value.value.flatMap((item) => this.#entriesOf(item)),
      next,
      ...(mark === undefined ? {} : { mark }),
    };
  }

  /** Folders are no documents: their files are reported themselves, also when the folder is deleted. */
  #entriesOf(item: DriveItem): readonly FeedEntry[] {
    if (item.deleted !== undefined && item.deleted !== null) {
      return [{ kind: 'gone', id: item.id }];
    }
    if (item.file === undefined || item.file === null) {
      return [];
    }
    const where = pathOf(item, this.#options.drive.webUrl);
    const skipped = this.#skipOf(where, item.size ?? 0);
    const feedItem: FeedItem = {
      id: item.id,
      // A folder that is renamed changes the path of its files, and nothing else of them.
      rev: `${item.eTag ?? item.cTag ?? item.lastModifiedDateTime ?? ''} ${where}`,
      path: where,
      changedAt: isoTime(item.lastModifiedDateTime),
      ...(item.webUrl === undefined ? {} : { url: item.webUrl }),
      ...(skipped === null ? {} : { content: { kind: 'skip', reason: skipped } }),
    };
    return [{ kind: 'item', item: feedItem }];
  }

  #skipOf(where: string, size: number): 'binary' | 'generated' | 'too-large' | null {
    if (this.#options.extractor.takes(where)) {
      return size > LIMITS.extractInputBytesMax ? 'too-large' : null;
    }
    return classifyPath(where) ?? (size > LIMITS.fileBytesMax ? 'too-large' : null);
  }
}
