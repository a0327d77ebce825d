/**
 * What of a source could not be read, for people: the connector's cursor is what tries again, this says which, why, since when
 * and how often. Short, because it goes with the source record to both Regions; what does not fit is counted.
 */
import type { DocumentFailure } from '../connectors/connector.ts';
import type { ListedFailure, SourceFailures } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';

const cut = (text: string): string => text.slice(0, LIMITS.failureTextCharsMax).toWellFormed();

export class FailureList {
  readonly #listed: Map<string, ListedFailure>;
  #before: ReadonlyMap<string, ListedFailure> = new Map();
  #unlisted: number;

  private constructor(before: SourceFailures | undefined, keeps: (failure: ListedFailure) => boolean) {
    this.#listed = new Map(
      (before?.listed ?? []).filter((failure) => keeps(failure)).map((failure) => [failure.id, failure]),
    );
    this.#unlisted = Math.max(0, (before?.count ?? 0) - (before?.listed.length ?? 0));
  }

  /** Of an invocation that goes on with what another one began. */
  static resumed(before: SourceFailures | undefined): FailureList {
    return new FailureList(before, () => true);
  }

  /** Of a pull of changes: parts are told of again by every pull, documents where they are tried again. */
  static incremental(before: SourceFailures | undefined): FailureList {
    return new FailureList(before, ({ scope }) => scope === 'document');
  }

  /** Of a pull of everything: what still fails is told of again, and how often it failed before is known. */
  startOver(): void {
    this.#before = new Map([...this.#before, ...this.#listed]);
    this.#listed.clear();
    this.#unlisted = 0;
  }

  add({ id, scope, reason, retryable, message, nextTryAt }: DocumentFailure, at: number): void {
    const key = cut(id);
    const { since, tries } = this.#listed.get(key) ?? this.#before.get(key) ?? { since: at, tries: 0 };
    if (!this.#listed.has(key) && this.#listed.size >= LIMITS.failuresListedMax) {
      this.#unlisted += 1;
      return;
    }
    this.#listed.set(key, {
      id: key,
      scope,
      reason,
      retryable,
      message: cut(message),
      since,
      tries: tries + 1,
      ...(nextTryAt === undefined ? {} : { nextTryAt }),
    });
  }

  /** It was read, or is gone. */
  solve(id: string): void {
    this.#listed.delete(cut(id));
  }

  /** Parts that could not be read as a whole: without them no listing is total. */
  parts(): readonly ListedFailure[] {
    return [...this.#listed.values()].filter(({ scope }) => scope === 'part');
  }

  /** Undefined where there is nothing to tell. */
  payload(): SourceFailures | undefined {
    const count = this.#listed.size + this.#unlisted;
    return count === 0 ? undefined : { count, listed: [...this.#listed.values()] };
  }
}
