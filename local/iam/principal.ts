/** Who may call a local Region: functions by their own access keys, as their declared roles; and people, by theirs. */
import type { PolicyStatement } from './policy-document.ts';

/** A function as its calls show it. Plain values: one Region hands its own to the other. */
export interface Principal {
  readonly accessKeyId: string;
  readonly functionName: string;
  readonly roleName: string;
  readonly roleArn: string;
  readonly statements: readonly PolicyStatement[];
}

/**
 * Keys of people and their tools, who act as the account's administrator: commands of `ops`, tests and `npm start` itself, and
 * the benches. These and no others; a key that nobody declared is refused.
 */
export const ADMINISTRATOR_KEYS: ReadonlySet<string> = new Set(['LOCALOPERATOR', 'BENCH']);

/** As STS names a function's session, which is whom AWS names in a refusal. */
export const sessionArnOf = ({ roleArn, roleName, functionName }: Principal): string =>
  `${roleArn.replace(':iam:', ':sts:').replace(/:role\/.*$/u, '')}:assumed-role/${roleName}/${functionName}`;
