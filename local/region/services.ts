/**
 * What one embedded Region is made of, as the provisioner sees it. The declared resources of the Pulumi program are turned
 * into these calls and nothing else, so the local Regions are wired by the program that AWS would get.
 * Every `ensure…` is idempotent: a Region that starts again on its old data folder is provisioned by the same program.
 */

export interface TableSpec {
  readonly name: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  readonly attributes: readonly { readonly name: string; readonly type: 'S' | 'N' | 'B' }[];
  readonly indexes: readonly {
    readonly name: string;
    readonly hashKey: string;
    readonly rangeKey?: string;
    readonly projection: 'ALL' | 'KEYS_ONLY';
  }[];
}

export interface VectorIndexSpec {
  readonly bucket: string;
  readonly name: string;
  readonly dimension: number;
  readonly distanceMetric: 'cosine' | 'euclidean';
  readonly nonFilterableMetadataKeys: readonly string[];
}

export interface QueueSpec {
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly messageRetentionSeconds: number;
  readonly redrive?: { readonly deadLetterQueueArn: string; readonly maxReceiveCount: number };
}

export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Folder of the built bundle, absolute. */
  readonly codeDirectory: string;
  /** `index.handler`. */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly ephemeralStorageMb: number;
  readonly reservedConcurrency?: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface EventSourceSpec {
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
}

export interface ScheduleSpec {
  readonly name: string;
  /** `rate(1 hour)` or `cron(…)`; locally the interval may be set by the person who starts. */
  readonly expression: string;
  readonly targetArn: string;
  readonly input: string;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export interface ConfigDeployment {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
  readonly content: string;
  readonly contentType: string;
}

export interface RegionServices {
  readonly region: string;
  readonly accountId: string;
  readonly tables: { ensureTable(spec: TableSpec): Promise<void> };
  readonly vectors: {
    ensureBucket(name: string): Promise<void>;
    ensureIndex(spec: VectorIndexSpec): Promise<void>;
  };
  readonly config: {
    ensureApplication(name: string): Promise<{ id: string }>;
    ensureEnvironment(applicationId: string, name: string): Promise<{ id: string }>;
    ensureProfile(applicationId: string, name: string, jsonSchemas: readonly string[]): Promise<{ id: string }>;
    /** Refuses content that a JSON schema of the profile refuses. Unchanged content deploys nothing. */
    deploy(deployment: ConfigDeployment): Promise<{ versionNumber: number }>;
  };
  /** Only keys that sign: what is encrypted at rest in AWS is not encrypted here. */
  readonly keys: {
    ensureSigningKey(keyId: string): Promise<void>;
    ensureAlias(name: string, keyId: string): Promise<void>;
  };
  readonly queues: { ensureQueue(spec: QueueSpec): Promise<{ url: string; arn: string }> };
  readonly functions: {
    ensureFunction(spec: FunctionSpec): Promise<void>;
    ensureEventSource(spec: EventSourceSpec): Promise<void>;
  };
  readonly schedules: { ensureSchedule(spec: ScheduleSpec): Promise<void> };
  readonly front: {
    /** The HTTP front of the declared load balancer: every request goes to this function as an ALB event. */
    ensureListener(spec: {
      readonly functionName: string;
      readonly targetGroupArn: string;
      readonly multiValueHeaders: boolean;
      readonly healthCheckPath?: string;
    }): Promise<{ url: string }>;
    /** Requests to the listener of one target group whose path fits go to another one's function. */
    ensureRule(spec: {
      readonly listenerTargetGroupArn: string;
      readonly priority: number;
      readonly pathPatterns: readonly string[];
      readonly functionName: string;
      readonly targetGroupArn: string;
      readonly multiValueHeaders: boolean;
    }): Promise<void>;
  };
}
