/** What a run asked of one Region's services, as the Region itself counted it: writes to each store, and by whom. Pure. */
import type { AccessCount } from '../../local/iam/access-guard.ts';

export interface Calls {
  /** Of documents, chunks and everything derived: records are put, sources are claimed and committed by updates. */
  readonly recordPuts: number;
  /** Claims and commits of sources. */
  readonly sourceUpdates: number;
  readonly vectorWrites: number;
  /** To the tables of settings and of the audit log, by functions that run on a schedule. */
  readonly otherWrites: number;
  readonly all: number;
}

const WRITES = /^dynamodb:(?:Put|Update|Delete)Item$/u;
const VECTOR_WRITES = /^s3vectors:(?:PutVectors|DeleteVectors)$/u;

const keyOf = ({ role, action, resource }: AccessCount): string => `${role} ${action} ${resource}`;

const isGraph = ({ resource }: AccessCount): boolean => resource.includes('-graph');

export const callsBetween = (before: readonly AccessCount[], after: readonly AccessCount[]): Calls => {
  const earlier = new Map(before.map((count) => [keyOf(count), count.allowed]));
  const counts = after.map((count) => ({ ...count, allowed: count.allowed - (earlier.get(keyOf(count)) ?? 0) }));
  const sum = (wanted: (count: AccessCount) => boolean): number =>
    counts.filter((count) => wanted(count)).reduce((total, { allowed }) => total + allowed, 0);
  return {
    recordPuts: sum((count) => isGraph(count) && WRITES.test(count.action) && count.action !== 'dynamodb:UpdateItem'),
    sourceUpdates: sum((count) => isGraph(count) && count.action === 'dynamodb:UpdateItem'),
    vectorWrites: sum(({ action }) => VECTOR_WRITES.test(action)),
    otherWrites: sum((count) => !isGraph(count) && WRITES.test(count.action)),
    all: sum(() => true),
  };
};
