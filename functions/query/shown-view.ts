/**
 * What a caller is shown of the home view. Routes get this and never the whole view, so that a list, a total, a cursor or an
 * error message can't tell of a source that the caller may not read.
 */
import { allowedSources, isPermitted, type Principal } from '../domain/access.ts';
import { done, type Result } from '../domain/failure.ts';
import type { GateReading, HomeView, SourceStanding } from './home-view.ts';

export interface ShownView {
  readonly gate: GateReading;
  /** Absent for whoever may read no corpus at all. */
  readonly sources: Result<readonly SourceStanding[]> | undefined;
}

export const showTo = (caller: Principal | undefined, { gate, sources }: HomeView): ShownView => {
  if (caller === undefined || !isPermitted(caller, 'corpus:read')) {
    return { gate, sources: undefined };
  }
  return {
    gate,
    sources:
      sources.kind === 'failed' ? sources : done(allowedSources(caller, sources.value, ({ payload }) => payload.id)),
  };
};
