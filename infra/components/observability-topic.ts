/** Whom alarms tell: one topic under the Region's key, which only the alarms of this account and Region may publish to. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { alarmArn, alarmTopicName, type RegionNames } from '../names.ts';
import type { ObservabilityArgs } from './observability.ts';
import { stateless } from './resource-options.ts';

export const createTopic = (parent: pulumi.Resource, name: string, args: ObservabilityArgs): aws.sns.Topic => {
  const topic = new aws.sns.Topic(
    `${name}-topic`,
    {
      name: alarmTopicName(args.names),
      displayName: `Twinmap ${args.names.region}`,
      kmsMasterKeyId: args.keyArn,
      signatureVersion: 2,
    },
    stateless(parent),
  );
  letAlarmsPublish(parent, name, args, topic);
  for (const [place, subscriber] of args.config.alarmSubscribers.entries()) {
    subscribe(parent, `${name}-subscriber-${place}`, topic, subscriber);
  }
  return topic;
};

const letAlarmsPublish = (
  parent: pulumi.Resource,
  name: string,
  { names }: ObservabilityArgs,
  topic: aws.sns.Topic,
): aws.sns.TopicPolicy =>
  new aws.sns.TopicPolicy(
    `${name}-topic-policy`,
    {
      arn: topic.arn,
      policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: topicStatements(names, topic.arn) }),
    },
    stateless(parent),
  );

const topicStatements = (names: RegionNames, topicArn: pulumi.Output<string>): readonly object[] => [
  {
    Sid: 'Alarms',
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: 'sns:Publish',
    Resource: topicArn,
    Condition: {
      StringEquals: { 'aws:SourceAccount': names.accountId },
      ArnLike: { 'aws:SourceArn': alarmArn(names, '*') },
    },
  },
  {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sns:Publish',
    Resource: topicArn,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  },
];

/** An email address has to confirm before it hears anything; a plain `up` does not wait for it. */
const subscribe = (
  parent: pulumi.Resource,
  logicalName: string,
  topic: aws.sns.Topic,
  { protocol, endpoint }: ObservabilityArgs['config']['alarmSubscribers'][number],
): aws.sns.TopicSubscription =>
  new aws.sns.TopicSubscription(logicalName, { topic: topic.arn, protocol, endpoint }, stateless(parent));
