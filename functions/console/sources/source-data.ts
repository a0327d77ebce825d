/** Sources as the API lists them, and what is said of their states. */
import { z } from 'zod';

import { oneSourceShape, type sourceShape, sourcesShape } from '../../query/source-shapes.ts';

export type SourceItem = z.infer<typeof sourceShape>;
type State = SourceItem['state'];

export const sourcesSchema = z.object({ ...sourcesShape, truncated: z.boolean() });

export const oneSourceSchema = z.object(oneSourceShape);

/** What a state means, and for whom it is. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  ok: 'read as planned',
  partial: 'read, with documents that failed',
  failing: 'the last cycles failed; what was read before is kept',
  refused: 'its credential is not accepted; what was read before is kept until somebody mends it',
  new: 'not read yet',
  off: 'switched off by somebody',
  removing: 'going, in both Regions',
};

export const STATE_BADGES: Readonly<Record<State, string>> = {
  ok: 'ok',
  partial: 'held',
  failing: 'failed',
  refused: 'failed',
  new: '',
  off: '',
  removing: 'held',
};
