/** A command of the `twinmap` CLI is data: its name, its words, its options, and what runs. */

import { TwinmapError } from '../functions/domain/errors.ts';

export interface CommandOption {
  /** As commander writes it, for instance `--region <name>`. */
  readonly flags: string;
  readonly help: string;
  readonly fallback?: string;
}

export interface CommandInput {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Text for people. With `--json` it goes to stderr. */
  readonly say: (line: string) => void;
  /** The `data` of the envelope that `--json` prints at the end. */
  readonly give: (value: unknown) => void;
}

export interface Command {
  /** One word, or a group and a word: `ask`, `key create`. */
  readonly name: string;
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  readonly help: string;
  readonly options: readonly CommandOption[];
  /** Answers with the exit code. */
  readonly run: (input: CommandInput) => Promise<number>;
}

/** The options do not say what to do; nothing was done. */
export class UsageError extends TwinmapError {
  readonly code = 'TM_USAGE';
  readonly audience = 'user';
  override readonly name = 'UsageError';
}

/** Documented in the README; every command uses these and no others. */
export const EXIT = { done: 0, error: 1, drift: 2, splitBrain: 3, unreachable: 4, noneActive: 5, usage: 64 } as const;
