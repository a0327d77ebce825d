/** What one invocation of a cycle works with, from its beginning to its commit. */
import type { SourceCounts } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import type { BegunCycle } from './begin-cycle.ts';
import type { CycleDependencies } from './cycle-types.ts';
import { nothingSeen, type SeenChanges } from './derive/seen-changes.ts';
import { FailureList } from './failure-list.ts';
import { type Judge, judgeByAll, judgeByHome } from './held.ts';
import { Limiter } from './limiter.ts';
import type { PullTally } from './pull-changes.ts';
import { runVersions, type WriteDependencies } from './write-documents.ts';

export const NO_COUNTS: SourceCounts = { documents: 0, chunks: 0, skipped: 0 };

export interface RunningCycle {
  readonly dependencies: CycleDependencies;
  readonly begun: BegunCycle;
  readonly judge: Judge;
  /** In a declared outage: the version of the last acknowledged commit. */
  readonly since: string | undefined;
  readonly versions: ReturnType<typeof runVersions>;
  readonly write: WriteDependencies;
  readonly tally: PullTally;
  /** For derivations. */
  readonly seen: SeenChanges;
}

/** A commit that home alone made names the one before it; any other one is in both Regions. */
const acknowledgedVersion = ({ committed, committedVersion }: BegunCycle): string => {
  if (committed === undefined) {
    return '';
  }
  return committed.deferred === undefined ? committedVersion : committed.deferred.since;
};

const judgeOf = ({ writer, epoch }: CycleDependencies, since: string | undefined): Judge => {
  const { regions, owed } = writer;
  return owed === undefined || since === undefined
    ? judgeByAll(regions)
    : judgeByHome(regions, { peer: owed, acknowledged: since, epoch, region: regions.home.region });
};

export const startRunning = (dependencies: CycleDependencies, begun: BegunCycle): RunningCycle => {
  const { source, writer, embedder, signal } = dependencies;
  const since = writer.owed === undefined ? undefined : acknowledgedVersion(begun);
  const versions = runVersions(begun.fence, begun.op, begun.resumed?.seq ?? 0);
  const counts = begun.resumed?.counts ?? begun.committed?.counts ?? NO_COUNTS;
  return {
    dependencies,
    begun,
    judge: judgeOf(dependencies, since),
    since,
    versions,
    write: {
      sourceId: source.id,
      writer,
      embedder,
      versions,
      signal,
      limiter: new Limiter(LIMITS.recordWritesInFlightMax),
      vectorLimiter: new Limiter(LIMITS.vectorWritesInFlightMax),
    },
    seen: nothingSeen(),
    tally: {
      changed: begun.resumed?.changed ?? 0,
      deleted: begun.resumed?.deleted ?? 0,
      counts,
      failures:
        begun.resumed === undefined
          ? FailureList.incremental(begun.committed?.failures)
          : FailureList.resumed(begun.resumed.failures),
    },
  };
};
