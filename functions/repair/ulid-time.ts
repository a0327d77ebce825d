/** The time in a ULID (its first ten characters, Crockford's base 32), in ms since 1970; undefined where the text is none. */
import { decodeTime, isValid } from 'ulid';

export const decodeUlidTime = (text: string): number | undefined => (isValid(text) ? decodeTime(text) : undefined);
