/** Runs the steps one after the other, each with a bound, and stops at the first that fails: a second run goes on from there. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

import { TwinmapError } from '../../functions/domain/errors.ts';
import { type CommandWords, KEY_ARN, type Step } from './plan.ts';

/** A step, or what it needs, is not there. */
export class BootstrapError extends TwinmapError {
  readonly code = 'TM_BOOTSTRAP';
  readonly audience = 'user';
  override readonly name = 'BootstrapError';
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface RunStepsOptions {
  readonly steps: readonly Step[];
  readonly environment: Environment;
  /** Where `Pulumi.yaml` is. */
  readonly directory: string;
  readonly onStep: (result: StepResult) => void;
  readonly timeoutMs?: number;
}

export interface StepResult {
  readonly title: string;
  readonly outcome: 'done' | 'already' | 'failed';
  /** What failed, in the program's own words. */
  readonly why?: string;
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const STEP_TIMEOUT_MS = 120_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;
const WHY_CHARS_MAX = 600;

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for this person: the next folder of PATH may have it.
    return false;
  }
};

/** Programs of the steps that are in no folder of PATH. */
export const missingPrograms = (steps: readonly Step[], environment: Environment): readonly string[] => {
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const programs = new Set(steps.map(({ run: [program] }) => program));
  return [...programs].filter((program) => !folders.some((folder) => isExecutable(path.join(folder, program))));
};

/** What `aws … --output text` prints where there is nothing. */
const isNothing = (text: string): boolean => text === '' || text === 'None' || text === 'null';

class Run {
  readonly #options: RunStepsOptions;
  #keyArn: string | undefined;

  constructor(options: RunStepsOptions) {
    this.#options = options;
  }

  /** Undefined where it went through; else why it did not. */
  async step(step: Step): Promise<StepResult> {
    const { title, check, expects } = step;
    if (check !== undefined && (await this.#wasDone(step, check))) {
      return { title, outcome: 'already' };
    }
    const ended = await this.#call(step.run);
    const answered = ended.stdout.trim();
    if (ended.exitCode !== 0) {
      return {
        title,
        outcome: 'failed',
        why: ended.stderr.trim().slice(-WHY_CHARS_MAX) || `exit code ${ended.exitCode}`,
      };
    }
    if (expects !== undefined && answered !== expects) {
      return { title, outcome: 'failed', why: `these credentials are of the account ${answered}, not of ${expects}` };
    }
    return this.#capture(step, answered)
      ? { title, outcome: 'done' }
      : { title, outcome: 'failed', why: `${step.run[0]} answered nothing` };
  }

  async #wasDone(step: Step, check: CommandWords): Promise<boolean> {
    const { exitCode, stdout } = await this.#call(check);
    return exitCode === 0 && this.#capture(step, stdout.trim());
  }

  #capture({ captures }: Step, answered: string): boolean {
    if (captures === undefined) {
      return true;
    }
    this.#keyArn = isNothing(answered) ? undefined : answered;
    return this.#keyArn !== undefined;
  }

  async #call([program, ...words]: CommandWords): Promise<Ended> {
    const { environment, directory, timeoutMs = STEP_TIMEOUT_MS } = this.#options;
    const ended = Promise.withResolvers<Ended>();
    execFile(
      program,
      words.map((word) => word.replaceAll(KEY_ARN, this.#keyArn ?? KEY_ARN)),
      {
        cwd: directory,
        env: { ...environment, AWS_PAGER: '' },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
      },
      (error, stdout, stderr) => {
        const late = error?.killed === true ? `no end after ${timeoutMs / 1000} s` : '';
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        ended.resolve({ exitCode, stdout, stderr: [stderr, late].filter((text) => text !== '').join('\n') });
      },
    );
    return ended.promise;
  }
}

/** Answers with what was done; the last result is the one that failed, if one did. */
export const runSteps = async (options: RunStepsOptions): Promise<readonly StepResult[]> => {
  const missing = missingPrograms(options.steps, options.environment);
  if (missing.length > 0) {
    const names = missing.map((name) => (name === 'aws' ? 'aws (the AWS CLI, version 2)' : `${name} (the Pulumi CLI)`));
    throw new BootstrapError(`not on PATH: ${names.join(' and ')}. Install it and run this again; no step was run`);
  }
  const run = new Run(options);
  const results: StepResult[] = [];
  for (const step of options.steps) {
    const result = await run.step(step);
    results.push(result);
    options.onStep(result);
    if (result.outcome === 'failed') {
      break;
    }
  }
  return results;
};
