/** A binary heap of what happens when, ordered by (virtual time, tie-break): the seed decides what is first among equals. */

export interface KernelEvent {
  readonly at: number;
  readonly tie: number;
  readonly run: () => void;
}

const isBefore = (left: KernelEvent, right: KernelEvent): boolean =>
  left.at < right.at || (left.at === right.at && left.tie < right.tie);

export class EventHeap {
  readonly #events: KernelEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  peek(): KernelEvent | undefined {
    return this.#events[0];
  }

  push(event: KernelEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || !isBefore(event, parent)) {
        break;
      }
      events[at] = parent;
      at = above;
    }
    events[at] = event;
  }

  pop(): KernelEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first !== undefined && last !== undefined && events.length > 0) {
      this.#sink(last);
    }
    return first;
  }

  #sink(event: KernelEvent): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      const left = events[2 * at + 1];
      const right = events[2 * at + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = child === 2 * at + 2 ? right : left;
      if (below === undefined || !isBefore(below, event)) {
        break;
      }
      events[at] = below;
      at = child;
    }
    events[at] = event;
  }
}
