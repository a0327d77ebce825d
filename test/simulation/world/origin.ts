/**
 * A source that people edit: files whose contents come from a small pool, so that an edit is at times taken back, and a
 * connector that reads it page by page, as the git connector does. The origin's whole history stays known to the checkers.
 */
import type { Connector, Cursor, PullEvent, SourceEntry } from '../../../functions/connectors/connector.ts';
import { SourceError } from '../../../functions/domain/errors.ts';
import { sha256Hex } from '../../../functions/stores/envelope.ts';
import { batchesOf } from '../../../functions/stores/vector-batches.ts';

const PULL_BATCH = 2;
const SECTION_WORDS = 110;
const VARIANTS = 5;

/** Made once for all seeds: the words of a section decide its chunk, and nothing else. */
const sections: readonly string[] = Array.from({ length: VARIANTS + 2 }, (_, section) =>
  Array.from({ length: SECTION_WORDS }, (_unused, word) => `word${section}x${(word * 7) % 31}`).join(' '),
);

export const BINARY = 'BINARY';

/** The text of a file in one of its variants: sections are shared, so an edit leaves some chunks as they were. */
export const textOf = (path: string, variant: number): string => {
  if (variant >= VARIANTS) {
    return BINARY;
  }
  const long = variant % 2 === 1;
  const shared = long
    ? `\n\n## Shared\n\n${sections[VARIANTS] ?? ''}\n\n## Tail\n\n${sections[VARIANTS + 1] ?? ''}`
    : '';
  return `# ${path}\n\n## Part\n\n${sections[variant] ?? ''}${shared}\n`;
};

const revs = new Map<string, string>();

export const revOf = (text: string): string => {
  const known = revs.get(text) ?? sha256Hex(text);
  revs.set(text, known);
  return known;
};

export type Files = ReadonlyMap<string, string>;

export class Origin {
  readonly files = new Map<string, string>();
  readonly #all = new Map<string, Files>();
  #remembered = new Set<string>();
  #current: string | undefined;

  /** Names what the origin holds now. */
  snapshot(): string {
    this.#current ??= this.#name();
    return this.#current;
  }

  edit(path: string, text: string | undefined): void {
    if (text === undefined) {
      this.files.delete(path);
    } else {
      this.files.set(path, text);
    }
    this.#current = undefined;
  }

  /** What a reader may still ask for. */
  at(snapshot: string): Files | undefined {
    return this.#remembered.has(snapshot) ? this.#all.get(snapshot) : undefined;
  }

  /** For checkers: every snapshot that ever was. */
  everAt(snapshot: string): Files | undefined {
    return this.#all.get(snapshot);
  }

  /** What a force-push and a garbage collection do. */
  forget(): void {
    this.#remembered = new Set();
    this.#current = undefined;
  }

  #name(): string {
    const lines = [...this.files].map(([name, text]) => `${name}=${revOf(text)}`);
    const snapshot = sha256Hex(lines.toSorted().join('\n')).slice(0, 40);
    this.#remembered.add(snapshot);
    this.#all.set(snapshot, new Map(this.files));
    return snapshot;
  }
}

const entryOf = (id: string, text: string): SourceEntry => ({ id, rev: revOf(text) });

const textField = (cursor: Cursor | null, name: string): string | undefined =>
  typeof cursor?.[name] === 'string' ? cursor[name] : undefined;

export interface OriginConnectorOptions {
  readonly origin: Origin;
  /** A moment of reading: others act meanwhile. */
  readonly pause: () => Promise<void>;
  readonly isDown: () => boolean;
}

export const originConnector = ({ origin, pause, isDown }: OriginConnectorOptions): Connector => {
  const reach = async (): Promise<void> => {
    await pause();
    if (isDown()) {
      throw new SourceError('the simulated origin does not answer');
    }
  };
  return {
    kind: 'origin',
    status: async () => {
      await reach();
      return { snapshot: origin.snapshot() };
    },
    snapshotOf: (cursor) => String(cursor['snapshot']),
    async *pull(context, cursor): AsyncIterable<PullEvent> {
      await reach();
      const snapshot = textField(cursor, 'pin') ?? origin.snapshot();
      const baseName = textField(cursor, 'snapshot');
      const base = baseName === undefined ? new Map<string, string>() : origin.at(baseName);
      const files = origin.at(snapshot);
      if (base === undefined || files === undefined) {
        yield { op: 'cursor-lost', why: 'the origin has forgotten the snapshot' };
        return;
      }
      const after = textField(cursor, 'after') ?? '';
      const names = [...new Set([...files.keys(), ...base.keys()])]
        .filter((name) => files.get(name) !== base.get(name) && name > after)
        .toSorted();
      for (const batch of batchesOf(names, PULL_BATCH)) {
        await reach();
        const present = batch.filter((name) => files.has(name));
        const needed = await context.select(present.map((name) => entryOf(name, files.get(name) ?? '')));
        for (const name of batch) {
          const text = files.get(name);
          if (text === undefined) {
            yield { op: 'delete', id: name };
          } else if (needed.has(name)) {
            const entry = entryOf(name, text);
            yield text === BINARY
              ? { op: 'skip', entry, path: name, reason: 'binary' }
              : { op: 'upsert', document: { ...entry, path: name, text } };
          }
        }
        const next: Cursor = {
          ...(baseName === undefined ? {} : { snapshot: baseName }),
          pin: snapshot,
          after: batch.at(-1),
        };
        yield { op: 'checkpoint', cursor: next, complete: false };
      }
      yield { op: 'checkpoint', cursor: { snapshot }, complete: true };
    },
    async *enumerate(_signal, cursor): AsyncIterable<SourceEntry> {
      await reach();
      const named = textField(cursor, 'pin') ?? textField(cursor, 'snapshot') ?? origin.snapshot();
      const files = origin.everAt(named) ?? new Map<string, string>();
      yield* [...files].map(([name, text]) => entryOf(name, text));
    },
    check: async () => [],
    close: async () => undefined,
  };
};
