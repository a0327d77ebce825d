/**
 * Between a process and a service: whether a call arrives, when, and whether its answer comes back. Troubles are windows of
 * time that the adversary opens; within one, chance is drawn from the calling process's own stream.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Call, Link } from '../stores/clients.ts';
import type { SimProcess } from './process.ts';

export type Service = 'dynamodb' | 's3vectors' | 'appconfig' | 'queue';

export type TroubleMode =
  /** Nobody listens: fails at once, nothing is applied. */
  | 'refuse'
  /** Nothing comes back, nothing arrives. */
  | 'black-hole'
  /** Applied, and the answer is lost: a time-out. */
  | 'lost-reply'
  /** A time-out, and applied later: milliseconds to hours. */
  | 'late'
  /** Applied, and the connection broke: the client sends it again. */
  | 'reset'
  | 'throttle'
  /** A 500 from the service; applied or not, a batch perhaps in part. */
  | 'error'
  | 'slow';

export interface Trouble {
  readonly mode: TroubleMode;
  /** Absent: from wherever. */
  readonly from?: string;
  readonly to: string;
  /** Absent: every service of the Region. */
  readonly service?: Service;
  readonly probability: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

type Fate = TroubleMode | 'arrives';

const ATTEMPTS_MAX = 2;
const RETRY_MS = 60;

class NetworkError extends Error {
  readonly code: string;
  readonly $metadata: { readonly httpStatusCode?: number };

  constructor(name: string, status?: number) {
    super(`simulated ${name}`);
    this.name = name;
    this.code = name;
    this.$metadata = status === undefined ? {} : { httpStatusCode: status };
  }
}

const throttled = (service: Service): NetworkError =>
  service === 's3vectors'
    ? new NetworkError('TooManyRequestsException', 429)
    : new NetworkError('ThrottlingException', 400);

export interface NetworkOptions {
  readonly kernel: Kernel;
  readonly note: (text: () => string) => void;
  /** Something in the simulation itself broke; no seed may go on. */
  readonly onDefect: (error: Error) => void;
  readonly longestLateMs: number;
}

/** Latency within a Region and between two, in ms. */
const NEAR_MS = [1, 6] as const;
const FAR_MS = [25, 50] as const;

/** Mostly soon after the time-out, at times hours later. */
const lateMs = (process: SimProcess, longestMs: number): number => {
  const most = process.random.weighted([
    [200, 3],
    [20_000, 3],
    [15 * 60_000, 3],
    [6 * 3_600_000, 2],
  ]);
  return process.random.between(1, Math.min(most, longestMs));
};

interface Sending {
  readonly process: SimProcess;
  readonly to: string;
  readonly service: Service;
  readonly call: Call;
  readonly deadlineMs: number;
  attempts: number;
  isSettled: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Network {
  troubles: Trouble[] = [];
  readonly #options: NetworkOptions;
  /** Writes on their way although their process has given up on them: they arrive, whatever happens. */
  readonly #late = new Set<{ isSent: boolean; readonly apply: () => void }>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Ends all trouble; what is still on its way arrives within the given time. */
  heal(withinMs: number, delay: () => number): void {
    this.troubles = [];
    for (const late of this.#late) {
      this.#options.kernel.after(Math.min(delay(), withinMs), late.apply);
    }
  }

  /** How a process reaches one service of one Region. `timeoutMs` is asked at each call. */
  link(process: SimProcess, to: string, service: Service, timeoutMs: () => number): Link {
    return async (call) =>
      new Promise((resolve, reject) => {
        if (!process.maySend()) {
          return;
        }
        const deadlineMs = this.#options.kernel.nowMs + timeoutMs();
        this.#send({ process, to, service, call, deadlineMs, attempts: 0, isSettled: false, resolve, reject });
      });
  }

  isBlocked(from: string, to: string, service: Service): boolean {
    const now = this.#options.kernel.nowMs;
    return this.troubles.some(
      (trouble) =>
        trouble.fromMs <= now &&
        now < trouble.untilMs &&
        trouble.to === to &&
        (trouble.from ?? from) === from &&
        (trouble.service ?? service) === service &&
        (trouble.mode === 'refuse' || trouble.mode === 'black-hole') &&
        trouble.probability === 1,
    );
  }

  #fate({ process, to, service }: Sending): Fate {
    const now = this.#options.kernel.nowMs;
    for (const trouble of this.troubles) {
      const applies =
        trouble.fromMs <= now &&
        now < trouble.untilMs &&
        trouble.to === to &&
        (trouble.from ?? process.region) === process.region &&
        (trouble.service ?? service) === service;
      if (applies && (trouble.probability === 1 || process.random.chance(trouble.probability))) {
        return trouble.mode;
      }
    }
    return 'arrives';
  }

  #latency(process: SimProcess, to: string): number {
    const [low, high] = process.region === to ? NEAR_MS : FAR_MS;
    return process.random.between(low, high);
  }

