/**
 * The time in a ULID (its first ten characters, Crockford's base 32), in ms since 1970; undefined where the text is none, or
 * names a time that no ULID can hold (48 bits end within the digit 7).
 */
import { decodeTime, isValid } from 'ulid';

export const decodeUlidTime = (text: string): number | undefined =>
  isValid(text) && text < '8' ? decodeTime(text) : undefined;
