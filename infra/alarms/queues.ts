/** What waits too long, and what was given up. */
import { type Alarm, type AlarmFacts, FIVE_MINUTES, platform, spoken, watching } from './alarm.ts';

const SQS = 'AWS/SQS';
const AGE_MAX_SECONDS = 2 * 3600;

const deadLetters = (name: string, queue: string, means: string, first: string): Alarm => ({
  name,
  group: 'queues',
  watches: watching(platform(SQS, 'ApproximateNumberOfMessagesVisible', { QueueName: queue }, 'Maximum')),
  periodSeconds: FIVE_MINUTES,
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 1,
  // An idle queue is not measured; one that holds a message is.
  missing: 'notBreaching',
  when: `something lies in the queue ${name}`,
  means,
  first,
});

export const queueAlarms = ({ queues }: AlarmFacts): readonly Alarm[] => [
  deadLetters(
    'sync-dead-letters',
    queues.syncDeadLetters,
    'A cycle was tried three times and never ended. The next tick puts its source on the queue again.',
    'Read the message for its source, and the log of sync for the reason. Purge the queue when the source is well again.',
  ),
  deadLetters(
    'schedule-dead-letters',
    queues.scheduleDeadLetters,
    'EventBridge Scheduler could not call a function. The next tick does the same work.',
    "The message's attributes say why: mostly a permission or a throttle. Purge the queue when it has ended.",
  ),
  {
    name: 'sync-queue-age',
    group: 'queues',
    watches: watching(platform(SQS, 'ApproximateAgeOfOldestMessage', { QueueName: queues.sync }, 'Maximum')),
    periodSeconds: FIVE_MINUTES,
    breaching: 3,
    periods: 3,
    comparison: 'more than',
    threshold: AGE_MAX_SECONDS,
    missing: 'notBreaching',
    when: `a cycle has waited on the queue for more than ${spoken(AGE_MAX_SECONDS)}`,
    means: 'Cycles take longer than the schedule leaves them, or sync is not called at all.',
    first:
      'Look at `function-sync-throttled` and `function-sync-errors`. A first sync of a large source may take so long.',
  },
];
