/**
 * The `Idempotency-Key` of a write. It becomes the id of the write (`op`), bound to its caller: the same request sent twice, or
 * to both Regions, is one write, and two callers who chose the same key never meet.
 */
import type { Principal } from '../domain/access.ts';
import { LIMITS } from '../domain/limits.ts';
import { sha256Hex } from '../stores/envelope.ts';
import { problem } from './answer.ts';
import type { Parameters } from './parameters.ts';

/** Visible ASCII without `|`, which divides the parts of a version. */
const KEY_PATTERN = /^[!-{}~]+$/u;
const CALLER_DIGITS = 12;

export const readIdempotencyKey = (header: string | undefined): Parameters<string | undefined> =>
  header === undefined || (header.length <= LIMITS.idempotencyKeyCharsMax && KEY_PATTERN.test(header))
    ? { kind: 'read', value: header }
    : {
        kind: 'refused',
        answer: problem(400, 'bad-idempotency-key', {
          what: "the header idempotency-key can't be taken",
          why: `It is one text of 1 to ${LIMITS.idempotencyKeyCharsMax} visible ASCII characters, without spaces and "|".`,
          next: 'Send a new random id for every change, and the same one again with every repetition of it.',
        }),
      };

export const opOf = (key: string, caller: Principal): string =>
  `${key}.${sha256Hex(caller.id).slice(0, CALLER_DIGITS)}`;
