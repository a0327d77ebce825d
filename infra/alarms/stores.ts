/** The stores: what our own writes met in each Region, and what DynamoDB says of this Region's tables. */
import { type Alarm, type AlarmFacts, filledSum, MINUTE, own, periodOf, platform } from './alarm.ts';

const HOUR = 3600;
const THROTTLES_MIN = 10;
const SYSTEM_ERRORS_MIN = 3;

interface Target {
  readonly name: string;
  readonly region: string;
  readonly service: 'dynamodb' | 's3vectors';
  readonly what: string;
  readonly means: string;
  readonly first: string;
}

const HOME_FAILS = "This Region's own store fails. Cycles stop, and writes of people go to the peer, owed back.";
const PEER_FAILS = 'The peer does not take writes. Cycles stop unacknowledged; writes of people are held here, owed.';
const SEE_HOME =
  'See the health page of the service in this Region. Does `api-error-rate` fire too: CONSIDER FAILOVER.';
const SEE_PEER =
  '`twinmap status` from another place than this Region. Short: it is caught up by itself. Long: declare it.';

const targetsOf = ({ region, peerRegion }: AlarmFacts): readonly Target[] => {
  const home = { region, means: HOME_FAILS, first: SEE_HOME };
  const peer = { region: peerRegion ?? '', means: PEER_FAILS, first: SEE_PEER };
  const targets: readonly Target[] = [
    { ...home, name: 'writes-home-tables', service: 'dynamodb', what: "this Region's tables" },
    { ...home, name: 'writes-home-vectors', service: 's3vectors', what: "this Region's vectors" },
    { ...peer, name: 'writes-peer-tables', service: 'dynamodb', what: "the peer's tables" },
    { ...peer, name: 'writes-peer-vectors', service: 's3vectors', what: "the peer's vectors" },
  ];
  return targets.filter((target) => target.region !== '');
};

/** A cycle stops at the first write that fails, so one is enough. As long as an interval, or it would clear between two cycles. */
const failedWrites = ({ name, region, service, what, means, first }: Target, intervalSeconds: number): Alarm => ({
  name,
  group: 'stores',
  watches: own('WriteFailed', { Target: region, Service: service }, 'Sum'),
  periodSeconds: Math.min(HOUR, periodOf(intervalSeconds)),
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 1,
  missing: 'notBreaching',
  when: `a write to ${what} failed: unreachable, throttled, refused or unknown`,
  means,
  first,
});

/** It says nothing where nothing fails, and its alarms keep their state in silence, whatever they are told: so it is filled. */
const DYNAMODB = 'AWS/DynamoDB';
const OPERATIONS = ['GetItem', 'BatchGetItem', 'Query', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem'] as const;

type Table = keyof AlarmFacts['tables'];

const throttled = (table: Table, name: string): Alarm => ({
  name: `table-${table}-throttled`,
  group: 'stores',
  watches: filledSum({
    reads: platform(DYNAMODB, 'ReadThrottleEvents', { TableName: name }, 'Sum'),
    writes: platform(DYNAMODB, 'WriteThrottleEvents', { TableName: name }, 'Sum'),
  }),
  periodSeconds: MINUTE,
  breaching: 3,
  periods: 5,
  comparison: 'at least',
  threshold: THROTTLES_MIN,
  missing: 'notBreaching',
  when: `DynamoDB throttles ${THROTTLES_MIN} calls a minute to the table ${table}, in 3 of 5 minutes`,
  means:
    'One partition is hot, or the table grows faster than on-demand follows. Calls are repeated; answers get slow.',
  first:
    'Usually a first sync or a catch-up, which slow down by themselves: wait. Otherwise find the hot key by the log.',
});

const systemErrors = (table: Table, name: string): Alarm => ({
  name: `table-${table}-system-errors`,
  group: 'stores',
  watches: filledSum(
    Object.fromEntries(
      OPERATIONS.map((operation) => [
        operation.charAt(0).toLowerCase() + operation.slice(1),
        platform(DYNAMODB, 'SystemErrors', { TableName: name, Operation: operation }, 'Sum'),
      ]),
    ),
  ),
  periodSeconds: MINUTE,
  breaching: 2,
  periods: 3,
  comparison: 'at least',
  threshold: SYSTEM_ERRORS_MIN,
  missing: 'notBreaching',
  when: `DynamoDB answers ${SYSTEM_ERRORS_MIN} calls a minute to the table ${table} with 5xx, in 2 of 3 minutes`,
  means: 'DynamoDB of this Region has trouble of its own. It is often the first sign of a Regional event.',
  first: SEE_HOME,
});

export const storeAlarms = (facts: AlarmFacts): readonly Alarm[] => [
  ...targetsOf(facts).map((target) => failedWrites(target, facts.intervalSeconds)),
  ...(['workspaces', 'audit', 'graph'] as const).flatMap((table) => [
    throttled(table, facts.tables[table]),
    systemErrors(table, facts.tables[table]),
  ]),
];
