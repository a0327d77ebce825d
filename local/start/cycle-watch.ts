/**
 * Reads the lines that the functions write, and keeps what a person and an exit code need: how each source's cycle ended,
 * how far it is, and what went wrong. Pure: lines in, state out.
 */

export interface CycleEnd {
  readonly source: string;
  /** `acknowledged`, `deferred`, `not-acknowledged`, `fenced`, `source-failed`, `passive`, `rejected`. */
  readonly outcome: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How one Region's dispatch ended: `passive` with the gate's reason, `dispatched`, or `queue-failed`. */
export interface DispatchEnd {
  readonly kind: string;
  readonly reason: string;
  readonly detail: string;
}

export interface Progress {
  readonly source: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
}

export interface CycleWatch {
  /** Takes one line; answers with progress where the line tells some. */
  take(text: string): Progress | undefined;
  ends(): readonly CycleEnd[];
  /** The last thing that the dispatch function said, by Region. */
  dispatches(): ReadonlyMap<string, DispatchEnd>;
  clear(): void;
}

type Line = Readonly<Record<string, unknown>>;

const parseLine = (text: string): Line | undefined => {
  if (!text.startsWith('{')) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    // A line of a library or a stack trace: printed elsewhere, means nothing here.
    return undefined;
  }
};

const textOf = (line: Line, name: string): string => (typeof line[name] === 'string' ? line[name] : '');
const numberOf = (line: Line, name: string): number => (typeof line[name] === 'number' ? line[name] : 0);

const progressOf = (line: Line): Progress | undefined => {
  switch (line['event']) {
    case 'source.progress': {
      const total = numberOf(line, 'total');
      return {
        source: textOf(line, 'source'),
        phase: textOf(line, 'phase') === 'listing' ? 'entries listed' : 'documents read',
        done: numberOf(line, 'done'),
        total: total > 0 ? total : undefined,
      };
    }
    case 'cycle.progress': {
      return {
        source: textOf(line, 'source'),
        phase: 'documents written',
        done: numberOf(line, 'changed') + numberOf(line, 'deleted'),
        total: undefined,
      };
    }
    default: {
      return undefined;
    }
  }
};

export const watchCycles = (): CycleWatch => {
  const ends = new Map<string, CycleEnd>();
  const dispatches = new Map<string, DispatchEnd>();
  return {
    take: (text) => {
      const line = parseLine(text);
      if (line === undefined) {
        return undefined;
      }
      if (line['event'] === 'cycle.finished' && line['outcome'] !== 'handed-over') {
        const source = textOf(line, 'source');
        ends.set(source, { source, outcome: textOf(line, 'outcome'), fields: line });
      }
      if (line['event'] === 'dispatch.finished') {
        dispatches.set(textOf(line, 'region'), {
          kind: textOf(line, 'kind'),
          reason: textOf(line, 'reason'),
          detail: textOf(line, 'detail'),
        });
      }
      return progressOf(line);
    },
    ends: () => [...ends.values()],
    dispatches: () => dispatches,
    clear: () => {
      ends.clear();
      dispatches.clear();
    },
  };
};
