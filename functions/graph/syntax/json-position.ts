/** Where a text stopped being JSON, from what the runtime says about it. */
import { cutExpression } from '../facts/expression-text.ts';

const POSITION = /position (?<at>\d+)/u;

export const jsonError = (text: string, error: unknown): { line: number; column: number; near: string } => {
  const message = error instanceof Error ? error.message : String(error);
  const at = Number(POSITION.exec(message)?.groups?.['at'] ?? (message.includes('end') ? text.length : 0));
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1, near: cutExpression(message) };
};
