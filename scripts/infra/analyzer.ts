/**
 * The engine's side of a policy pack: starts the pack as the CLI does, reads its port, and asks it about every resource and about
 * the stack as a whole, over the same gRPC calls.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { type CallOptions, credentials, Metadata, type requestCallback } from '@grpc/grpc-js';
import { AnalyzerClient } from '@pulumi/pulumi/proto/analyzer_grpc_pb.js';
import analyzerProto from '@pulumi/pulumi/proto/analyzer_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { analyzeRequests, stackRequest } from './analyze-requests.ts';
import { ROOT } from './record-stack.ts';

const START_MS_MAX = 30_000;
const CALL_MS_MAX = 30_000;
const STDERR_BYTES_MAX = 8192;

export interface Violation {
  /** The name of the rule, or that name with `-exempted`. */
  readonly rule: string;
  /** `advisory` fails nothing: an exemption, or what could not be judged before creation. */
  readonly level: 'mandatory' | 'advisory';
  readonly urn: string;
  readonly message: string;
}

export interface Analyzer {
  readonly judge: (resources: readonly RecordedResource[]) => Promise<readonly Violation[]>;
  /** The rules that the pack offers. */
  readonly rules: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export interface OpenAnalyzerOptions {
  /** The stack's settings; the pack reads `aws:region`. */
  readonly config: Readonly<Record<string, string>>;
  /** A folder with a built pack, run by the CLI's own launcher. Without it the sources are run. */
  readonly builtPack?: string;
}

const SOURCE_ENTRY = 'infra/policy/index.ts';

const launch = ({ config, builtPack }: OpenAnalyzerOptions): ChildProcessByStdio<null, Readable, Readable> => {
  const launcher = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run-policy-pack');
  // The launcher wants an engine's address first, and drops it.
  const args = builtPack === undefined ? [path.join(ROOT, SOURCE_ENTRY)] : [launcher, '127.0.0.1:0', builtPack];
  return spawn(process.execPath, args, {
    cwd: builtPack ?? ROOT,
    // Nothing of the caller's environment goes in: no credentials, no Region.
    env: { PULUMI_CONFIG: JSON.stringify(config) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

const portOf = async (child: ChildProcessByStdio<null, Readable, Readable>): Promise<number> => {
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-STDERR_BYTES_MAX);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).once('line', (line) => {
    resolve(Number(line));
  });
  child.once('error', reject);
  child.once('close', (code) => {
    const [why = ''] = complaint.trim().split('\n').slice(-1);
    reject(new ConfigError(`The policy pack ended with code ${String(code)} before it listened. ${why}`.trim()));
  });
  const timer = setTimeout(() => {
    reject(new ConfigError(`The policy pack did not listen within ${START_MS_MAX / 1000} s.`));
  }, START_MS_MAX);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
};

/** One bounded call. */
const ask = async <Response>(
  call: (done: requestCallback<Response>, bound: CallOptions) => unknown,
): Promise<Response> => {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const done: requestCallback<Response> = (error, answer) => {
    if (error === null && answer !== undefined) {
      resolve(answer);
    } else {
      reject(new ConfigError(`The policy pack could not judge: ${error?.details ?? 'no answer'}`, { cause: error }));
    }
  };
  call(done, { deadline: Date.now() + CALL_MS_MAX });
  return promise;
};

/** The pack puts its description before the message, for the CLI's screen. */
const violationsOf = (response: analyzerProto.AnalyzeResponse, urn: string): readonly Violation[] =>
  response.getDiagnosticsList().map((diagnostic) => ({
    rule: diagnostic.getPolicyname(),
    level: diagnostic.getEnforcementlevel() === analyzerProto.EnforcementLevel.MANDATORY ? 'mandatory' : 'advisory',
    urn: diagnostic.getUrn() === '' ? urn : diagnostic.getUrn(),
    message: diagnostic.getMessage().replace(`${diagnostic.getDescription()}\n`, ''),
  }));

const judgeWith =
  (client: AnalyzerClient): Analyzer['judge'] =>
  async (resources) => {
    const oneByOne = analyzeRequests(resources).map(async (request) => {
      const answer = await ask<analyzerProto.AnalyzeResponse>((done, bound) =>
        client.analyze(request, new Metadata(), bound, done),
      );
      return violationsOf(answer, request.getUrn());
    });
    const whole = await ask<analyzerProto.AnalyzeResponse>((done, bound) =>
      client.analyzeStack(stackRequest(resources), new Metadata(), bound, done),
    );
    return [...(await Promise.all(oneByOne)).flat(), ...violationsOf(whole, '')];
  };

const stop = async (child: ChildProcessByStdio<null, Readable, Readable>): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
};

export const openAnalyzer = async (options: OpenAnalyzerOptions): Promise<Analyzer> => {
  const child = launch(options);
  try {
    const client = new AnalyzerClient(`127.0.0.1:${await portOf(child)}`, credentials.createInsecure());
    return {
      judge: judgeWith(client),
      rules: async () => {
        const info = await ask<analyzerProto.AnalyzerInfo>((done, bound) =>
          client.getAnalyzerInfo(new emptyProto.Empty(), new Metadata(), bound, done),
        );
        return info.getPoliciesList().map((policy) => policy.getName());
      },
      close: async () => {
        client.close();
        await stop(child);
      },
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
};
