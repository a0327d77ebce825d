/**
 * Runs the real Pulumi program of a stack through the real Node.js language host (`@pulumi/pulumi/cmd/run`), against a
 * resource monitor on loopback: no cloud, no Pulumi CLI. What is declared is handed to `onResource`, in the order that the
 * program's own dependencies ask for.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { EngineService } from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import { ResourceMonitorService } from '@pulumi/pulumi/proto/resource_grpc_pb.js';

import { createReaper } from '../lambda/reaper.ts';
import { engineService, monitorService } from './monitor-service.ts';
import { ProgramError, readableError } from './program-error.ts';
import { Recording } from './recording.ts';
import type { LogEntry, OnResource, Properties, RecordedInvoke, RecordedResource } from './registered-resource.ts';

export interface RunProgramOptions {
  readonly stack: string;
  /** Full keys (`twinmap:role`); lists and objects as JSON text. */
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys?: readonly string[];
  readonly project?: string;
  /** Where `Pulumi.yaml` and `package.json` are. */
  readonly rootDirectory: string;
  /** Nothing is made; values that need a made resource are unknown. */
  readonly preview: boolean;
  readonly onResource: OnResource;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  readonly outputs: Properties;
  /** In the order in which they were done. */
  readonly resources: readonly RecordedResource[];
  readonly invokes: readonly RecordedInvoke[];
  readonly logs: readonly LogEntry[];
}

const PLAIN_STACKS = pathToFileURL(path.join(import.meta.dirname, 'plain-stacks.ts')).href;
const TIMEOUT_MS = 120_000;
const CONSOLE_BYTES_MAX = 64 * 1024;
const PARALLEL = 16;

/** Throws a `ProgramError` with a short message where the program, or a resource of it, failed. */
export const runProgram = async (options: RunProgramOptions): Promise<ProgramResult> => {
  options.signal?.throwIfAborted();
  if (!existsSync(path.join(options.rootDirectory, 'package.json'))) {
    throw new ProgramError(`There is no Pulumi program in ${options.rootDirectory}: it has no package.json.`);
  }
  const project = options.project ?? 'twinmap';
  const recording = new Recording({ ...options, project });
  const server = new Server();
  try {
    const address = await listen(server, recording);
    const ended = await runHost(options, project, address, recording);
    await recording.settle();
    assertSucceeded(recording, ended);
  } finally {
    server.forceShutdown();
  }
  const { outputs, resources, invokes, logs } = recording;
  return { outputs, resources, invokes, logs };
};

const listen = async (server: Server, recording: Recording): Promise<string> => {
  server.addService(ResourceMonitorService, monitorService(recording));
  server.addService(EngineService, engineService(recording));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error === null) {
      resolve(port);
    } else {
      reject(error);
    }
  });
  return `127.0.0.1:${await promise}`;
};

interface HostEnd {
  readonly exitCode: number | null;
  readonly stopped: boolean;
  readonly console: string;
}

const hostArguments = (options: RunProgramOptions, project: string, address: string): readonly string[] => [
  '--import',
  PLAIN_STACKS,
  createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run'),
  `--monitor=${address}`,
  `--engine=${address}`,
  `--project=${project}`,
  `--stack=${options.stack}`,
  '--organization=local',
  `--root-directory=${options.rootDirectory}`,
  `--pwd=${options.rootDirectory}`,
  `--parallel=${PARALLEL}`,
  ...(options.preview ? ['--dry-run'] : []),
  '.',
];

/** Nothing of the caller's environment goes in: no credentials, no Region, no Node options. */
const hostEnvironment = (options: RunProgramOptions): Record<string, string> => ({
  PULUMI_CONFIG: JSON.stringify(options.config),
  PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(options.secretKeys ?? []),
  PULUMI_NODEJS_TYPESCRIPT: 'false',
  // An output in a template string throws instead of becoming an error message in a resource name.
  PULUMI_ERROR_OUTPUT_STRING: '1',
});

const runHost = async (
  options: RunProgramOptions,
  project: string,
  address: string,
  recording: Recording,
): Promise<HostEnd> => {
  const child = spawn(process.execPath, hostArguments(options, project, address), {
    cwd: options.rootDirectory,
    env: hostEnvironment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = keepOutput(child);
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('error', (error) => {
    recording.fail(new ProgramError(`Node.js could not be started for the Pulumi program: ${error.message}`));
    resolve(null);
  });
  child.once('close', resolve);
  // Without the monitor it would look for it for ever, in a loop that eats memory.
  const reaper = createReaper();
  if (child.pid !== undefined) {
    reaper.add(child.pid);
  }
  const bound = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const stops = options.signal === undefined ? bound : AbortSignal.any([bound, options.signal]);
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  stops.addEventListener('abort', stop, { once: true });
  const exitCode = await promise;
  stops.removeEventListener('abort', stop);
  if (child.pid !== undefined) {
    reaper.remove(child.pid);
  }
  reaper.close();
  return { exitCode, stopped: stops.aborted, console: output() };
};

/** The end of what the process prints: bounded, since a program may print without end. */
const keepOutput = (child: ChildProcessByStdio<null, Readable, Readable>): (() => string) => {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-CONSOLE_BYTES_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return () => output;
};

const assertSucceeded = (recording: Recording, ended: HostEnd): void => {
  if (recording.failure !== undefined) {
    throw recording.failure;
  }
  if (ended.stopped) {
    throw new ProgramError('The Pulumi program was stopped before its end: out of time, or by its caller.');
  }
  if (ended.exitCode === 0) {
    return;
  }
  const logged = recording.logs
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => readableError(message));
  if (logged.length > 0) {
    throw new ProgramError([...new Set(logged)].join('\n'));
  }
  const last = readableError(ended.console).split('\n').slice(-5).join('\n');
  throw new ProgramError(`The Pulumi program ended with code ${String(ended.exitCode)}. ${last}`.trim());
};
