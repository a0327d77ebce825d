/**
 * What an `up` changes in a running Region, by resource type. Whatever is not listed is refused when it changes: a stand-in
 * that quietly kept its old shape would tell a person that a setting does something which it does not.
 */
import { isDeepStrictEqual } from 'node:util';

import type { RegisteredResource } from '../monitor/registered-resource.ts';

export type ChangeAction = 'create' | 'update' | 'delete';

/**
 * `now`: made while the program runs, because others need its outputs, and of no effect by itself. `later`: applied when the
 * whole program has been looked at. `nothing`: declared, and nothing on one machine acts on it.
 */
export type LiveKind = 'now' | 'later' | 'nothing';

const LIVE: Readonly<Record<string, LiveKind>> = {
  'aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion': 'now',
  'aws:appconfig/deployment:Deployment': 'later',
  'aws:iam/role:Role': 'later',
  'aws:iam/rolePolicy:RolePolicy': 'later',
  'aws:lambda/function:Function': 'later',
  'aws:scheduler/schedule:Schedule': 'later',
  'aws:cloudwatch/logGroup:LogGroup': 'nothing',
  'aws:cloudwatch/metricAlarm:MetricAlarm': 'nothing',
  'aws:cloudwatch/compositeAlarm:CompositeAlarm': 'nothing',
  'aws:cloudwatch/dashboard:Dashboard': 'nothing',
  'aws:sns/topicSubscription:TopicSubscription': 'nothing',
  'aws:ec2/securityGroup:SecurityGroup': 'nothing',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': 'nothing',
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': 'nothing',
  'aws:lb/loadBalancer:LoadBalancer': 'nothing',
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': 'nothing',
};

/** Properties that a stand-in does not act on, of resources that can't change otherwise while they run. */
const NOTHING_HERE: Readonly<Record<string, readonly string[]>> = {
  'aws:lb/listener:Listener': ['certificateArn', 'sslPolicy'],
};

export interface ResourceChange {
  readonly action: ChangeAction;
  readonly type: string;
  readonly name: string;
  /** Of an update. */
  readonly properties: readonly string[];
  readonly how: LiveKind | 'refused';
  /** Set where it is refused. */
  readonly why?: string;
}

export const changedProperties = (
  before: RegisteredResource['inputs'],
  after: RegisteredResource['inputs'],
): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );

const WHY: Readonly<Record<ChangeAction, string>> = {
  create: 'is new, and can not be added to a Region that runs; stop it with Ctrl-C and run npm start again',
  update: 'can not be changed while it runs; stop it with Ctrl-C and run npm start again, which says what it can do',
  delete: 'can not be taken out of a Region that runs; stop it with Ctrl-C and run npm start again',
};

const WHY_PROVIDER = 'is another Region or account: that is another install, not a change of this one';

/** A new function, schedule or role needs more than itself (a trigger, a policy): only those that exist are changed live. */
const kindOf = (action: ChangeAction, type: string, properties: readonly string[]): LiveKind | undefined => {
  const known = LIVE[type];
  const harmless = NOTHING_HERE[type];
  if (harmless !== undefined && action === 'update' && properties.every((property) => harmless.includes(property))) {
    return 'nothing';
  }
  return action !== 'update' && known !== 'nothing' ? undefined : known;
};

export const judgeChange = (
  action: ChangeAction,
  { type, name }: Pick<RegisteredResource, 'type' | 'name'>,
  properties: readonly string[] = [],
): ResourceChange => {
  const kind = kindOf(action, type, properties);
  return {
    action,
    type,
    name,
    properties,
    ...(kind === undefined
      ? { how: 'refused', why: type.startsWith('pulumi:providers:') ? WHY_PROVIDER : WHY[action] }
      : { how: kind }),
  };
};
