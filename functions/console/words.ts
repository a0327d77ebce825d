/** How the console writes times, ages and numbers: the same on every page, and with the zone. */

const SECOND_MS = 1000;
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

export const duration = (durationMs: number): string => {
  const seconds = Math.max(0, Math.round(durationMs / SECOND_MS));
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
};

/** `2026-11-22 09:14:03 UTC`. */
export const moment = (atMs: number): string => {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

export const ago = (atMs: number, nowMs: number): string =>
  atMs > nowMs + SECOND_MS ? `in ${duration(atMs - nowMs)}` : `${duration(nowMs - atMs)} ago`;

export const count = (value: number): string => value.toLocaleString('en-US');

export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** Control and direction characters change what a person sees, and say nothing. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export const plain = (text: string): string => text.replaceAll(UNSEEN, ' ');

export const shortened = (text: string, charsMax: number): string => {
  const chars = Array.from(plain(text));
  return chars.length > charsMax ? `${chars.slice(0, charsMax - 1).join('')}…` : chars.join('');
};

/** With a capital at its begin and a full stop at its end; the name of a Region stays as it is written. */
export const sentence = (text: string): string => {
  const shown = plain(text).trim();
  const begin = /^[a-z]+-[a-z]+-\d/u.test(shown) ? shown.charAt(0) : shown.charAt(0).toUpperCase();
  return `${begin}${shown.slice(1)}${/[.!?]$/u.test(shown) ? '' : '.'}`;
};
