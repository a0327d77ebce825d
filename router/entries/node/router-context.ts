/** What every request of a Node router shares: the parts of every router, and the connections to its Regions. */
import type { RouterParts } from '../../app/build-parts.ts';
import type { Origin } from './origin.ts';

export type { Log, LogFields } from '../../app/build-parts.ts';

export interface RouterContext extends RouterParts {
  readonly origins: ReadonlyMap<string, Origin>;
}
