/** What a sync says of its outcome: one log line, and metrics. A deferred cycle says in words and numbers that it is degraded. */
import type { LogFields, LogLevel, Telemetry } from '../telemetry/telemetry.ts';
import { adviceFor } from './source-failed.ts';
import type { SyncOutcome } from './sync-source.ts';
import type { SweepOutcome } from './sweep-vectors.ts';

interface Reporting {
  readonly telemetry: Telemetry;
  readonly region: string;
  readonly peerRegion?: string;
}

type Deferred = Extract<SyncOutcome, { kind: 'deferred' }>;

const sweepFields = (sweep: SweepOutcome): LogFields => {
  switch (sweep.kind) {
    case 'swept':
    case 'paused': {
      const { marked, deleted, cleared } = sweep;
      return { marked, deleted, cleared };
    }
    case 'not-ours': {
      return { reason: 'a cycle is unfinished, or another Region or epoch has the source' };
    }
    case 'failed': {
      const { step, side, failure } = sweep;
      return { step, side, reason: failure.reason, code: failure.code, message: failure.message };
    }
  }
};

/** Absent numbers were not readable: an RPO is read, never asserted. */
const rpoFields = ({ rpo }: Deferred): LogFields =>
  rpo === undefined ? {} : { owedRecords: rpo.count, owedExact: rpo.isExact, owedOldestAgeMs: rpo.oldestAgeMs ?? 0 };

type Committed = Extract<SyncOutcome, { kind: 'acknowledged' | 'deferred' }>;

const heldFields = ({ report: { held, failures, uncompared } }: Committed): LogFields => ({
  ...(held === undefined ? {} : { heldDeletions: held.documents, heldPlan: held.plan }),
  ...(failures === undefined ? {} : { failures }),
  ...(uncompared === undefined ? {} : { uncompared }),
});

const fieldsOf = (outcome: SyncOutcome): LogFields => {
  switch (outcome.kind) {
    case 'acknowledged': {
      const { mode, report } = outcome;
      const { snapshot, changed, deleted, counts } = report;
      return { mode, snapshot, changed, deleted, ...counts, ...heldFields(outcome) };
    }
    case 'deferred': {
      const { mode, report } = outcome;
      const { snapshot, changed, deleted, counts } = report;
      const degraded = { acknowledged: false, degraded: true, ...rpoFields(outcome) };
      return { mode, snapshot, changed, deleted, ...counts, ...degraded, ...heldFields(outcome) };
    }
    case 'handed-over': {
      return { changed: outcome.changed };
    }
    case 'fenced':
    case 'not-acknowledged': {
      const { step, side, failure } = outcome;
      return { step, side, reason: failure.reason, code: failure.code, message: failure.message };
    }
    case 'source-failed': {
      return { message: outcome.message, trouble: outcome.trouble, next: adviceFor(outcome.trouble) };
    }
    case 'purged': {
      return { deleted: outcome.deleted, replication: outcome.replication };
    }
    case 'checked': {
      return { errors: outcome.errors, warnings: outcome.warnings };
    }
    case 'sweep': {
      return sweepFields(outcome.sweep);
    }
    case 'passive': {
      return { reason: outcome.reason };
    }
    case 'rejected': {
      return { message: outcome.why };
    }
  }
};

const levelOf = (outcome: SyncOutcome): LogLevel => {
  switch (outcome.kind) {
    case 'acknowledged': {
      return outcome.report.held === undefined ? 'info' : 'warn';
    }
    case 'handed-over':
    case 'purged':
    case 'passive': {
      return 'info';
    }
    case 'checked': {
      return outcome.errors > 0 ? 'warn' : 'info';
    }
    case 'deferred': {
      return 'warn';
    }
    case 'sweep': {
      return outcome.sweep.kind === 'failed' ? 'error' : 'info';
    }
    case 'fenced':
    case 'not-acknowledged':
    case 'source-failed':
    case 'rejected': {
      return 'error';
    }
  }
};

const countDebt = ({ telemetry, region, peerRegion }: Reporting, { rpo }: Deferred): void => {
  if (rpo !== undefined) {
    const where = { Region: region, Peer: peerRegion ?? '' };
    telemetry.count('OwedRecords', where, rpo.count);
    telemetry.count('OwedOldestAgeSeconds', where, Math.round((rpo.oldestAgeMs ?? 0) / 1000));
  }
};

type Refused = Extract<SyncOutcome, { kind: 'source-failed' }>;

/** One line for each cycle that met it: an alarm tells whoever can mend the credential. */
const countRefusal = ({ telemetry, region }: Reporting, source: string, { trouble }: Refused): void => {
  if (trouble === 'refused') {
    telemetry.count('SourceRefused', { Region: region, Source: source }, 1, ['Region']);
  }
};

/** A sweep and a check are no cycles: whoever waits for the end of a source's sync must not take one for it. */
const EVENTS: Partial<Readonly<Record<SyncOutcome['kind'], { readonly event: string; readonly metric: string }>>> = {
  sweep: { event: 'sweep.finished', metric: 'Sweep' },
  checked: { event: 'check.finished', metric: 'SourceCheck' },
};

const CYCLE = { event: 'cycle.finished', metric: 'Cycle' };

export const reportOutcome = (reporting: Reporting, source: string, outcome: SyncOutcome, durationMs: number): void => {
  const { telemetry, region } = reporting;
  const { event, metric } = EVENTS[outcome.kind] ?? CYCLE;
  const kind = outcome.kind === 'sweep' ? outcome.sweep.kind : outcome.kind;
  telemetry.log(levelOf(outcome), event, { source, outcome: kind, region, durationMs, ...fieldsOf(outcome) });
  telemetry.count(metric, { Region: region, Source: source, Outcome: kind }, 1, ['Region', 'Outcome']);
  if (outcome.kind === 'deferred') {
    countDebt(reporting, outcome);
  }
  if (outcome.kind === 'source-failed') {
    countRefusal(reporting, source, outcome);
  }
  if ((outcome.kind === 'acknowledged' || outcome.kind === 'deferred') && outcome.report.held !== undefined) {
    telemetry.count('PruneHeld', { Region: region, Source: source }, outcome.report.held.documents, ['Region']);
  }
  telemetry.flush();
};
