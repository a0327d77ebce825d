/**
 * Comprehend of one local Region, as far as finding personal data goes: AwsJson1_1, with the service's limits and its way of counting
 * characters. No model is here: a person is two words with capitals after a title, or one of a few well-known names.
 */
import {
  parseJsonObject,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';

const BODY_BYTES_MAX = 512 * 1024;
const TEXT_BYTES_MAX = 100 * 1024;
const LANGUAGES: ReadonlySet<unknown> = new Set(['en', 'es']);

const FOUND: readonly { readonly type: string; readonly score: number; readonly pattern: RegExp }[] = [
  {
    type: 'NAME',
    score: 0.99,
    pattern: /(?:(?<=(?:Mr|Mrs|Ms|Dr)\. )\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+|Ada Lovelace|Grace Hopper|Alan Turing)/gu,
  },
  { type: 'ADDRESS', score: 0.97, pattern: /\d{1,4} \p{Lu}\p{Ll}+ (?:Street|Road|Avenue)/gu },
  { type: 'DATE_TIME', score: 0.99, pattern: /\d{4}-\d{2}-\d{2}/gu },
  { type: 'NAME', score: 0.4, pattern: /\bAurora\b/gu },
];

/** As Unicode counts: what takes two units of a string is one. */
const charactersIn = (text: string): number => text.length - (text.match(/[\u{10000}-\u{10FFFF}]/gu)?.length ?? 0);

const entitiesIn = (text: string): readonly object[] =>
  FOUND.flatMap(({ type, score, pattern }) =>
    [...text.matchAll(pattern)].map(({ 0: found, index }) => {
      const begin = charactersIn(text.slice(0, index));
      return { Type: type, Score: score, BeginOffset: begin, EndOffset: begin + charactersIn(found) };
    }),
  );

const detect = (request: ServiceRequest): ServiceReply => {
  const { Text: text, LanguageCode: language } = parseJsonObject(request.body) ?? {};
  if (typeof text !== 'string' || text === '') {
    throw new WireError(400, 'InvalidRequestException', 'Text is missing or empty.');
  }
  if (!LANGUAGES.has(language)) {
    throw new WireError(400, 'UnsupportedLanguageException', 'Personal data is found in en and es.');
  }
  if (Buffer.byteLength(text) > TEXT_BYTES_MAX) {
    throw new WireError(400, 'TextSizeLimitExceededException', 'Input text size exceeds the limit.');
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ Entities: entitiesIn(text) }),
  };
};

export const openComprehend = (): ServiceBackend => ({
  service: 'comprehend',
  bodyBytesMax: BODY_BYTES_MAX,
  operationOf: ({ headers }) => {
    const target = headers['x-amz-target'];
    return typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'Unknown';
  },
  permissionsOf: (operation): readonly Permission[] => [{ action: `comprehend:${operation}`, resource: '*' }],
  handle: async (operation, request) =>
    operation === 'DetectPiiEntities'
      ? detect(request)
      : failureReply('comprehend', 'unknown', `The local Comprehend has no operation ${operation}.`),
});
