/**
 * One source made of parts: repositories, drives, sites. Each part is a connector with its own cursor; a part that can't be read
 * is a failure of its own and does not stop the others, but a listing without it would not be total, so that throws.
 */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { SourceError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type {
  CheckFinding,
  Connector,
  Cursor,
  PullContext,
  PullEvent,
  SourceEntry,
  SourceStatus,
} from './connector.ts';
import { PartTrouble, SourceTrouble, troubleOf } from './source-trouble.ts';

export interface Part {
  /** Stable and without `!`; every id of the part begins with it. */
  readonly key: string;
  /** What the paths of its documents begin with; empty for paths that say enough. */
  readonly pathPrefix: string;
  readonly connector: Connector;
}

export interface CompositeOptions {
  readonly kind: string;
  /** For messages. */
  readonly display: string;
  /** Everything that is configured, or throws: a part that is left out is one whose documents count as gone. */
  readonly discover: (signal: AbortSignal) => Promise<readonly Part[]>;
  /** The snapshot that a complete cursor of a part stands for; null where parts have none. */
  readonly snapshotOf: ((cursor: Cursor) => string) | null;
  readonly check?: (signal: AbortSignal) => Promise<readonly CheckFinding[]>;
  readonly close?: () => Promise<void>;
}

const SEPARATOR = '!';
const cursorSchema = z.strictObject({
  kind: z.string(),
  parts: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Parts that this pull is through with; absent once it is complete. */
  done: z.array(z.string()).exactOptional(),
});

type Parts = Record<string, Cursor>;

const digestOf = (snapshots: readonly (readonly [string, string])[]): string =>
  createHash('sha256')
    .update(JSON.stringify(snapshots.toSorted(([left], [right]) => (left < right ? -1 : 1))))
    .digest('hex');

export class CompositeConnector implements Connector {
  readonly kind: string;
  readonly deletions = 'listing';
  readonly #options: CompositeOptions;
  #parts: Promise<readonly Part[]> | null = null;

  constructor(options: CompositeOptions) {
    this.kind = options.kind;
    this.#options = options;
  }

  async status(signal: AbortSignal): Promise<SourceStatus> {
    const parts = await this.#discover(signal);
    const snapshots: [string, string][] = [];
    for (const part of parts) {
      const snapshot = await snapshotNow(part, signal);
      if (snapshot === null || this.#options.snapshotOf === null) {
        return { snapshot: null };
      }
      snapshots.push([part.key, snapshot]);
    }
    return { snapshot: digestOf(snapshots) };
  }

  snapshotOf(cursor: Cursor): string {
    const parts = cursorSchema.parse(cursor).parts;
    const { snapshotOf } = this.#options;
    return digestOf(
      Object.entries(parts).map(([key, part]) => [key, snapshotOf === null ? JSON.stringify(part) : snapshotOf(part)]),
    );
  }

  async *pull(context: PullContext, cursor: Cursor | null): AsyncGenerator<PullEvent, void, void> {
    const parsed = cursor === null ? { parts: {}, done: [] } : this.#parse(cursor);
    if (parsed === undefined) {
      yield { op: 'cursor-lost', why: `The cursor was not made by the ${this.kind} connector.` };
      return;
    }
    const parts = await this.#discover(context.signal);
    const known = new Set(parts.map(({ key }) => key));
    const cursors: Parts = Object.fromEntries(Object.entries(parsed.parts).filter(([key]) => known.has(key)));
    const through = new Set(parsed.done ?? []);
    const failures: SourceError[] = [];
    for (const part of parts.filter(({ key }) => !through.has(key))) {
      const ended = yield* this.#pullPart(context, part, cursors, through);
      if (ended === 'lost') {
        return;
      }
      if (ended !== 'through' && failures.push(ended) === parts.length) {
        throw ended;
      }
    }
    yield { op: 'checkpoint', cursor: { kind: this.kind, parts: cursors }, complete: true };
  }

  async *enumerate(signal: AbortSignal, cursor: Cursor | null): AsyncGenerator<SourceEntry, void, void> {
    const cursors = cursor === null ? {} : (this.#parse(cursor)?.parts ?? {});
    for (const { key, connector } of await this.#discover(signal)) {
      try {
        for await (const entry of connector.enumerate(signal, cursors[key] ?? null)) {
          yield { id: `${key}${SEPARATOR}${entry.id}`, rev: entry.rev };
        }
      } catch (error) {
        throw isAboutPart(error) ? new PartTrouble(key, error) : error;
      }
    }
  }

  async check(signal: AbortSignal): Promise<readonly CheckFinding[]> {
    try {
      const parts = await this.#discover(signal);
      const found = (await this.#options.check?.(signal)) ?? [];
      const counted: CheckFinding = {
        level: parts.length === 0 ? 'warning' : 'ok',
        message: `${this.#options.display} answers, with ${String(parts.length)} parts.`,
      };
      const inner = await Promise.all(
        parts.slice(0, PARTS_CHECKED_MAX).map(async (part) => part.connector.check(signal)),
      );
      return [counted, ...found, ...inner.flat()];
    } catch (error) {
      if (error instanceof SourceError) {
        return [{ level: 'error', message: error.message }];
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const parts = await (this.#parts ?? []);
    await Promise.all(parts.map(async ({ connector }) => connector.close()));
    await this.#options.close?.();
  }

  async #discover(signal: AbortSignal): Promise<readonly Part[]> {
    const parts = await (this.#parts ?? this.#options.discover(signal));
    if (parts.length > LIMITS.sourcePartsMax) {
      throw new SourceError(
        `${this.#options.display} has ${String(parts.length)} parts; one source has at most ${String(LIMITS.sourcePartsMax)}. ` +
          'Divide it into several sources.',
      );
    }
    this.#parts = Promise.resolve(parts);
    return parts;
  }

  #parse(cursor: Cursor): z.infer<typeof cursorSchema> | undefined {
    const parsed = cursorSchema.safeParse(cursor);
    return parsed.success && parsed.data.kind === this.kind ? parsed.data : undefined;
  }

  async *#pullPart(
    context: PullContext,
    part: Part,
    cursors: Parts,
    through: Set<string>,
  ): AsyncGenerator<PullEvent, 'through' | 'lost' | SourceError, void> {
    const { key, connector } = part;
    const before = cursors[key];
    try {
      for await (const event of connector.pull(partContext(context, key), before ?? null)) {
        if (event.op === 'cursor-lost') {
          yield { op: 'cursor-lost', why: `${key}: ${event.why}` };
          return 'lost';
        }
        if (event.op !== 'checkpoint') {
          yield outerEvent(part, event);
        } else {
          cursors[key] = event.cursor;
          if (event.complete) {
            through.add(key);
          }
          yield this.#checkpoint(cursors, through);
        }
      }
      return 'through';
    } catch (error) {
      if (!isAboutPart(error)) {
        throw error;
      }
      yield {
        op: 'failure',
        failure: {
          id: key,
          scope: 'part',
          reason: troubleOf(error) === 'refused' ? 'refused' : 'unavailable',
          retryable: true,
          message: error.message,
        },
      };
      return error;
    }
  }

  #checkpoint(cursors: Parts, through: ReadonlySet<string>): PullEvent {
    return {
      op: 'checkpoint',
      cursor: { kind: this.kind, parts: { ...cursors }, done: [...through] },
      complete: false,
    };
  }
}

const PARTS_CHECKED_MAX = 20;

/** A refused credential, spent limits and a dead network are about every part. */
const isAboutPart = (error: unknown): error is SourceError =>
  error instanceof SourceTrouble ? error.status !== 401 && error.trouble !== 'throttled' : error instanceof SourceError;

/** Null where one part can't tell: only a pull can say then, and it goes on with the others. */
const snapshotNow = async ({ connector }: Part, signal: AbortSignal): Promise<string | null> => {
  try {
    return (await connector.status(signal)).snapshot;
  } catch (error) {
    if (isAboutPart(error)) {
      return null;
    }
    throw error;
  }
};

const partContext = (context: PullContext, key: string): PullContext => ({
  signal: context.signal,
  select: async (entries) => {
    const prefix = `${key}${SEPARATOR}`;
    const selected = await context.select(entries.map(({ id, rev }) => ({ id: `${prefix}${id}`, rev })));
    return new Set([...selected].map((id) => id.slice(prefix.length)));
  },
});

const outerEvent = (
  { key, pathPrefix }: Part,
  event: Exclude<PullEvent, { op: 'checkpoint' | 'cursor-lost' }>,
): PullEvent => {
  const outerId = (id: string): string => `${key}${SEPARATOR}${id}`;
  switch (event.op) {
    case 'upsert': {
      const { document } = event;
      return {
        op: 'upsert',
        document: { ...document, id: outerId(document.id), path: `${pathPrefix}${document.path}` },
      };
    }
    case 'skip': {
      const { entry } = event;
      return { ...event, entry: { ...entry, id: outerId(entry.id) }, path: `${pathPrefix}${event.path}` };
    }
    case 'delete': {
      return { op: 'delete', id: outerId(event.id) };
    }
    case 'failure': {
      return { op: 'failure', failure: { ...event.failure, id: outerId(event.failure.id) } };
    }
  }
};
