/**
 * Watches the memory and the temporary folder of one environment while it works, and says when it takes more than was
 * declared. Without it a function that fits a laptop, and not its declared memory, would first fail at the customer's.
 */
import { directoryBytes } from './directory-size.ts';
import { readProcessMemory } from './process-memory.ts';

const MIB = 1024 * 1024;
const MEMORY_POLL_MS = 75;
const STORAGE_POLL_MS_MIN = 250;
/** A walk over ten thousand files must not become the function's main cost: it may take a tenth of the time at most. */
const STORAGE_POLL_COST_FACTOR = 10;

export type Excess = 'memory' | 'storage';

export interface WatchOptions {
  readonly pid: number;
  readonly memoryMb: number;
  readonly directory: string;
  readonly storageMb: number;
  readonly onExcess: (excess: Excess) => void;
}

export interface ResourceWatch {
  stop(): void;
  /** So that a short invocation that took too much does not pass between two polls. */
  lastLook(): Promise<Excess | undefined>;
  readonly peakBytes: number;
}

class Watch implements ResourceWatch {
  readonly #options: WatchOptions;
  readonly #memoryTimer: NodeJS.Timeout;
  #storageTimer: NodeJS.Timeout;
  #peakBytes = 0;
  /** The kernel's mark may stem from an earlier invocation: it counts only when it grew during this one. */
  #markBytes: number | undefined;
  #stopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#memoryTimer = setInterval(() => {
      void this.#pollMemory();
    }, MEMORY_POLL_MS);
    this.#storageTimer = setTimeout(() => {
      void this.#pollStorage();
    }, STORAGE_POLL_MS_MIN);
    void this.#pollMemory();
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#memoryTimer);
    clearTimeout(this.#storageTimer);
  }

  async lastLook(): Promise<Excess | undefined> {
    this.stop();
    if (await this.#memoryExceeded()) {
      return 'memory';
    }
    return (await this.#storageExceeded()) ? 'storage' : undefined;
  }

  async #pollMemory(): Promise<void> {
    if ((await this.#memoryExceeded()) && !this.#stopped) {
      this.#options.onExcess('memory');
    }
  }

  async #pollStorage(): Promise<void> {
    const startedMs = performance.now();
    const exceeded = await this.#storageExceeded();
    if (this.#stopped) {
      return;
    }
    if (exceeded) {
      this.#options.onExcess('storage');
      return;
    }
    const costMs = performance.now() - startedMs;
    this.#storageTimer = setTimeout(
      () => {
        void this.#pollStorage();
      },
      Math.max(STORAGE_POLL_MS_MIN, costMs * STORAGE_POLL_COST_FACTOR),
    );
  }

  async #memoryExceeded(): Promise<boolean> {
    const memory = await readProcessMemory(this.#options.pid);
    if (memory === undefined) {
      return false;
    }
    this.#markBytes ??= memory.peakBytes;
    const grown = memory.peakBytes !== undefined && memory.peakBytes !== this.#markBytes;
    this.#peakBytes = Math.max(this.#peakBytes, memory.residentBytes, grown ? (memory.peakBytes ?? 0) : 0);
    return Math.max(memory.residentBytes, memory.peakBytes ?? 0) > this.#options.memoryMb * MIB;
  }

  async #storageExceeded(): Promise<boolean> {
    const bytesMax = this.#options.storageMb * MIB;
    return (await directoryBytes(this.#options.directory, bytesMax)) > bytesMax;
  }
}

export const watchResources = (options: WatchOptions): ResourceWatch => new Watch(options);
