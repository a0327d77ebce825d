/**
 * The survey in one Region: a function with its role, log and alarm, and a rule that sends `/v1/surveys/` to it. Tables, key, load
 * balancer, certificate, scheduled drain, repair and proof are the product's: a workload beside it declares what is its own.
 */
import path from 'node:path';

import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { stateless } from '../../../infra/components/resource-options.ts';
import { createRole } from '../../../infra/components/roles.ts';
import type { RegionConfig } from '../../../infra/config.ts';
import { storeEnvironment } from '../../../infra/environment.ts';
import { alarmName, namesOf, peerNamesOf, type RegionNames, roleName } from '../../../infra/names.ts';
import { trustOf } from '../../../infra/policies.ts';
import { surveyStatements } from './survey-policy.ts';

export interface SurveyArgs {
  readonly config: RegionConfig;
  readonly keyArn: pulumi.Input<string>;
  readonly listenerArn: pulumi.Input<string>;
  /** Who is told when votes fail. */
  readonly alarmTopicArn: pulumi.Input<string>;
}

const PATHS = ['/v1/surveys/*'];
const PRIORITY = 100;

/** Longer than the page waits for either Region; whoever has left by then has voted in the other one. */
const TIMEOUT_SECONDS = 10;
const MEMORY_MB = 512;

/** Reserved: however many vote at once, the API keeps the account's other concurrency; a surplus voter tries again. */
const CONCURRENCY_MAX = 20;

const ALARM_PERIOD_SECONDS = 60;
const ALARM_PERIODS = 2;

export class Survey extends pulumi.ComponentResource {
  /** What sends requests here. */
  readonly ruleArn: pulumi.Output<string>;

  constructor(name: string, args: SurveyArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Survey', name, {}, options);
    const names = namesOf(args.config.region, args.config.accountId);
    const survey = createFunction(this, name, args, names);
    createAlarm(this, name, args, names);
    const { targetGroup, attachment } = createTargetGroup(this, name, names, survey);
    const rule = new aws.lb.ListenerRule(
      `${name}-paths`,
      {
        listenerArn: args.listenerArn,
        priority: PRIORITY,
        conditions: [{ pathPattern: { values: PATHS } }],
        actions: [{ type: 'forward', targetGroupArn: targetGroup.arn }],
      },
      // Nobody is sent here before somebody answers.
      { ...stateless(this), dependsOn: [attachment] },
    );
    this.ruleArn = rule.arn;
    this.registerOutputs({ ruleArn: this.ruleArn });
  }
}

/** Of the function, its role and its target group. */
const surveyName = (names: RegionNames): string => roleName(names, 'survey');

const createFunction = (parent: Survey, name: string, args: SurveyArgs, names: RegionNames): aws.lambda.Function => {
  const { config, keyArn } = args;
  const physicalName = surveyName(names);
  const peer = peerNamesOf(config);
  const { arn: role, policy } = createRole(parent, name, config, {
    roleName: physicalName,
    description: `What the survey may do in ${names.region}`,
    trust: trustOf(names, 'lambda'),
    statements: surveyStatements({ home: names, ...(peer === undefined ? {} : { peer }), keyArn }, physicalName),
  });
  const logGroup = new aws.cloudwatch.LogGroup(
    `${name}-logs`,
    { name: `/aws/lambda/${physicalName}`, retentionInDays: config.logRetentionDays, kmsKeyId: keyArn },
    stateless(parent),
  );
  return new aws.lambda.Function(
    `${name}-function`,
    {
      name: physicalName,
      architectures: ['arm64'],
      runtime: aws.lambda.Runtime.NodeJS24dX,
      handler: 'index.handler',
      code: new pulumi.asset.FileArchive(path.join(config.functionsDirectory, 'survey')),
      role,
      memorySize: MEMORY_MB,
      timeout: TIMEOUT_SECONDS,
      reservedConcurrentExecutions: CONCURRENCY_MAX,
      environment: { variables: storeEnvironment(config) },
      loggingConfig: { logFormat: 'JSON', logGroup: logGroup.name },
    },
    { ...stateless(parent), dependsOn: [policy] },
  );
};

const createAlarm = (
  parent: Survey,
  name: string,
  { alarmTopicArn }: SurveyArgs,
  names: RegionNames,
): aws.cloudwatch.MetricAlarm =>
  new aws.cloudwatch.MetricAlarm(
    `${name}-errors`,
    {
      name: alarmName(names, 'survey-errors'),
      alarmDescription: 'The survey function crashed or timed out in two minutes of two: see its log.',
      namespace: 'AWS/Lambda',
      metricName: 'Errors',
      dimensions: { FunctionName: surveyName(names) },
      statistic: 'Sum',
      period: ALARM_PERIOD_SECONDS,
      evaluationPeriods: ALARM_PERIODS,
      datapointsToAlarm: ALARM_PERIODS,
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      treatMissingData: 'notBreaching',
      alarmActions: [alarmTopicArn],
      okActions: [alarmTopicArn],
    },
    stateless(parent),
  );

const createTargetGroup = (
  parent: Survey,
  name: string,
  names: RegionNames,
  survey: aws.lambda.Function,
): { readonly targetGroup: aws.lb.TargetGroup; readonly attachment: aws.lb.TargetGroupAttachment } => {
  // No health check: with one target the load balancer has no other one, and clients ask `ready` themselves.
  const targetGroup = new aws.lb.TargetGroup(
    `${name}-targets`,
    { name: surveyName(names), targetType: 'lambda', lambdaMultiValueHeadersEnabled: true },
    stateless(parent),
  );
  const permission = new aws.lambda.Permission(
    `${name}-permission`,
    {
      action: 'lambda:InvokeFunction',
      function: survey.name,
      principal: 'elasticloadbalancing.amazonaws.com',
      sourceArn: targetGroup.arn,
    },
    stateless(parent),
  );
  const attachment = new aws.lb.TargetGroupAttachment(
    `${name}-attachment`,
    { targetGroupArn: targetGroup.arn, targetId: survey.arn },
    { ...stateless(parent), dependsOn: [permission] },
  );
  return { targetGroup, attachment };
};
