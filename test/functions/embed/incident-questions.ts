/** Fifteen short documents of an imagined shop's platform, and for each a question that shares few words with it. */

export interface Question {
  readonly document: string;
  readonly question: string;
}

export const INCIDENT_QUESTIONS: readonly Question[] = [
  {
    document: 'Primary database failover: promote the replica in the other zone, then point the writers at it.',
    question: 'switch to the standby postgres',
  },
  {
    document: 'The notifier sends text messages through a carrier. When the carrier is slow, messages wait in SQS.',
    question: 'why do customers get their SMS late',
  },
  {
    document: 'Access to production is granted for one hour after two people approve, and each command is recorded.',
    question: 'how do I get permission to log in to the live servers',
  },
  {
    document: 'ADR 7: invoices are rendered as PDF by a Lambda function, because the old print server kept crashing.',
    question: 'decision about how bills are generated',
  },
  {
    document: 'async function withDeadline(work, timeoutMs) rejects when the work takes longer than the given time.',
    question: 'code that gives up when a call takes too long',
  },
  {
    document:
      'The product page reads prices from Memcached. After a flush the first requests are slow and load the database.',
    question: 'cache was emptied and everything got slower',
  },
  {
    document:
      'Escalation: if nobody on the storefront team acknowledges the page within ten minutes, call the duty manager.',
    question: 'the on-call engineer does not answer, whom do I phone',
  },
  {
    document:
      'Helm values for the staging cluster. Set replicaCount to two and lower the memory limits of each container.',
    question: 'kubernetes settings of the test environment',
  },
  {
    document:
      'Expired certificate on the partner gateway: request a new one, upload it to the load balancer, restart nothing.',
    question: 'TLS handshake fails because the cert ran out',
  },
  {
    document:
      'Personal data of shoppers is deleted 24 months after the last order by the retention job in the warehouse.',
    question: 'how long do we keep information about people, GDPR',
  },
  {
    document:
      'class DeadLetterReplayer moves messages back from the dead_letter_queue after the consumer was repaired.',
    question: 'process failed events again',
  },
  {
    document: 'Traffic to the eu-central-1 region is taken away by lowering its weight in Route 53 to zero.',
    question: 'move users out of the German region with DNS',
  },
  {
    document:
      'The fraud model scores each payment. It is retrained every Monday on the chargebacks of the last quarter.',
    question: 'machine learning that detects stolen credit cards',
  },
  {
    document:
      'A schema migration must work with the old and the new release, so columns are added first and dropped later.',
    question: 'change tables of the database without breaking the previous version',
  },
  {
    document:
      'Grafana board "front door": error rate, p99 latency and saturation of the edge proxies, with alert thresholds.',
    question: 'where are the charts that show how slow requests are',
  },
];
