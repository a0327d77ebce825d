/** A table as CSV, for a spreadsheet. What comes from outside stays text in it, and a table that is not whole says so in its last row. */
import { plain } from './words.ts';

export type CsvValue = string | number | undefined;

/** Also as wide letters: some spreadsheets read them alike. */
const FORMULA = /^[=+\-@＝＋－＠]/u;
const QUOTED = /[",\n\r;']/u;

/**
 * A spreadsheet runs what begins like a formula; an apostrophe makes it text. It may first take off spaces and what is not seen, so
 * that is taken off here before it is looked at, and quotes come last: they are the file's and not the field's.
 */
export const csvField = (value: CsvValue): string => {
  if (typeof value === 'number') {
    return value.toString();
  }
  const text = plain(value ?? '').trim();
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** `lacks`: what is missing in it, in sentences. */
export const csvTable = (
  columns: readonly string[],
  rows: readonly (readonly CsvValue[])[],
  lacks: readonly string[],
): string =>
  [columns, ...rows, ...lacks.map((sentence) => [sentence]), []]
    .map((row) => row.map((value) => csvField(value)).join(','))
    .join('\r\n');
