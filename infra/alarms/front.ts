/** What clients of the API meet: errors, slowness, a front that turns them away. */
import {
  type Alarm,
  type AlarmFacts,
  filledSum,
  FIVE_MINUTES,
  LOAD_BALANCER,
  MINUTE,
  platform,
  TARGET_GROUP,
  watching,
} from './alarm.ts';

const ELB = 'AWS/ApplicationELB';
const BALANCER = { LoadBalancer: LOAD_BALANCER };
const ERROR_PERCENT_MAX = 5;
const P99_MS_MAX = 3000;

/**
 * Errors of the function (it answered 5xx) and of the front (it got no answer). `RequestCount` leaves out what found no target:
 * where there are more errors than requests, all of them failed. Without a request there is no rate, and no alarm.
 */
const errorRate: Alarm = {
  name: 'api-error-rate',
  group: 'front',
  watches: {
    kind: 'math',
    metrics: {
      answered: platform(ELB, 'HTTPCode_Target_5XX_Count', BALANCER, 'Sum'),
      unanswered: platform(ELB, 'HTTPCode_ELB_5XX_Count', BALANCER, 'Sum'),
      requests: platform(ELB, 'RequestCount', BALANCER, 'Sum'),
    },
    steps: {
      errors: 'FILL(answered, 0) + FILL(unanswered, 0)',
      all: 'IF(FILL(requests, 0) > errors, FILL(requests, 0), errors)',
      rate: '100 * errors / all',
    },
  },
  periodSeconds: MINUTE,
  breaching: 2,
  periods: 2,
  comparison: 'more than',
  threshold: ERROR_PERCENT_MAX,
  missing: 'notBreaching',
  when: `more than ${ERROR_PERCENT_MAX} % of requests fail, for 2 minutes`,
  means:
    'CONSIDER FAILOVER. People who ask this Region get errors. The other Region may be well: nothing switches by itself.',
  first:
    'Ask both Regions: `twinmap status`. Is the other one well and this one not, then `twinmap failover --dry-run`, and decide.',
};

const slow = ({ functions }: AlarmFacts): Alarm => ({
  name: 'api-latency-p99',
  group: 'front',
  watches: watching(platform('AWS/Lambda', 'Duration', { FunctionName: functions.api }, 'p99')),
  periodSeconds: MINUTE,
  breaching: 5,
  periods: 5,
  comparison: 'more than',
  threshold: P99_MS_MAX,
  missing: 'notBreaching',
  when: `the slowest 1 % of requests take more than ${P99_MS_MAX / 1000} s, for 5 minutes`,
  means:
    'Answers still come, late. Usually one store of this Region answers slowly, or writes wait for a peer that hangs.',
  first:
    "See in the dashboard which store is slow. Reads that wait: this Region's DynamoDB or S3 Vectors. Writes: the peer.",
});

const failing: Alarm = {
  name: 'front-errors',
  group: 'front',
  watches: filledSum({ unanswered: platform(ELB, 'HTTPCode_ELB_5XX_Count', BALANCER, 'Sum') }),
  periodSeconds: FIVE_MINUTES,
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 10,
  missing: 'notBreaching',
  when: 'the front itself answers 10 requests or more in 5 minutes with 5xx',
  means: 'The API function crashed, ran out of time or was throttled, so that the load balancer had to answer for it.',
  first: 'Look at `function-api-errors` and `function-api-throttled`, then into the log group of the API function.',
};

const unhealthy: Alarm = {
  name: 'front-unhealthy',
  group: 'front',
  watches: watching(
    platform(ELB, 'UnHealthyHostCount', { TargetGroup: TARGET_GROUP, LoadBalancer: LOAD_BALANCER }, 'Maximum'),
  ),
  periodSeconds: MINUTE,
  breaching: 3,
  periods: 3,
  comparison: 'at least',
  threshold: 1,
  missing: 'notBreaching',
  when: 'the API function fails its health check, for 3 minutes',
  means: 'The function does not start, or its answer to /healthz is not 200. Clients most likely get errors too.',
  first: "Call `/healthz` of this Region's own name. Was there a deployment in the last hour? Then take it back.",
};

const rejected: Alarm = {
  name: 'front-rejected',
  group: 'front',
  watches: watching(platform(ELB, 'RejectedConnectionCount', BALANCER, 'Sum')),
  periodSeconds: FIVE_MINUTES,
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 1,
  missing: 'notBreaching',
  when: 'the load balancer turns a connection away',
  means: 'It has as many connections as it takes: a client in a loop, or everybody at once after a failover.',
  first: 'Find who connects (flow logs, or ask). A storm after a failover calms down by itself within minutes.',
};

export const frontAlarms = (facts: AlarmFacts): readonly Alarm[] => [
  errorRate,
  slow(facts),
  failing,
  unhealthy,
  rejected,
];
