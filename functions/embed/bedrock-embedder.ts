/**
 * Embeds with Titan Text Embeddings V2 on Bedrock, in the home Region and nowhere else. One text a call, a bounded number at once;
 * throttles are waited out within the caller's signal, and every other failure is a value that says what to do.
 */
import { BedrockRuntimeClient, InvokeModelCommand, ValidationException } from '@aws-sdk/client-bedrock-runtime';

import { clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { classifyFailure, done, type Failure, failed, isNameFailure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { blankVector, cutText, isTooLong, readReply, requestBody } from './bedrock-body.ts';
import type { BedrockModel } from './bedrock-model.ts';
import { Pace, type PaceOptions } from './bedrock-pace.ts';
import type { Embedder } from './embedder.ts';

export type EmbedNote = 'cut' | 'throttled' | 'retried';

export interface BedrockEmbedderOptions extends PaceOptions {
  /** Of the home Region; its bounds are those of one call. */
  readonly target: ClientTarget;
  readonly model: BedrockModel;
  /** How long to go on while nobody gets an answer. */
  readonly patienceMs: number;
  /** Told of each text that was cut and each call that is made again; for metrics. */
  readonly note: (what: EmbedNote) => void;
}

const ABORTED: Failure = { reason: 'unreachable', code: 'AbortError', message: 'embedding was given up' };

const RETRY_BASE_MS = 100;

/** Codes that only Bedrock has, or means in its own way. */
const REASONS: Readonly<Record<string, Failure['reason']>> = {
  ModelNotReadyException: 'throttled',
  ServiceQuotaExceededException: 'throttled',
  ModelTimeoutException: 'unreachable',
  ModelErrorException: 'unreachable',
};

type Answer = { readonly kind: 'too-long' } | Result<Float32Array>;

class BedrockEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions: number;
  readonly #options: BedrockEmbedderOptions;
  readonly #client: BedrockRuntimeClient;
  readonly #pace: Pace;

  constructor(options: BedrockEmbedderOptions) {
    this.#options = options;
    this.model = options.model.model;
    this.dimensions = options.model.dimensions;
    this.#pace = new Pace(options);
    const target = { ...options.target, bounds: { ...options.target.bounds, attemptsMax: 1 } };
    // A bearer token in the environment would take the place of the function's role.
    this.#client = new BedrockRuntimeClient({ ...clientOptions(target), authSchemePreference: ['sigv4'] });
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Result<readonly Float32Array[]>> {
    const failures: Failure[] = [];
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const embedded = await Promise.all(
      texts.map(async (text) => {
        const one = await this.#embedOne(text, either);
        if (one.kind === 'failed') {
          // The first one is the cause; the others are then only given up.
          failures.push(one.failure);
          stop.abort();
        }
        return one;
      }),
    );
    const [failure] = failures;
    return failure === undefined
      ? done(embedded.flatMap((one) => (one.kind === 'done' ? [one.value] : [])))
      : failed(failure);
  }

  async #embedOne(text: string, signal: AbortSignal): Promise<Result<Float32Array>> {
    if (text.trim() === '') {
      return signal.aborted ? failed(ABORTED) : done(blankVector(this.#options.model));
    }
    const startedAtMs = this.#options.now();
    let input = this.#cut(text.toWellFormed(), LIMITS.embedTextCharsMax);
    let cuts = 0;
    let losses = 0;
    for (;;) {
      const answer = await this.#askInTurn(input, signal);
      if (answer.kind === 'done') {
        return answer;
      }
      if (answer.kind === 'too-long') {
        cuts += 1;
        if (cuts > LIMITS.embedCutsMax) {
          const message = 'the model takes no beginning of this text; its limit in tokens is not what it was';
          return failed({ reason: 'refused', code: 'TextTooLong', message });
        }
        input = this.#cut(input, Math.ceil(input.length / 2));
      } else {
        losses += answer.failure.reason === 'throttled' ? 0 : 1;
        if (signal.aborted || !this.#isWorthAnother(answer.failure, losses, startedAtMs)) {
          return answer;
        }
        this.#options.note(answer.failure.reason === 'throttled' ? 'throttled' : 'retried');
        if (!(await this.#rested(losses, signal))) {
          return answer;
        }
      }
    }
  }

  #isWorthAnother({ reason, code }: Failure, losses: number, startedAtMs: number): boolean {
    if (reason === 'throttled') {
      const sinceMs = Math.max(startedAtMs, this.#pace.answeredAtMs);
      return this.#options.now() - sinceMs < this.#options.patienceMs;
    }
    return reason === 'unreachable' && !isNameFailure({ code }) && losses < LIMITS.embedAttemptsMax;
  }

  /** After a loss only: a throttle makes everybody rest, in the pace. Answers whether there is still somebody to ask for. */
  async #rested(losses: number, signal: AbortSignal): Promise<boolean> {
    try {
      if (losses > 0) {
        await this.#options.sleep(RETRY_BASE_MS * losses, signal);
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
    return !signal.aborted;
  }

  async #askInTurn(input: string, signal: AbortSignal): Promise<Answer> {
    if ((await this.#pace.take(signal)) === 'aborted') {
      return failed(ABORTED);
    }
    const answer = await this.#ask(input, signal);
    const isThrottled = answer.kind === 'failed' && answer.failure.reason === 'throttled';
    const unthrottled = answer.kind === 'failed' ? 'unanswered' : 'answered';
    this.#pace.give(isThrottled ? 'throttled' : unthrottled);
    return answer;
  }

  async #ask(input: string, signal: AbortSignal): Promise<Answer> {
    const { model, target } = this.#options;
    const command = new InvokeModelCommand({
      modelId: model.model,
      contentType: 'application/json',
      accept: 'application/json',
      body: requestBody(input, model),
    });
    try {
      const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(target.bounds.callTimeoutMs)]);
      const { body } = await this.#client.send(command, { abortSignal });
      return readReply(body, model);
    } catch (error) {
      if (error instanceof ValidationException && isTooLong(error.message)) {
        return { kind: 'too-long' };
      }
      return failed(this.#explain(classifyFailure(error)));
    }
  }

  /** Bedrock's own words quote the role; what is to be done is said instead. */
  #explain(failure: Failure): Failure {
    const { code } = failure;
    const where = `${this.model} in ${this.#options.target.region}`;
    if (code === 'AccessDeniedException') {
      const message = `model access not granted: enable ${where} for this account, and allow bedrock:InvokeModel on it to the function's role`;
      return { reason: 'refused', code, message };
    }
    if (code === 'ResourceNotFoundException') {
      return { reason: 'refused', code, message: `there is no model ${where}; choose a Region that offers it` };
    }
    return { ...failure, reason: REASONS[code] ?? failure.reason };
  }

  #cut(text: string, charsMax: number): string {
    const cut = cutText(text, charsMax);
    if (cut.length < text.length) {
      this.#options.note('cut');
    }
    return cut;
  }
}

export const createBedrockEmbedder = (options: BedrockEmbedderOptions): Embedder => new BedrockEmbedder(options);
