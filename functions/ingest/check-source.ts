/** Asks a source whether it can be read, for a person who waits; what was found is kept under the id of the question. */
import type { CheckFinding, Connector } from '../connectors/connector.ts';
import { LIMITS } from '../domain/limits.ts';
import { checkKey, type SourceCheck } from '../domain/source-status.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { sourceFailed } from './source-failed.ts';
import type { CheckOutcome } from './sync-source.ts';

const FINDINGS_MAX = 50;

export interface CheckDependencies {
  readonly sourceId: string;
  /** Throws where the configuration is not valid. */
  readonly open: () => Connector;
  /** The home Region's workspaces table. */
  readonly records: Pick<RecordStore, 'putLocal'>;
  readonly now: () => number;
}

const cut = ({ level, message }: CheckFinding): CheckFinding => ({
  level,
  message: message.slice(0, LIMITS.failureTextCharsMax * 2).toWellFormed(),
});

const findingsOf = async (open: () => Connector): Promise<readonly CheckFinding[]> => {
  const signal = AbortSignal.timeout(LIMITS.sourceCheckMs);
  try {
    const connector = open();
    try {
      return await connector.check(signal);
    } finally {
      await connector.close();
    }
  } catch (error) {
    const late: CheckFinding = { level: 'error', message: 'The source did not answer in time.' };
    return [signal.aborted ? late : { level: 'error', message: sourceFailed(error).message }];
  }
};

export const checkSource = async (
  { sourceId, open, records, now }: CheckDependencies,
  id: string,
): Promise<CheckOutcome> => {
  const findings = (await findingsOf(open)).slice(0, FINDINGS_MAX).map((finding) => cut(finding));
  const at = now();
  const check: SourceCheck = { id, at, findings: [...findings] };
  // Whoever waits is told when nothing arrives; asking again is all that there is to do.
  await records.putLocal({ ...checkKey(sourceId), order: at, data: JSON.stringify(check) });
  const count = (level: CheckFinding['level']): number => findings.filter((one) => one.level === level).length;
  return { kind: 'checked', errors: count('error'), warnings: count('warning') };
};
