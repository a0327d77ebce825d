/**
 * The queue between dispatch and sync, and the two places where undelivered work is kept. The sync queue is FIFO: a group
 * is a source, so a source never has two cycles at once. A schedule can't use a FIFO queue for dead letters.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { LIMITS } from '../../functions/domain/limits.ts';
import { queueArn, type RegionNames } from '../names.ts';
import { resourcePolicyText } from '../network-policies.ts';
import type { PolicyInputs } from '../policies.ts';
import { stateless } from './resource-options.ts';

export interface QueuesArgs {
  readonly names: RegionNames;
  readonly keyArn: pulumi.Input<string>;
  readonly policies: PolicyInputs;
}

const RECEIVES_MAX = 3;
const SYNC_RETENTION_SECONDS = 4 * 24 * 3600;
const DEAD_LETTER_RETENTION_SECONDS = 14 * 24 * 3600;

/** AWS asks for six times the function's time-out: less, and a message is handed out again while it is being worked on. */
const SYNC_VISIBILITY_SECONDS = 6 * LIMITS.syncTimeoutSeconds;

export class Queues extends pulumi.ComponentResource {
  readonly syncQueueUrl: pulumi.Output<string>;
  readonly syncQueueArn: pulumi.Output<string>;
  readonly scheduleDeadLetterArn: pulumi.Output<string>;

  constructor(name: string, args: QueuesArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Queues', name, {}, options);
    const syncDeadLetters = createSyncDeadLetters(this, name, args);
    const sync = createSyncQueue(this, name, args, syncDeadLetters);
    const scheduleDeadLetters = createScheduleDeadLetters(this, name, args);
    this.syncQueueUrl = sync.url;
    this.syncQueueArn = sync.arn;
    this.scheduleDeadLetterArn = scheduleDeadLetters.arn;
    this.registerOutputs({ syncQueueUrl: this.syncQueueUrl });
  }
}

const createSyncDeadLetters = (parent: Queues, name: string, { names, keyArn }: QueuesArgs): aws.sqs.Queue =>
  new aws.sqs.Queue(
    `${name}-sync-dead-letters`,
    {
      name: names.syncDeadLetterQueue,
      fifoQueue: true,
      messageRetentionSeconds: DEAD_LETTER_RETENTION_SECONDS,
      kmsMasterKeyId: keyArn,
      redriveAllowPolicy: JSON.stringify({
        redrivePermission: 'byQueue',
        sourceQueueArns: [queueArn(names, names.syncQueue)],
      }),
    },
    stateless(parent),
  );

const createSyncQueue = (
  parent: Queues,
  name: string,
  { names, keyArn, policies }: QueuesArgs,
  deadLetters: aws.sqs.Queue,
): aws.sqs.Queue =>
  new aws.sqs.Queue(
    `${name}-sync`,
    {
      name: names.syncQueue,
      fifoQueue: true,
      visibilityTimeoutSeconds: SYNC_VISIBILITY_SECONDS,
      messageRetentionSeconds: SYNC_RETENTION_SECONDS,
      kmsMasterKeyId: keyArn,
      policy: resourcePolicyText('sqs', policies),
      redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: RECEIVES_MAX }),
    },
    stateless(parent),
  );

const createScheduleDeadLetters = (parent: Queues, name: string, { names, keyArn }: QueuesArgs): aws.sqs.Queue =>
  new aws.sqs.Queue(
    `${name}-schedule-dead-letters`,
    {
      name: names.scheduleDeadLetterQueue,
      messageRetentionSeconds: DEAD_LETTER_RETENTION_SECONDS,
      kmsMasterKeyId: keyArn,
    },
    stateless(parent),
  );
