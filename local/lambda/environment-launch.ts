/**
 * How an execution environment is started: its variables, and the flags that wall it in. Both come from the declared
 * function alone, beside what the Lambda service gives every function. Nothing of the parent's environment is handed on, so that a function that reads a variable which the
 * Pulumi program forgot to declare fails on the laptop and not in the customer's account.
 */
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import type { FunctionSpec } from '../region/services.ts';

/** The V8 heap's share of the declared memory; the rest is for code, buffers and stacks. */
const HEAP_SHARE = 0.85;

/** Lambda refuses a function that declares one of these. */
const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

/** Tells the callers of the local services apart: a gateway finds the function, and so its role, by this key. */
export const accessKeyIdOf = (functionName: string): string =>
  `LOCAL${functionName.replaceAll(/[^A-Za-z0-9]/gu, '').toUpperCase()}`;

export const LOCAL_SECRET_ACCESS_KEY = 'local-secret-access-key';

/** What Lambda would refuse at deployment is refused here too, with what mends it. */
export const checkDeclaredEnvironment = (spec: FunctionSpec): void => {
  let bytes = 0;
  for (const [name, value] of Object.entries(spec.environment)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (RESERVED_VARIABLES.has(name)) {
      throw new ConfigError(
        `Function ${spec.name} declares the variable ${name}, which Lambda reserves. Remove it from the function's environment.`,
      );
    }
    if (!/^[A-Za-z][A-Za-z0-9_]+$/u.test(name)) {
      throw new ConfigError(
        `Function ${spec.name} declares a variable named ${JSON.stringify(name)}. Lambda takes names of at least two characters: a letter, then letters, digits or underscores.`,
      );
    }
  }
  if (bytes > LIMITS.lambdaEnvironmentBytesMax) {
    throw new ConfigError(
      `Function ${spec.name} declares ${bytes} bytes of environment; Lambda allows ${LIMITS.lambdaEnvironmentBytesMax}. Shorten names and values, or move a value to the gate document.`,
    );
  }
};

export interface EnvironmentPlace {
  readonly spec: FunctionSpec;
  readonly region: string;
  /** The environment's own `/tmp`. */
  readonly temporaryDirectory: string;
  readonly bootstrapFile: string;
  /** What the service itself gives every function, in place of what the machine under it would: trust, and DNS. */
  readonly ambient: Readonly<Record<string, string>>;
}

export const environmentVariables = ({
  spec,
  region,
  temporaryDirectory,
  ambient,
}: EnvironmentPlace): NodeJS.ProcessEnv => ({
  ...spec.environment,
  ...ambient,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_LAMBDA_FUNCTION_NAME: spec.name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  _HANDLER: spec.handler,
  LAMBDA_TASK_ROOT: spec.codeDirectory,
  AWS_ACCESS_KEY_ID: accessKeyIdOf(spec.name),
  AWS_SECRET_ACCESS_KEY: LOCAL_SECRET_ACCESS_KEY,
  TZ: spec.environment['TZ'] ?? ':UTC',
  TMPDIR: temporaryDirectory,
  // Node hands this one on by itself when its parent has it, unless it is named here.
  NODE_V8_COVERAGE: undefined,
});

/** Folders of this machine that a person lets sources of the kind `files` read, as in a path: divided by colons. */
export const LOCAL_FOLDERS = 'TWINMAP_LOCAL_FOLDERS';

const foldersIn = (ambient: Readonly<Record<string, string>>): readonly string[] =>
  (ambient[LOCAL_FOLDERS] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));

/**
 * Node's permission model refuses child processes, addons, WASI and every file outside the bundle and the environment's own
 * temporary folder: what a Lambda can't count on must not be counted on here. Workers it has, and they are walled in alike.
 */
export const nodeArguments = ({
  spec,
  temporaryDirectory,
  bootstrapFile,
  ambient,
}: EnvironmentPlace): readonly string[] => [
  '--permission',
  `--allow-fs-read=${spec.codeDirectory}`,
  `--allow-fs-read=${bootstrapFile}`,
  `--allow-fs-read=${temporaryDirectory}`,
  `--allow-fs-write=${temporaryDirectory}`,
  ...foldersIn(ambient).map((folder) => `--allow-fs-read=${folder}`),
  '--allow-worker',
  '--disable-warning=PERM0006',
  `--max-old-space-size=${Math.floor(spec.memoryMb * HEAP_SHARE)}`,
  bootstrapFile,
];
