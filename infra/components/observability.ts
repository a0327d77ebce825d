/** What this Region says of itself: alarms, whom they tell, and one dashboard. Nothing of the other Region, and nothing that acts. */
import * as pulumi from '@pulumi/pulumi';

import { alarmsOf } from '../alarms/alarms.ts';
import { alarmFactsOf } from '../alarms/facts.ts';
import type { RegionConfig } from '../config.ts';
import type { RegionNames } from '../names.ts';
import { createAlarms } from './observability-alarms.ts';
import { createDashboard } from './observability-dashboard.ts';
import { createTopic } from './observability-topic.ts';

/** Names that AWS gives. */
export interface FrontNames {
  readonly loadBalancer: pulumi.Output<string>;
  readonly targetGroup: pulumi.Output<string>;
}

export interface ObservabilityArgs {
  readonly names: RegionNames;
  readonly config: RegionConfig;
  readonly keyArn: pulumi.Input<string>;
  readonly front: FrontNames;
}

export class Observability extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Observability', name, {}, options);
    const alarms = alarmsOf(alarmFactsOf(args.config, args.names));
    const topic = createTopic(this, name, args);
    createAlarms(this, name, args, { alarms, topicArn: topic.arn });
    createDashboard(this, name, args, alarms);
    this.topicArn = topic.arn;
    this.registerOutputs({ topicArn: this.topicArn });
  }
}
