/** A customer's own go/no-go list: booleans that people have written down before, beside those that are found out. */
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { Check } from './check.ts';

const schema = z.strictObject({
  checks: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(120),
        ok: z.boolean(),
        /** False: it is told, and stands in nobody's way. */
        required: z.boolean().default(true),
        detail: z.string().max(300).default(''),
        /** After this day nobody vouches for it any more. */
        until: z.iso.date().optional(),
      }),
    )
    .max(100),
});

export const CHECKS_HELP = 'your own go/no-go list: {"checks":[{"name","ok","required","detail","until"}]}';

export const readOwnChecks = async (file: string | undefined, nowMs: number): Promise<readonly Check[]> => {
  if (file === undefined) {
    return [];
  }
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file} can't be read as JSON; --checks takes ${CHECKS_HELP}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `${file}: ${issue?.path.join('.') ?? ''} is wrong (${issue?.message ?? ''}); it takes ${CHECKS_HELP}`,
    );
  }
  return parsed.data.checks.map(({ name, ok, required, detail, until }) => {
    const isOver = until !== undefined && Date.parse(`${until}T23:59:59Z`) < nowMs;
    return { name, ok: ok && !isOver, required, detail: isOver ? `vouched for until ${until} only` : detail };
  });
};
