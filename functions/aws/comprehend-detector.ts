/**
 * Personal data by Amazon Comprehend of the own Region (`DetectPiiEntities`). One document goes in pieces of bounded size; a call that
 * does not get through makes the document undetected, never the cycle fail, and after a few of them the rest is not tried any more.
 */
import { ComprehendClient, DetectPiiEntitiesCommand, type PiiEntity } from '@aws-sdk/client-comprehend';

import { LIMITS } from '../domain/limits.ts';
import type { DetectedSpan, Detection, PersonalDataDetector } from '../ingest/redact/detector.ts';
import { boundedCall, clientOptions, type ClientTarget } from './client-options.ts';

/** The languages that the service looks for personal data in. */
export const DETECTED_LANGUAGES = ['en', 'es'] as const;

export type DetectedLanguage = (typeof DETECTED_LANGUAGES)[number];

export const isDetectedLanguage = (text: string): text is DetectedLanguage =>
  DETECTED_LANGUAGES.some((language) => language === text);

/**
 * What people want to have out of a map of systems. Addresses of machines, links, dates and ages are what runbooks are made of, and
 * stay.
 */
const LEFT: ReadonlySet<string> = new Set(['URL', 'DATE_TIME', 'AGE', 'IP_ADDRESS', 'MAC_ADDRESS', 'USERNAME']);

/** Below this it is a guess: a product that is called like a person. */
const SCORE_MIN = 0.8;

/** Raised when the kinds or the score change: everything is redacted again then. */
const VERSION = 1;

const GIVEN_UP = 'GivenUp';

interface Piece {
  readonly start: number;
  readonly text: string;
}

/** Pieces of bounded size; they end where a line ends, and inside of one only where it is longer than a piece. */
const piecesOf = (text: string, bytesMax: number): readonly Piece[] => {
  const pieces: Piece[] = [];
  let start = 0;
  while (start < text.length) {
    // No character of UTF-16 takes more than three bytes of UTF-8.
    let end = Math.min(text.length, start + Math.floor(bytesMax / 3));
    if (end < text.length) {
      const line = text.lastIndexOf('\n', end - 1) + 1;
      const isPair = /[\uD800-\uDBFF]/u.test(text.charAt(end - 1));
      end = line > start ? line : isPair ? end - 1 : end;
    }
    pieces.push({ start, text: text.slice(start, end) });
    start = end;
  }
  return pieces;
};

/** The service counts characters as Unicode does; a string counts some of them twice. */
const unitsAt = (text: string): ((characters: number) => number) => {
  const starts: number[] = [];
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    starts.push(at);
  }
  return (characters) => starts[characters] ?? text.length;
};

const spansOf = (entities: readonly PiiEntity[], text: string, start: number): readonly DetectedSpan[] => {
  const at = unitsAt(text);
  return entities.flatMap(({ Type, Score, BeginOffset, EndOffset }) =>
    Type === undefined ||
    BeginOffset === undefined ||
    EndOffset === undefined ||
    LEFT.has(Type) ||
    (Score ?? 0) < SCORE_MIN
      ? []
      : [
          {
            start: start + at(BeginOffset),
            end: start + at(EndOffset),
            kind: Type.toLowerCase().replaceAll('_', '-'),
          },
        ],
  );
};

/** Opened once for each execution environment; one detector for each invocation, so that a new one tries again. */
export const openComprehend = (target: ClientTarget, language: DetectedLanguage): (() => PersonalDataDetector) => {
  const client = new ComprehendClient(clientOptions(target));
  return () => new ComprehendDetector(client, target.bounds.callTimeoutMs, language);
};

class ComprehendDetector implements PersonalDataDetector {
  readonly name: string;
  readonly #client: ComprehendClient;
  readonly #callTimeoutMs: number;
  readonly #language: DetectedLanguage;
  #failuresInRow = 0;

  constructor(client: ComprehendClient, callTimeoutMs: number, language: DetectedLanguage) {
    this.name = `comprehend-${String(VERSION)}-${language}`;
    this.#client = client;
    this.#callTimeoutMs = callTimeoutMs;
    this.#language = language;
  }

  async detect(text: string, signal: AbortSignal): Promise<Detection> {
    const spans: DetectedSpan[] = [];
    for (const piece of piecesOf(text, LIMITS.detectTextBytesMax)) {
      const detection = await this.#detectPiece(piece, signal);
      if (detection.kind === 'unavailable') {
        return detection;
      }
      spans.push(...detection.spans);
    }
    return { kind: 'found', spans };
  }

  async #detectPiece({ start, text }: Piece, signal: AbortSignal): Promise<Detection> {
    if (text.trim() === '') {
      return { kind: 'found', spans: [] };
    }
    if (this.#failuresInRow >= LIMITS.detectFailuresMax) {
      return { kind: 'unavailable', code: GIVEN_UP };
    }
    const answer = await boundedCall(this.#callTimeoutMs, async ({ abortSignal }) =>
      this.#client.send(new DetectPiiEntitiesCommand({ Text: text, LanguageCode: this.#language }), {
        abortSignal: AbortSignal.any([abortSignal, signal]),
      }),
    );
    this.#failuresInRow = answer.kind === 'failed' ? this.#failuresInRow + 1 : 0;
    return answer.kind === 'failed'
      ? { kind: 'unavailable', code: answer.failure.code }
      : { kind: 'found', spans: spansOf(answer.value.Entities ?? [], text, start) };
  }
}
