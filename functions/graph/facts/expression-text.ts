/** How an expression, or any other text from a file, is shown: one line, cut, without what a terminal would act on. */
import { LIMITS } from '../../domain/limits.ts';

export const cutExpression = (text: string): string => {
  const line = text
    .slice(0, LIMITS.graphExpressionCharsMax * 2)
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  const shown =
    line.length > LIMITS.graphExpressionCharsMax ? `${line.slice(0, LIMITS.graphExpressionCharsMax - 1)}…` : line;
  // Half a character is no JSON that both Regions would write alike.
  return shown.toWellFormed();
};
