/** What must hold of interactive writes: durable and marked before they are answered, and no edit lost to a slow clock. */
import type { InteractiveOutcome, InteractiveWrite } from '../../../functions/domain/interactive-write.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { SimProcess } from '../world/process.ts';
import type { Watcher, World } from '../world/world.ts';
import { type Ledger, textIn } from './ledger.ts';

type Held = Extract<InteractiveOutcome, { kind: 'held' }>;

interface AnsweredWrite {
  readonly request: InteractiveWrite;
  readonly outcome: Held;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** For so long an operation is known again, however far off two clocks are. */
const REMEMBERED_MS = LIMITS.operationKeptSeconds * 1000 - 11 * 60_000;

const nameOf = ({ table, key }: InteractiveWrite): string => `${table}|${key.pk}|${key.sk}`;

export class WriteChecks implements Watcher {
  readonly #world: World;
  readonly #ledger: Ledger;
  /** By key: the highest version that was answered as held by both. */
  readonly #both = new Map<string, string>();
  /** By key: the highest version that was answered at all. */
  readonly #any = new Map<string, string>();
  /** What both were when a process began to write. */
  readonly #seenAtStart = new Map<string, { readonly both: string; readonly any: string }>();
  readonly answered: AnsweredWrite[] = [];

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  onWriteStart(request: InteractiveWrite, by: SimProcess): void {
    const name = nameOf(request);
    this.#seenAtStart.set(by.name, { both: this.#both.get(name) ?? '', any: this.#any.get(name) ?? '' });
  }

  onWrite(request: InteractiveWrite, outcome: InteractiveOutcome, by: SimProcess): void {
    if (outcome.kind !== 'held') {
      return;
    }
    const endedMs = this.#world.kernel.nowMs;
    this.answered.push({ request, outcome, startedMs: by.startedMs, endedMs });
    const { table, key } = request;
    const holders = this.#world.regions.filter(
      (region) => this.#ledger.highest(region, table, key.pk, key.sk) >= outcome.v,
    );
    const isMarked = holders.some((region) => {
      const item = region.peek(table, key.pk, key.sk);
      return textIn(item, 'v') >= outcome.v && textIn(item, 'owed') !== '';
    });
    if (outcome.replication === 'both' && holders.length < 2) {
      this.#world.violate('acknowledged-in-both', `${by.name} was answered "both", and one Region lacks ${outcome.v}`);
    }
    if (outcome.replication === 'owed' && (holders.length === 0 || (holders.length === 1 && !isMarked))) {
      this.#world.violate('owed-is-marked', `${by.name} was answered "owed", and ${outcome.v} is not marked anywhere`);
    }
    const known = this.#seenAtStart.get(by.name);
    // Whoever was answered "both" has met whatever either Region held, also what one of them owed.
    const seen = (outcome.replication === 'both' ? known?.any : known?.both) ?? '';
    if (!outcome.repeated && outcome.v <= seen) {
      this.#world.violate('edits-not-lost', `${by.name} wrote ${outcome.v}, below ${seen}, which it came after`);
    }
    for (const highest of outcome.replication === 'both' ? [this.#both, this.#any] : [this.#any]) {
      const before = highest.get(nameOf(request)) ?? '';
      highest.set(nameOf(request), outcome.v > before ? outcome.v : before);
    }
  }

  /** At the end, when nothing is owed any more. */
  finalDefect():
    { readonly invariant: 'survivor' | 'append-only-once' | 'edits-not-lost'; readonly what: string } | undefined {
    for (const { request, outcome } of this.answered) {
      const { table, key } = request;
      for (const region of this.#world.regions) {
        const highest = this.#ledger.highest(region, table, key.pk, key.sk);
        if (highest < outcome.v) {
          return { invariant: 'survivor', what: `${region.name} lacks the write ${outcome.v} of ${key.sk}` };
        }
        const item = region.peek(table, key.pk, key.sk);
        if (request.once === true && textIn(item, 'op') !== outcome.op) {
          return { invariant: 'append-only-once', what: `${region.name} lacks the append-only record ${key.sk}` };
        }
      }
    }
    return this.#undoneEdit();
  }

  /** A repetition of an old write must not undo what somebody wrote in between. */
  #undoneEdit(): { readonly invariant: 'edits-not-lost'; readonly what: string } | undefined {
    for (const later of this.answered) {
      const { table, key } = later.request;
      const op = textIn(this.#world.primary.peek(table, key.pk, key.sk), 'op');
      const again = this.answered.findLast(({ outcome }) => outcome.op === op && !outcome.repeated);
      const undone = this.answered.find(
        (earlier) =>
          earlier.outcome.op === op &&
          op !== later.outcome.op &&
          nameOf(earlier.request) === nameOf(later.request) &&
          earlier.outcome.replication === 'both' &&
          later.outcome.replication === 'both' &&
          !later.outcome.repeated &&
          earlier.endedMs < later.startedMs &&
          (again?.startedMs ?? 0) - earlier.endedMs < REMEMBERED_MS,
      );
      if (undone !== undefined) {
        return {
          invariant: 'edits-not-lost',
          what: `${key.sk} is again what ${op} wrote, although ${later.outcome.op} came after it`,
        };
      }
    }
    return undefined;
  }
}
