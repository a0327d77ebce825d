/** What every answer has, as JSON schemas: the fields beside a route's own, and a problem. */
import { z } from 'zod';

import type { RouteAbout } from './route-about.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** As somebody reads it: a field more than is described is no mistake, so that a newer Region can be asked by an older client. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return described;
};

const standingShape = z.object({ snapshot: z.string(), cursor: z.record(z.string(), z.unknown()).nullable() });

const ENVELOPE = {
  region: z.string().meta({ description: 'the Region that answered' }),
  role: z.enum(['primary', 'secondary']),
  epoch: z.int().nullable().meta({ description: 'the epoch that it has seen; null where it is not known' }),
  sources: z
    .record(z.string(), standingShape)
    .nullable()
    .optional()
    .meta({ description: 'where each source stands that the caller may read; null where that is not known' }),
  sourcesTruncated: z.boolean().optional(),
};

export const envelopeFields = ({ list }: Pick<RouteAbout, 'list'>): Readonly<Record<string, z.ZodType>> => ({
  ...ENVELOPE,
  ...(list === undefined
    ? {}
    : { truncated: z.boolean().meta({ description: `true where "${list}" was cut to what one answer carries` }) }),
});

export const PROBLEM: JsonSchema = jsonSchemaOf(
  z.looseObject({
    ...ENVELOPE,
    type: z.string().meta({ pattern: '^urn:twinmap:problem:[a-z-]+$' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    what: z.string(),
    why: z.string(),
    next: z.string().meta({ description: 'what to do about it' }),
  }),
);