  #send(sending: Sending): void {
    const { kernel } = this.#options;
    const { process, to, service, call } = sending;
    sending.attempts += 1;
    const fate = this.#fate(sending);
    const there = this.#latency(process, to) + (fate === 'slow' ? process.random.between(300, 6000) : 0);
    if (fate !== 'arrives') {
      this.#options.note(() => `${process.name} ${fate}: ${service}@${to} ${call.operation} ${call.about()}`);
    }
    switch (fate) {
      case 'arrives':
      case 'slow': {
        this.#deliver(sending, there);
        break;
      }
      case 'refuse': {
        this.#retryOr(sending, there, new NetworkError('ECONNREFUSED'));
        break;
      }
      case 'throttle': {
        this.#retryOr(sending, there, throttled(service));
        break;
      }
      case 'black-hole': {
        this.#timeOut(sending);
        break;
      }
      case 'lost-reply': {
        this.#applyLater(sending, there);
        this.#timeOut(sending);
        break;
      }
      case 'late': {
        this.#applyLater(sending, sending.deadlineMs - kernel.nowMs + lateMs(process, this.#options.longestLateMs));
        this.#timeOut(sending);
        break;
      }
      case 'reset': {
        this.#applyLater(sending, there);
        this.#retryOr(sending, there + 1, new NetworkError('ECONNRESET'));
        break;
      }
      case 'error': {
        const part = process.random.weighted([
          ['none', 1],
          ['some', 1],
          ['all', 1],
        ]);
        const { applyPart } = call;
        if (part === 'all' || (part === 'some' && applyPart !== undefined)) {
          const applied = part === 'some' && applyPart !== undefined ? { ...call, apply: applyPart } : call;
          this.#applyLater({ ...sending, call: applied }, there);
        }
        this.#retryOr(sending, there + 1, new NetworkError('InternalServerError', 500));
        break;
      }
    }
  }

  /**
   * Most reads are answered where they arrive, in one event: what they saw may be old by the time that anything is made of it
   * all the same. The others, and all writes, take their way back too, and may lose the answer on it.
   */
  #deliver(sending: Sending, there: number): void {
    const { kernel } = this.#options;
    const { process, to, service, call } = sending;
    const back = this.#latency(process, to);
    const isOneEvent = !call.isWrite && kernel.nowMs + there + back <= sending.deadlineMs && process.random.chance(0.8);
    kernel.after(isOneEvent ? there + back : there, () => {
      if (sending.isSettled || this.isBlocked(process.region, to, service)) {
        this.#timeOut(sending);
        return;
      }
      if (service === 'dynamodb' && !call.isWrite) {
        process.hasRead.add(to);
      }
      const outcome = this.#apply(sending);
      if (isOneEvent) {
        this.#settle(sending, outcome);
      } else {
        this.#answer(sending, back, outcome);
      }
    });
  }

  #answer(sending: Sending, back: number, outcome: () => unknown): void {
    const { kernel } = this.#options;
    const { process, to, service, call } = sending;
    if (kernel.nowMs + back > sending.deadlineMs) {
      this.#timeOut(sending);
      return;
    }
    kernel.after(back, () => {
      if (this.isBlocked(process.region, to, service)) {
        this.#options.note(() => `${process.name} lost the reply: ${service}@${to} ${call.operation} ${call.about()}`);
        this.#timeOut(sending);
      } else {
        this.#settle(sending, outcome);
      }
    });
  }

  /** Applies at a service, whatever became of the caller. */
  #apply({ process, to, service, call }: Sending): () => unknown {
    try {
      const value = call.apply();
      this.#options.kernel.mark(call.operation);
      if (call.isWrite) {
        this.#options.note(() => `${process.name} applied: ${service}@${to} ${call.operation} ${call.about()}`);
      }
      return () => value;
    } catch (error) {
      if (!(error instanceof Error) || !('$metadata' in error)) {
        this.#options.onDefect(error instanceof Error ? error : new Error(String(error)));
      } else if (call.isWrite) {
        this.#options.note(() => `${process.name} ${error.name}: ${service}@${to} ${call.operation} ${call.about()}`);
      }
      return () => {
        throw error;
      };
    }
  }

  #applyLater(sending: Sending, delayMs: number): void {
    if (!sending.call.isWrite) {
      return;
    }
    const late = {
      isSent: false,
      apply: (): void => {
        if (!late.isSent) {
          late.isSent = true;
          this.#late.delete(late);
          this.#apply(sending);
        }
      },
    };
    this.#late.add(late);
    this.#options.kernel.after(delayMs, late.apply);
  }

  #retryOr(sending: Sending, afterMs: number, error: Error): void {
    const { kernel } = this.#options;
    const goesOn = sending.attempts < ATTEMPTS_MAX && kernel.nowMs + afterMs + RETRY_MS < sending.deadlineMs;
    kernel.after(goesOn ? afterMs + RETRY_MS : afterMs, () => {
      if (goesOn && sending.process.isAlive) {
        this.#send(sending);
      } else {
        this.#settle(sending, () => {
          throw error;
        });
      }
    });
  }

  #timeOut(sending: Sending): void {
    this.#options.kernel.at(sending.deadlineMs, () => {
      this.#settle(sending, () => {
        throw new NetworkError('TimeoutError');
      });
    });
  }

  #settle(sending: Sending, outcome: () => unknown): void {
    if (sending.isSettled) {
      return;
    }
    sending.isSettled = true;
    if (!sending.process.mayReceive()) {
      return;
    }
    try {
      sending.resolve(outcome());
    } catch (error) {
      sending.reject(error);
    }
  }
}
