/**
 * Which request or run a line is about, without every function between the door and the store having to carry it: whatever is logged
 * while the work goes on names it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

import type { LogFields } from './telemetry.ts';

const current = new AsyncLocalStorage<LogFields>();

export const correlation = (): LogFields => current.getStore() ?? {};

/** `fields`: names of the work, such as the id of a request or of a run. */
export const correlated = async <T>(fields: LogFields, work: () => Promise<T>): Promise<T> =>
  current.run({ ...correlation(), ...fields }, work);
