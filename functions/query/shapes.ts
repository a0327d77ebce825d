/** Shapes that answers of several routes have in common, for the document of the API. */
import { z } from 'zod';

/** In ms since 1970. */
export const momentShape = z.int().meta({ description: 'milliseconds since 1970, UTC' });

export const degradedShape = z
  .array(z.string())
  .meta({ description: 'what this answer lacks, in words; empty where it is whole' });

/** Of every write: where it is held, and what became of its audit event. */
export const HELD = {
  replication: z.enum(['both', 'owed']).meta({
    description: 'both: every declared Region holds it. owed: one does, and has durably marked it for the other.',
  }),
  version: z.string(),
  repeated: z
    .boolean()
    .meta({ description: 'true where this idempotency-key had been used for the same request before' }),
};

export const auditShape = z.enum(['both', 'owed', 'missing']);

/** Of every answer that changes something. */
export const CHANGED = { ...HELD, audit: auditShape };
