/**
 * What runs every few minutes in each Region, whatever the gate says: debts are paid, equality is watched and mended, the audit
 * log is sealed. A call that is late or failed is dropped, because the next one does the same work.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { type FunctionName, type RegionNames, scheduleName } from '../names.ts';
import type { Functions } from './functions.ts';
import type { Queues } from './queues.ts';
import { stateless } from './resource-options.ts';
import type { GrantedRole } from './roles.ts';

export interface JobsArgs {
  readonly names: RegionNames;
  readonly functions: Functions;
  readonly role: GrantedRole;
  readonly queues: Queues;
}

/** The smallest that AWS takes. */
const EVENT_AGE_SECONDS_MAX = 60;

const JOBS: readonly (readonly [name: FunctionName, expression: string, does: string])[] = [
  ['drain', 'rate(1 minute)', 'Pays what this Region owes to its peer'],
  ['repair', 'rate(5 minutes)', 'Compares this Region with its peer, mends what differs, collects what is settled'],
  ['audit', 'rate(1 minute)', 'Seals the audit log of this Region, and signs it hourly'],
];

export class Jobs extends pulumi.ComponentResource {
  constructor(name: string, args: JobsArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Jobs', name, {}, options);
    for (const [functionName, expression, does] of JOBS) {
      boundRetries(this, name, args, functionName);
      createSchedule(this, name, args, { functionName, expression, does });
    }
    this.registerOutputs({});
  }
}

const boundRetries = (
  parent: Jobs,
  name: string,
  { functions }: JobsArgs,
  functionName: FunctionName,
): aws.lambda.FunctionEventInvokeConfig =>
  new aws.lambda.FunctionEventInvokeConfig(
    `${name}-${functionName}-retries`,
    {
      functionName: functions.byName[functionName].name,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: EVENT_AGE_SECONDS_MAX,
    },
    stateless(parent),
  );

interface Job {
  readonly functionName: FunctionName;
  readonly expression: string;
  readonly does: string;
}

const createSchedule = (
  parent: Jobs,
  name: string,
  { names, functions, role, queues }: JobsArgs,
  { functionName, expression, does }: Job,
): aws.scheduler.Schedule =>
  new aws.scheduler.Schedule(
    `${name}-${functionName}`,
    {
      name: scheduleName(names, functionName),
      description: does,
      scheduleExpression: expression,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      state: 'ENABLED',
      target: {
        arn: functions.byName[functionName].arn,
        roleArn: role.arn,
        input: '{}',
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: EVENT_AGE_SECONDS_MAX },
        deadLetterConfig: { arn: queues.scheduleDeadLetterArn },
      },
    },
    { ...stateless(parent), dependsOn: [role.policy] },
  );
