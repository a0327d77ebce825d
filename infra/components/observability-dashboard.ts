/** Declares the dashboard; what is on it is in `infra/alarms/dashboard.ts`. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { type Alarm, LOAD_BALANCER, TARGET_GROUP } from '../alarms/alarm.ts';
import { dashboardOf } from '../alarms/dashboard.ts';
import { alarmArn, dashboardName } from '../names.ts';
import type { ObservabilityArgs } from './observability.ts';
import { stateless } from './resource-options.ts';

export const createDashboard = (
  parent: pulumi.Resource,
  name: string,
  { names, config, front }: ObservabilityArgs,
  alarms: readonly Alarm[],
): aws.cloudwatch.Dashboard => {
  const body = JSON.stringify(
    dashboardOf(alarms, {
      region: names.region,
      ...(config.peerRegion === undefined ? {} : { peerRegion: config.peerRegion }),
      alarmArn: (alarm) => alarmArn(names, alarm),
    }),
  );
  return new aws.cloudwatch.Dashboard(
    `${name}-dashboard`,
    {
      dashboardName: dashboardName(names),
      dashboardBody: pulumi
        .all([front.loadBalancer, front.targetGroup])
        .apply(([loadBalancer, targetGroup]) =>
          body.replaceAll(LOAD_BALANCER, loadBalancer).replaceAll(TARGET_GROUP, targetGroup),
        ),
    },
    stateless(parent),
  );
};
