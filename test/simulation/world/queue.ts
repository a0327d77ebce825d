/**
 * One Region's FIFO queue with its Lambda trigger: a group has at most one message in work, a message that was not finished
 * comes again after its visibility time-out, and after a few times no more.
 */
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { Kernel } from '../kernel/kernel.ts';

export interface QueuedMessage {
  readonly id: number;
  readonly group: string;
  readonly body: string;
  receives: number;
}

export interface SimQueueOptions {
  readonly kernel: Kernel;
  /** Starts an invocation; the queue learns of its end by `finish`. */
  readonly deliver: (message: QueuedMessage, receives: number) => void;
  /** Says whether the Region's functions run at all. */
  readonly isDark: () => boolean;
}

/** As `infra/components/queues.ts` declares it. */
const VISIBILITY_MS = 6 * LIMITS.syncTimeoutSeconds * 1000;
const RECEIVES_MAX = 3;
const DEDUPE_MS = 5 * 60_000;
const POLL_MS = 20;
const DARK_POLL_MS = 60_000;

export class SimQueue {
  readonly #options: SimQueueOptions;
  readonly #groups = new Map<string, QueuedMessage[]>();
  readonly #inWork = new Map<string, QueuedMessage>();
  readonly #seen = new Map<string, number>();
  #messages = 0;

  constructor(options: SimQueueOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#inWork.size === 0 && [...this.#groups.values()].every((messages) => messages.length === 0);
  }

  send(group: string, dedupe: string, body: string): void {
    const { kernel } = this.#options;
    if (kernel.nowMs - (this.#seen.get(dedupe) ?? -Infinity) < DEDUPE_MS) {
      return;
    }
    this.#seen.set(dedupe, kernel.nowMs);
    this.#messages += 1;
    const messages = this.#groups.get(group) ?? [];
    this.#groups.set(group, messages);
    messages.push({ id: this.#messages, group, body, receives: 0 });
    kernel.after(POLL_MS, () => {
      this.#poll(group);
    });
  }

  /** The invocation ended well: the message is gone. */
  finish(message: QueuedMessage): void {
    const messages = this.#groups.get(message.group) ?? [];
    if (this.#inWork.get(message.group) === message) {
      this.#inWork.delete(message.group);
      messages.splice(messages.indexOf(message), 1);
      this.#options.kernel.after(POLL_MS, () => {
        this.#poll(message.group);
      });
    }
  }

  /** A second delivery beside the first: what "at least once" allows. */
  deliverAgain(message: QueuedMessage): void {
    if (this.#inWork.get(message.group) === message) {
      message.receives += 1;
      this.#hide(message);
      this.#options.deliver(message, message.receives);
    }
  }

  /** It shows again when its last receiver has not finished it in time. */
  #hide(message: QueuedMessage): void {
    const { group, receives } = message;
    this.#options.kernel.after(VISIBILITY_MS, () => {
      if (this.#inWork.get(group) === message && message.receives === receives) {
        this.#inWork.delete(group);
        this.#poll(group);
      }
    });
  }

  #poll(group: string): void {
    const { kernel, isDark, deliver } = this.#options;
    const messages = this.#groups.get(group) ?? [];
    const next = messages[0];
    if (next === undefined || this.#inWork.has(group)) {
      return;
    }
    if (isDark()) {
      kernel.after(DARK_POLL_MS, () => {
        this.#poll(group);
      });
      return;
    }
    if (next.receives >= RECEIVES_MAX) {
      messages.shift();
      this.#poll(group);
      return;
    }
    next.receives += 1;
    this.#inWork.set(group, next);
    this.#hide(next);
    deliver(next, next.receives);
  }
}
