/**
 * What calls dispatch. Enabled in both Regions, always: the gate decides who works, so a flip changes no schedule. Late
 * and failed calls are dropped early, or a Region that thaws after a day would replay the day.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import type { RegionNames } from '../names.ts';
import type { ScheduleSettings } from '../settings/schedule.ts';
import type { Queues } from './queues.ts';
import { stateless } from './resource-options.ts';
import type { GrantedRole } from './roles.ts';

export interface ScheduleArgs {
  readonly names: RegionNames;
  readonly settings: ScheduleSettings;
  readonly dispatch: aws.lambda.Function;
  readonly role: GrantedRole;
  readonly queues: Queues;
}

const RETRIES_MAX = 1;

/** A call that Lambda delivers twice has the same `id`, so that dispatch can see that it is one tick. */
const TICK = JSON.stringify({ id: '<aws.scheduler.execution-id>', time: '<aws.scheduler.scheduled-time>' });

export class Schedule extends pulumi.ComponentResource {
  readonly scheduleName: pulumi.Output<string>;

  constructor(name: string, args: ScheduleArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Schedule', name, {}, options);
    boundRetries(this, name, args);
    const schedule = createSchedule(this, name, args);
    this.scheduleName = schedule.name;
    this.registerOutputs({ scheduleName: this.scheduleName });
  }
}

/** The schedule's call is asynchronous: Lambda keeps its own retries, for six hours if nobody says otherwise. */
const boundRetries = (parent: Schedule, name: string, args: ScheduleArgs): aws.lambda.FunctionEventInvokeConfig =>
  new aws.lambda.FunctionEventInvokeConfig(
    `${name}-retries`,
    {
      functionName: args.dispatch.name,
      maximumRetryAttempts: RETRIES_MAX,
      maximumEventAgeInSeconds: args.settings.eventAgeSecondsMax,
    },
    stateless(parent),
  );

const createSchedule = (parent: Schedule, name: string, args: ScheduleArgs): aws.scheduler.Schedule =>
  new aws.scheduler.Schedule(
    `${name}-dispatch`,
    {
      name: args.names.schedule,
      description: 'Reads the sources, where the gate says so',
      scheduleExpression: args.settings.expression,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      state: 'ENABLED',
      target: {
        arn: args.dispatch.arn,
        roleArn: args.role.arn,
        input: TICK,
        retryPolicy: {
          maximumRetryAttempts: RETRIES_MAX,
          maximumEventAgeInSeconds: args.settings.eventAgeSecondsMax,
        },
        deadLetterConfig: { arn: args.queues.scheduleDeadLetterArn },
      },
    },
    { ...stateless(parent), dependsOn: [args.role.policy] },
  );
