/** Commands count nothing: what they find out they print. */
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';

export const QUIET: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};
