/**
 * List prices as data: US dollars, us-east-2, without free tiers, discounts and taxes. None was read from AWS's own pages: each says
 * where it is from, and the documents repeat that. Check them before money is decided with them.
 */

/** `secondary`: somebody else's page that names AWS as its source. `memory`: common knowledge, not looked up. */
export type Confidence = 'secondary' | 'memory';

export interface Price {
  readonly usd: number;
  /** What one of it is. */
  readonly unit: string;
  readonly confidence: Confidence;
  readonly source: string;
}

/** When the sources were read. */
export const PRICES_READ_ON = '2026-11-22';

const memory = (usd: number, unit: string): Price => ({ usd, unit, confidence: 'memory', source: 'not looked up' });

const secondary = (usd: number, unit: string, source: string): Price => ({
  usd,
  unit,
  confidence: 'secondary',
  source,
});

const DYNAMO_PAGE = 'airbyte.com/data-engineering-resources/dynamodb-pricing (July 2025)';
const VECTORS_PAGE = 'exploreagentic.ai/insights/s3-vectors-enterprise-rag (2026)';
const LAMBDA_PAGE = 'cloudchipr.com/blog/aws-lambda-pricing (2024, us-east-1)';

export const PRICES = {
  dynamoWrite: secondary(0.625, 'a million write units of 1 KB', DYNAMO_PAGE),
  dynamoRead: secondary(0.125, 'a million strongly consistent reads of 4 KB', DYNAMO_PAGE),
  dynamoStorage: memory(0.25, 'GB and month'),
  dynamoBackup: memory(0.2, 'GB and month of point-in-time recovery'),
  vectorStorage: secondary(0.06, 'GB and month', VECTORS_PAGE),
  vectorPut: secondary(0.2, 'GB put', VECTORS_PAGE),
  vectorQuery: memory(2.5, 'a million queries'),
  vectorProcessed: memory(0.004, 'TB of index that queries run over'),
  lambdaRequest: secondary(0.2, 'a million calls', LAMBDA_PAGE),
  lambdaTime: secondary(13.3334, 'a million GB-seconds on arm64', LAMBDA_PAGE),
  loadBalancerHour: memory(0.0225, 'hour of a load balancer'),
  loadBalancerUnit: memory(0.008, 'hour of one capacity unit'),
  keyMonth: memory(1, 'month of a key'),
  keyRequest: memory(3, 'a million requests'),
  alarmMonth: memory(0.1, 'month of an alarm'),
  dashboardMonth: memory(3, 'month of a dashboard'),
  metricMonth: memory(0.3, 'month of a metric'),
  logsIn: memory(0.5, 'GB of log'),
  gate: secondary(
    800,
    'a million configurations received',
    'two secondary copies of the AppConfig price list that agree',
  ),
  queueRequest: memory(0.5, 'a million requests to a FIFO queue'),
  scheduleCall: memory(1, 'a million calls of a schedule'),
  secretMonth: memory(0.4, 'month of a secret'),
  crossRegion: memory(0.02, 'GB sent to another Region'),
  embedToken: memory(0.02, 'a million tokens of Titan Text Embeddings V2'),
  endpointHour: memory(0.01, 'hour of an interface endpoint in one zone'),
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof PRICES;
