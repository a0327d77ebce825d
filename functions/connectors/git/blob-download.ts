/**
 * Brings file contents in as few requests as there are, and finds the files that spoil one: too large for the download's
 * cap, or damaged on the server. Whatever arrived before the spoiler is used; the rest is asked for again in smaller groups.
 */
import { SourceError } from '../../domain/errors.ts';
import type { GitServerSession } from './git-server-session.ts';
import type { FoundObject, PackFile } from './pack-file.ts';
import type { PackAnswer } from './protocol-v2.ts';

export interface BlobOutcome {
  readonly oid: string;
  readonly result:
    | { readonly kind: 'content'; readonly content: Buffer }
    | { readonly kind: 'skip'; readonly reason: 'too-large' | 'unreadable' };
}

/** A blob's own header, and what compressing incompressible bytes adds. */
const BLOB_OVERHEAD_BYTES = 64 * 1024;

/** The first is alone, since packs come in the order of the wants: it is the likely spoiler. If not, halving finds it. */
const regroup = (oids: readonly string[]): readonly (readonly string[])[] => {
  const middle = 1 + Math.ceil((oids.length - 1) / 2);
  return [oids.slice(0, 1), oids.slice(1, middle), oids.slice(middle)].filter((group) => group.length > 0);
};

export class BlobDownload {
  readonly #session: GitServerSession;
  /** A commit that this server has served in this invocation. */
  readonly #commit: string;
  readonly #contents: PackFile | null;
  #unreadable = 0;

  constructor(session: GitServerSession, commit: string, contents: PackFile | null) {
    this.#session = session;
    this.#commit = commit;
    this.#contents = contents;
  }

  /** One outcome for each of the given ids, in any order; one content is in memory at a time. */
  async *read(oids: readonly string[], signal: AbortSignal): AsyncGenerator<BlobOutcome, void, void> {
    const absent: string[] = [];
    for (const oid of oids) {
      const outcome = this.#outcomeOf(oid, this.#contents?.find(oid) ?? { kind: 'absent' });
      if (outcome === null) {
        absent.push(oid);
      } else {
        yield outcome;
      }
    }
    const groups: (readonly string[])[] = absent.length === 0 ? [] : [absent];
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      const rest = yield* this.#readGroup(group, signal);
      groups.push(...rest.toReversed());
    }
  }

  /** Yields what one download brings; returns the groups that have to be asked for again. */
  async *#readGroup(
    group: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<BlobOutcome, readonly (readonly string[])[], void> {
    const { fetchBytesMax, fileBytesMax } = this.#session.bounds;
    const { answer, pack } = await this.#session.download(
      { wants: group, shallow: false, filter: null },
      {
        packBytesMax: Math.min(fetchBytesMax, group.length * (fileBytesMax + BLOB_OVERHEAD_BYTES)),
        contentBytesMax: fileBytesMax,
      },
      signal,
    );
    const missing: string[] = [];
    try {
      for (const oid of group) {
        const outcome = this.#outcomeOf(oid, pack.find(oid));
        if (outcome === null) {
          missing.push(oid);
        } else {
          yield outcome;
        }
      }
    } finally {
      await pack.close();
    }
    if (missing.length === 0) {
      return [];
    }
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      yield { oid: only, result: { kind: 'skip', reason: await this.#verdict(answer, pack, signal) } };
      return [];
    }
    // The download was merely full: what broke off is small, so that asking for the rest in one go makes progress.
    const { end } = pack.scan;
    const full = answer.kind === 'over-cap' && end.kind === 'cut' && end.brokenSize <= fileBytesMax;
    return full && missing.length < group.length ? [missing] : regroup(missing);
  }

  #outcomeOf(oid: string, found: FoundObject): BlobOutcome | null {
    if (found.kind === 'absent') {
      return null;
    }
    if (found.kind === 'too-large' || found.content.length > this.#session.bounds.fileBytesMax) {
      return { oid, result: { kind: 'skip', reason: 'too-large' } };
    }
    return found.type === 'blob'
      ? { oid, result: { kind: 'content', content: found.content } }
      : { oid, result: { kind: 'skip', reason: 'unreadable' } };
  }

  /** Why a blob that was asked for alone did not come. */
  async #verdict(answer: PackAnswer, pack: PackFile, signal: AbortSignal): Promise<'too-large' | 'unreadable'> {
    const { end } = pack.scan;
    const { fileBytesMax, unreadableMax } = this.#session.bounds;
    if (answer.kind === 'over-cap' || (end.kind === 'cut' && end.brokenSize > fileBytesMax)) {
      return 'too-large';
    }
    await this.#proveServerWorks(answer, signal);
    this.#unreadable += 1;
    if (this.#unreadable > unreadableMax) {
      throw new SourceError(
        `The git server can't send more than ${String(unreadableMax)} files of ${this.#session.source.display}: ` +
          'the repository lacks its contents or is damaged. Run "git fsck" on it.',
      );
    }
    return 'unreadable';
  }

  /**
   * A server that gave up may have met a damaged object, or be ill itself; only the first is about this file.
   * The commit alone, without trees, costs it nothing.
   */
  async #proveServerWorks(answer: PackAnswer, signal: AbortSignal): Promise<void> {
    const { filters } = await this.#session.abilities(signal);
    const { fileBytesMax, treePackBytesMax } = this.#session.bounds;
    const probe = await this.#session.download(
      { wants: [this.#commit], shallow: true, filter: filters ? 'tree:0' : null },
      { packBytesMax: filters ? fileBytesMax : treePackBytesMax, contentBytesMax: fileBytesMax },
      signal,
    );
    await probe.pack.close();
    if (probe.answer.kind !== 'whole') {
      const why = answer.kind === 'refused' ? answer.message : 'its answer was damaged';
      throw new SourceError(`The git server stopped serving ${this.#session.source.display}: ${why}`);
    }
  }
}
