/**
 * The local git binary, run with an environment that nobody's configuration reaches: no system or user settings, no
 * prompts, no lazy downloads; what serving needs is set on top, where it overrules the repository's own file.
 */
import { execFile } from 'node:child_process';
import { ConfigError, SourceError } from '../../functions/domain/errors.ts';

export type GitResult =
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'failed'; readonly exitCode: number | null; readonly message: string };

const CALL_TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;

const SETTINGS: readonly (readonly [string, string])[] = [
  // Another user's repository may be read: only objects leave it, nothing of it is run.
  ['safe.directory', '*'],
  ['uploadpack.allowFilter', 'true'],
  ['uploadpack.allowAnySHA1InWant', 'true'],
  ['http.uploadpack', 'true'],
  ['http.receivepack', 'false'],
  ['core.fsmonitor', 'false'],
  ['gc.auto', '0'],
  // Nobody pays for bytes on loopback: no search for deltas, no compression, and large files are streamed, not loaded.
  ['pack.window', '0'],
  ['pack.compression', '0'],
  ['core.bigFileThreshold', '1m'],
];

export const gitEnvironment = (): Record<string, string> => {
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_CONFIG_COUNT: String(SETTINGS.length),
  };
  for (const [index, [key, value]] of SETTINGS.entries()) {
    environment[`GIT_CONFIG_KEY_${String(index)}`] = key;
    environment[`GIT_CONFIG_VALUE_${String(index)}`] = value;
  }
  return environment;
};

/** Throws only where git itself is missing: every other failure is an answer. */
export const runGit = async (args: readonly string[]): Promise<GitResult> => {
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>();
  const options = { env: gitEnvironment(), timeout: CALL_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  execFile('git', args, options, (error, stdout, stderr) => {
    if (error === null) {
      resolve({ kind: 'output', text: stdout.replace(/\n$/u, '') });
    } else if (error.code === 'ENOENT') {
      reject(new ConfigError('Local repositories need the git command, which is not on the PATH. Install git.'));
    } else {
      const exitCode = typeof error.code === 'number' ? error.code : null;
      resolve({ kind: 'failed', exitCode, message: stderr.trim().split('\n', 1)[0] ?? '' });
    }
  });
  return promise;
};

/** Where a repository's objects are; for a linked work tree its own directory, so that its own HEAD is read. */
export const gitDirectoryOf = async (path: string): Promise<string> => {
  const result = await runGit(['-C', path, 'rev-parse', '--absolute-git-dir']);
  if (result.kind === 'failed') {
    throw new SourceError(`${path} is not a git repository that can be read.`);
  }
  return result.text;
};
