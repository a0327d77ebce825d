/**
 * Extraction in a worker that is ended when a file takes too long or too much memory. One worker serves one file after the other; after
 * an end the next file gets a new one.
 */
import { Worker } from 'node:worker_threads';

import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import { codeOf } from '../git/git-trouble.ts';
import type { ExtractedText, OfficeFile, TextExtractor } from './extractor.ts';

export interface WorkerExtractorOptions {
  /** The built `extract-worker`: where it lies is known to whoever builds the function. */
  readonly workerUrl: URL;
  readonly timeoutMs?: number;
  readonly heapBytesMax?: number;
}

const MIB = 1024 * 1024;
const ENDINGS = /\.(?:docx|pptx|xlsx|pdf)$/iu;

const extractedSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('skip'), reason: z.enum(['too-large', 'undecodable', 'binary']) }),
]);

const TOO_LARGE: ExtractedText = { kind: 'skip', reason: 'too-large' };
const UNDECODABLE: ExtractedText = { kind: 'skip', reason: 'undecodable' };

class WorkerExtractor implements TextExtractor {
  readonly #options: WorkerExtractorOptions;
  #worker: Worker | null = null;
  /** Files wait for each other: memory is bounded for one. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerExtractorOptions) {
    this.#options = options;
  }

  takes(name: string): boolean {
    return ENDINGS.test(name);
  }

  async extract(file: OfficeFile, signal: AbortSignal): Promise<ExtractedText> {
    const before = this.#last;
    const turn = Promise.withResolvers<undefined>();
    this.#last = turn.promise;
    try {
      await before;
      signal.throwIfAborted();
      return file.bytes.length > LIMITS.extractInputBytesMax ? TOO_LARGE : await this.#run(file, signal);
    } finally {
      turn.resolve(undefined);
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  async #run({ name, bytes }: OfficeFile, signal: AbortSignal): Promise<ExtractedText> {
    const worker = this.#open();
    const { promise, resolve, reject } = Promise.withResolvers<ExtractedText>();
    const onMessage = (message: unknown): void => {
      const parsed = extractedSchema.safeParse(message);
      resolve(parsed.success ? parsed.data : UNDECODABLE);
    };
    const onError = (error: unknown): void => {
      this.#worker = null;
      resolve(codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY' ? TOO_LARGE : UNDECODABLE);
    };
    const onAbort = (): void => {
      reject(signal.reason);
    };
    const { timeoutMs = LIMITS.extractTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      resolve(UNDECODABLE);
      void this.#end();
    }, timeoutMs);
    worker.on('message', onMessage).on('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.postMessage({ name, bytes: new Uint8Array(bytes) }, []);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError);
      if (signal.aborted) {
        await this.#end();
      }
    }
  }

  #open(): Worker {
    const { workerUrl, heapBytesMax = LIMITS.extractHeapBytesMax } = this.#options;
    this.#worker ??= new Worker(workerUrl, {
      // Nothing of this process's secrets is in reach of a library that reads strangers' files.
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytesMax / MIB) },
    });
    this.#worker.unref();
    return this.#worker;
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

export const createWorkerExtractor = (options: WorkerExtractorOptions): TextExtractor => new WorkerExtractor(options);
