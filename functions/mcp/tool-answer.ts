/**
 * From an answer of the API to the result of a tool: the same fields as structure and as text, together under what one answer of a
 * load balancer carries. What does not fit is cut at the end of the answer's one long list, and said so.
 */
import type { CallToolResult } from '@modelcontextprotocol/server';

import { isJsonFields, type JsonFields } from '../domain/json-fields.ts';
import { LIMITS } from '../domain/limits.ts';

const quoted = (text: string): string => JSON.stringify(text);

/** Structure, and the same again as text inside of JSON; a function hands all of it over as a text inside of JSON once more. */
const wireBytes = (value: unknown): number => {
  const text = JSON.stringify(value);
  return Buffer.byteLength(quoted(text)) + Buffer.byteLength(quoted(quoted(text)));
};

const isFitting = (value: unknown): boolean => wireBytes(value) <= LIMITS.agentAnswerBytesMax;

/** Undefined where nothing helps. */
const cutToFit = (fields: JsonFields, list: string | undefined): JsonFields | undefined => {
  if (isFitting(fields)) {
    return fields;
  }
  const items: unknown = list === undefined ? undefined : fields[list];
  if (list === undefined || !Array.isArray(items)) {
    return undefined;
  }
  let bytes = wireBytes({ ...fields, [list]: [] });
  const over = items.findIndex((item) => {
    bytes += wireBytes(item) + 2;
    return bytes > LIMITS.agentAnswerBytesMax;
  });
  const cut = { ...fields, truncated: true, [list]: over === -1 ? items : items.slice(0, over) };
  return isFitting(cut) ? cut : undefined;
};

export const refusal = (text: string): CallToolResult => ({ isError: true, content: [{ type: 'text', text }] });

const textOf = (fields: JsonFields, name: string): string => {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
};

/** What stood in the way, in the words of the API: what, why, and what can be done. */
const problemText = (fields: JsonFields): string =>
  ['what', 'why', 'next']
    .map((name) => textOf(fields, name))
    .filter((text) => text !== '')
    .map((text, at, all) => (at === all.length - 1 || /[.?!]$/u.test(text) ? text : `${text}.`))
    .join(' ');

/** Where each source stands is of the Region and long: an agent that reads only the beginning reads the answer. */
const answerFirst = ({ sources, ...fields }: JsonFields): JsonFields =>
  sources === undefined ? fields : { ...fields, sources };

const parseObject = (text: string): JsonFields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export const toolAnswer = async (response: Response, list: string | undefined): Promise<CallToolResult> => {
  const fields = parseObject(await response.text());
  if (fields === undefined) {
    return refusal('The Region answered something that is no JSON object.');
  }
  if (!response.ok) {
    return refusal(problemText(fields));
  }
  const shown = cutToFit(answerFirst(fields), list);
  return shown === undefined
    ? refusal('The answer is larger than one reply carries. Ask for less: a narrower question, or one component.')
    : { content: [{ type: 'text', text: JSON.stringify(shown) }], structuredContent: { ...shown } };
};
