/** What every command prints with `--json`: one envelope with a version, so that a script which reads it notices a change. */

export const ENVELOPE_SCHEMA = 'twinmap/1';

export interface Envelope {
  readonly schema: typeof ENVELOPE_SCHEMA;
  readonly command: string;
  /** True where the exit code is 0. */
  readonly ok: boolean;
  readonly exitCode: number;
  readonly at: string;
  /** The command's own fields; where it failed, at least `error`. */
  readonly data: unknown;
}

export const envelopeOf = (command: string, exitCode: number, data: unknown, nowMs: number): Envelope => ({
  schema: ENVELOPE_SCHEMA,
  command,
  ok: exitCode === 0,
  exitCode,
  at: new Date(nowMs).toISOString(),
  data,
});
