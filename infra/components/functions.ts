/** The functions, each with its own log group; and the connection from the queue to sync. */
import path from 'node:path';

import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { LIMITS } from '../../functions/domain/limits.ts';
import type { RegionConfig } from '../config.ts';
import { functionEnvironment, type LiveValues } from '../environment.ts';
import { type FunctionName, logGroupName, type RegionNames } from '../names.ts';
import type { FunctionPlace } from './network.ts';
import type { Queues } from './queues.ts';
import { stateless } from './resource-options.ts';
import type { Roles } from './roles.ts';

export interface FunctionsArgs {
  readonly names: RegionNames;
  readonly config: RegionConfig;
  readonly keyArn: pulumi.Input<string>;
  readonly roles: Roles;
  readonly live: LiveValues<pulumi.Output<string>>;
  readonly queues: Queues;
  /** Absent: the functions run on the Lambda service network. */
  readonly place?: FunctionPlace;
}

interface FunctionShape {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly ephemeralStorageMb?: number;
  readonly concurrencyMax?: number;
}

const SHAPES: Readonly<Record<FunctionName, FunctionShape>> = {
  dispatch: { memoryMb: 256, timeoutSeconds: 60 },
  /** Reserved, so that a burst of sources can't take the account's concurrency from the API. */
  sync: { memoryMb: 2048, timeoutSeconds: LIMITS.syncTimeoutSeconds, ephemeralStorageMb: 4096, concurrencyMax: 10 },
  /** Under the load balancer's idle time-out: the caller gets an answer, not a cut connection. */
  api: { memoryMb: 1024, timeoutSeconds: 29 },
  /** One at a time: two drains do no harm, and no good either. */
  drain: { memoryMb: 512, timeoutSeconds: 300, concurrencyMax: 1 },
  repair: { memoryMb: 2048, timeoutSeconds: 900, concurrencyMax: 1 },
  proof: { memoryMb: 2048, timeoutSeconds: 900 },
  audit: { memoryMb: 256, timeoutSeconds: 120, concurrencyMax: 1 },
};

export class Functions extends pulumi.ComponentResource {
  readonly byName: Readonly<Record<FunctionName, aws.lambda.Function>>;

  constructor(name: string, args: FunctionsArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Functions', name, {}, options);
    this.byName = {
      dispatch: createFunction(this, name, args, 'dispatch'),
      sync: createFunction(this, name, args, 'sync'),
      api: createFunction(this, name, args, 'api'),
      drain: createFunction(this, name, args, 'drain'),
      repair: createFunction(this, name, args, 'repair'),
      proof: createFunction(this, name, args, 'proof'),
      audit: createFunction(this, name, args, 'audit'),
    };
    connectQueue(this, name, args, this.byName.sync);
    this.registerOutputs({ apiArn: this.byName.api.arn });
  }
}

const createLogGroup = (
  parent: Functions,
  name: string,
  args: FunctionsArgs,
  functionName: FunctionName,
): aws.cloudwatch.LogGroup =>
  new aws.cloudwatch.LogGroup(
    `${name}-${functionName}-logs`,
    {
      name: logGroupName(args.names, functionName),
      retentionInDays: args.config.logRetentionDays,
      kmsKeyId: args.keyArn,
    },
    stateless(parent),
  );

const createFunction = (
  parent: Functions,
  name: string,
  args: FunctionsArgs,
  functionName: FunctionName,
): aws.lambda.Function => {
  const shape = SHAPES[functionName];
  const logGroup = createLogGroup(parent, name, args, functionName);
  const role = args.roles.functions[functionName];
  return new aws.lambda.Function(
    `${name}-${functionName}`,
    {
      name: args.names.functions[functionName],
      architectures: ['arm64'],
      runtime: aws.lambda.Runtime.NodeJS24dX,
      handler: 'index.handler',
      code: new pulumi.asset.FileArchive(path.join(args.config.functionsDirectory, functionName)),
      role: role.arn,
      memorySize: shape.memoryMb,
      timeout: shape.timeoutSeconds,
      ...(shape.ephemeralStorageMb === undefined ? {} : { ephemeralStorage: { size: shape.ephemeralStorageMb } }),
      ...(shape.concurrencyMax === undefined ? {} : { reservedConcurrentExecutions: shape.concurrencyMax }),
      ...(args.place === undefined ? {} : { vpcConfig: args.place }),
      environment: { variables: functionEnvironment(functionName, args.config, args.live) },
      loggingConfig: { logFormat: 'JSON', logGroup: logGroup.name },
    },
    { ...stateless(parent), dependsOn: [role.policy] },
  );
};

/** One message a call: a failed cycle must not put the other sources' messages back. */
const connectQueue = (
  parent: Functions,
  name: string,
  args: FunctionsArgs,
  sync: aws.lambda.Function,
): aws.lambda.EventSourceMapping =>
  new aws.lambda.EventSourceMapping(
    `${name}-sync-feed`,
    {
      eventSourceArn: args.queues.syncQueueArn,
      functionName: sync.arn,
      batchSize: 1,
      // Without it the poller takes more than the function may run, and throttled messages end as dead letters.
      ...(SHAPES.sync.concurrencyMax === undefined
        ? {}
        : { scalingConfig: { maximumConcurrency: SHAPES.sync.concurrencyMax } }),
    },
    stateless(parent),
  );
