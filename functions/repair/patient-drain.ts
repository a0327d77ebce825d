/**
 * A drain that waits for its peer: debts to a Region that does not answer are tried again every few seconds until the next drain
 * begins, so that they are paid seconds after the peer is back and not up to a minute later. Where nothing is owed it ends at once.
 */
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { type DrainDependencies, type DrainReport, drainOwed } from './drain.ts';

/** What waiting mends: not a role that lacks a permission, nor somebody newer. */
const isPassing = ({ reason }: Failure): boolean => reason !== 'refused' && reason !== 'fenced';

export const drainPatiently = async (dependencies: DrainDependencies): Promise<DrainReport> => {
  const { now, sleep } = dependencies;
  const startedAt = now();
  let report = await drainOwed(dependencies);
  while (
    report.kind === 'stopped' &&
    report.failure?.at === 'to' &&
    isPassing(report.failure.failure) &&
    now() - startedAt + LIMITS.drainRetryDelayMs <= LIMITS.drainPatienceMs
  ) {
    await sleep(LIMITS.drainRetryDelayMs);
    const { sent, superseded } = report;
    const next = await drainOwed(dependencies);
    report = { ...next, sent: next.sent + sent, superseded: next.superseded + superseded };
  }
  return report;
};
