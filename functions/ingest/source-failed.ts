/** A source that can't be read is an outcome of its cycle, with the kind of trouble, so that a person is told what to do. */
import { troubleOf } from '../connectors/source-trouble.ts';
import { ConfigError, RegionUnavailableError, SourceError } from '../domain/errors.ts';
import type { CycleOutcome, SourceFault } from './cycle-types.ts';

type SourceFailed = Extract<CycleOutcome, { kind: 'source-failed' }>;

/** Of what a connector throws; anything else is a defect, and thrown on. */
export const sourceFailed = (error: unknown): SourceFailed => {
  if (error instanceof SourceError) {
    return { kind: 'source-failed', message: error.message, trouble: troubleOf(error) ?? 'unexpected' };
  }
  if (error instanceof ConfigError) {
    return { kind: 'source-failed', message: error.message, trouble: 'configuration' };
  }
  if (error instanceof RegionUnavailableError) {
    // Where the secrets are.
    return { kind: 'source-failed', message: error.message, trouble: 'unavailable' };
  }
  throw error;
};

const NEXT: Readonly<Record<SourceFault, string>> = {
  refused: 'Give it a credential that may read it, and sync it; what is indexed stays until then.',
  missing: 'Look at what is configured: it is not there, or the credential may not see it. What is indexed stays.',
  expired: 'Nothing: the next cycle reads everything anew.',
  throttled: 'Nothing: the next cycle tries again; where it goes on, give it a credential with a higher limit.',
  unavailable: 'Nothing: the next cycle tries again; where it goes on, look at the service and at the way to it.',
  unexpected: 'Try it with a check; where it goes on, report it with the message.',
  incomplete: 'Nothing: no deletion was made, and the next cycle lists again.',
  'too-large': 'Divide it into several sources.',
  configuration: 'Mend its configuration or its secret, and sync it.',
};

/** What a person can do. */
export const adviceFor = (trouble: SourceFault): string => NEXT[trouble];
