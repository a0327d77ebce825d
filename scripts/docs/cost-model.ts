/**
 * What one month costs: quantities from a size, from what the program declares (counted in docs/inventory.md) and from its bounds;
 * amounts from `prices.ts`. Every figure of the table in docs/deploy.md is computed here.
 */
import { LIMITS } from '../../functions/domain/limits.ts';
import { type Confidence, type PriceName, PRICES } from './prices.ts';

export interface Size {
  readonly name: string;
  readonly documents: number;
  readonly chunks: number;
  readonly changedDocumentsPerDay: number;
  readonly questionsPerDay: number;
  readonly writesPerDay: number;
}

export const SIZES: readonly Size[] = [
  {
    name: 'small',
    documents: 5000,
    chunks: 20_000,
    changedDocumentsPerDay: 100,
    questionsPerDay: 500,
    writesPerDay: 50,
  },
  {
    name: 'medium',
    documents: 50_000,
    chunks: 200_000,
    changedDocumentsPerDay: 1500,
    questionsPerDay: 10_000,
    writesPerDay: 500,
  },
];

export interface Shape {
  readonly regions: 1 | 2;
  readonly embedder: 'static' | 'bedrock';
  readonly network: 'service' | 'isolated';
  readonly dimensions: number;
}

/** Taken for granted, and said so beside the table. */
export const ASSUMPTIONS = {
  daysPerMonth: 30,
  hoursPerMonth: 730,
  recordBytes: 2000,
  tokensPerChunk: 400,
  vectorOverheadBytes: 400,
  secondsPerQuestion: 0.15,
  secondsPerDrain: 0.3,
  secondsPerAudit: 0.5,
  secondsPerRepair: 2,
  secondsPerCycle: 20,
  recordsProvenPerSecond: 5000,
  logBytesPerCall: 1500,
  apiInstancesStartedPerHour: 2,
  metricsPerRegion: 60,
  secretsPerRegion: 1,
  endpointZones: 2,
  interfaceEndpoints: 7,
  keyRequestsPerRegion: 100_000,
} as const;

const GB = 1e9;
const MILLION = 1e6;
const READ_BYTES = 4096;
const WRITE_BYTES = 1024;
const MINUTES_PER_HOUR = 60;

/** How often each function runs in a month, and with how much memory: as `infra/components` declares it. */
export const RUNS_PER_HOUR = { dispatch: 1, drain: 60, audit: 60, repair: 12 } as const;
export const MEMORY_GB = { dispatch: 0.25, sync: 2, api: 1, drain: 0.5, repair: 2, audit: 0.25 } as const;

export interface CostLine {
  readonly what: string;
  readonly price: PriceName;
  /** In units of the price. */
  readonly quantity: number;
  readonly usd: number;
  readonly confidence: Confidence;
}

/** Resources by type, in one stack. */
export type Counts = ReadonlyMap<string, number>;

const line = (what: string, price: PriceName, quantity: number): CostLine => ({
  what,
  price,
  quantity,
  usd: quantity * PRICES[price].usd,
  confidence: PRICES[price].confidence,
});

interface Volumes {
  readonly records: number;
  readonly recordGb: number;
  readonly vectorGb: number;
  readonly changedChunks: number;
  readonly questions: number;
  readonly writes: number;
}

const volumesOf = (size: Size, { dimensions }: Shape): Volumes => {
  const { daysPerMonth, recordBytes, vectorOverheadBytes } = ASSUMPTIONS;
  const records = size.documents + size.chunks;
  return {
    records,
    recordGb: (records * recordBytes) / GB,
    vectorGb: (size.chunks * (dimensions * 4 + vectorOverheadBytes)) / GB,
    changedChunks: size.changedDocumentsPerDay * (size.chunks / size.documents) * daysPerMonth,
    questions: size.questionsPerDay * daysPerMonth,
    writes: size.writesPerDay * daysPerMonth,
  };
};

/** Reading every record once, as a proof and a full cycle do. */
const readsOfAll = ({ records }: Volumes): number => records * Math.ceil(ASSUMPTIONS.recordBytes / READ_BYTES);

const writesOf = (size: Size, volumes: Volumes): number => {
  const changed = volumes.changedChunks + size.changedDocumentsPerDay * ASSUMPTIONS.daysPerMonth;
  return (changed + volumes.writes * 2) * Math.ceil(ASSUMPTIONS.recordBytes / WRITE_BYTES);
};

const computing = (volumes: Volumes): readonly CostLine[] => {
  const { hoursPerMonth, recordsProvenPerSecond } = ASSUMPTIONS;
  const comparisons = (hoursPerMonth * 3_600_000) / LIMITS.comparisonIntervalMs;
  const provingSeconds = comparisons * (volumes.records / recordsProvenPerSecond);
  const runs = {
    api: volumes.questions + volumes.writes,
    sync: hoursPerMonth,
    dispatch: RUNS_PER_HOUR.dispatch * hoursPerMonth,
    drain: RUNS_PER_HOUR.drain * hoursPerMonth,
    audit: RUNS_PER_HOUR.audit * hoursPerMonth,
    repair: RUNS_PER_HOUR.repair * hoursPerMonth,
  };
  const gbSeconds =
    runs.api * MEMORY_GB.api * ASSUMPTIONS.secondsPerQuestion +
    runs.sync * MEMORY_GB.sync * ASSUMPTIONS.secondsPerCycle +
    runs.dispatch * MEMORY_GB.dispatch +
    runs.drain * MEMORY_GB.drain * ASSUMPTIONS.secondsPerDrain +
    runs.audit * MEMORY_GB.audit * ASSUMPTIONS.secondsPerAudit +
    (runs.repair * ASSUMPTIONS.secondsPerRepair + provingSeconds) * MEMORY_GB.repair;
  const calls = Object.values(runs).reduce((sum, count) => sum + count, 0);
  return [
    line('functions, time', 'lambdaTime', gbSeconds / MILLION),
    line('functions, calls', 'lambdaRequest', calls / MILLION),
    line('schedules', 'scheduleCall', (calls - runs.api - runs.sync) / MILLION),
    line('logs', 'logsIn', (calls * ASSUMPTIONS.logBytesPerCall) / GB),
    line('sync queue', 'queueRequest', (runs.sync * 3 + hoursPerMonth * MINUTES_PER_HOUR * 3) / MILLION),
    // A fresh session gets the whole document: each scheduled run, and each instance of the API once, however often it is asked.
    line(
      'the gate',
      'gate',
      (runs.dispatch + runs.sync + ASSUMPTIONS.apiInstancesStartedPerHour * hoursPerMonth) / MILLION,
    ),
  ];
};

const storing = (size: Size, shape: Shape, volumes: Volumes): readonly CostLine[] => {
  const { daysPerMonth, hoursPerMonth } = ASSUMPTIONS;
  const comparisons = (hoursPerMonth * 3_600_000) / LIMITS.comparisonIntervalMs;
  const fullCycles = (daysPerMonth * 24 * 3_600_000) / LIMITS.fullCycleIntervalMs;
  const proofReads = shape.regions === 2 ? comparisons * readsOfAll(volumes) : 0;
  const questionReads = volumes.questions * LIMITS.searchCandidatesMax * 2;
  const vectorBytes = volumes.vectorGb / size.chunks;
  return [
    line('tables, stored', 'dynamoStorage', volumes.recordGb),
    line('tables, point-in-time recovery', 'dynamoBackup', volumes.recordGb),
    line('tables, writes', 'dynamoWrite', writesOf(size, volumes) / MILLION),
    line('tables, reads for proofs', 'dynamoRead', proofReads / MILLION),
    line('tables, other reads', 'dynamoRead', (fullCycles * readsOfAll(volumes) + questionReads) / MILLION),
    line('vectors, stored', 'vectorStorage', volumes.vectorGb),
    line('vectors, put', 'vectorPut', volumes.changedChunks * vectorBytes),
    line('vectors, queries', 'vectorQuery', volumes.questions / MILLION),
    line('vectors, data that queries run over', 'vectorProcessed', (volumes.questions * volumes.vectorGb) / 1000),
  ];
};

const standing = (counts: Counts, shape: Shape): readonly CostLine[] => {
  const { hoursPerMonth, metricsPerRegion, secretsPerRegion, interfaceEndpoints, endpointZones } = ASSUMPTIONS;
  const count = (type: string): number => counts.get(type) ?? 0;
  const balancers = count('aws:lb/loadBalancer:LoadBalancer');
  return [
    line('load balancer', 'loadBalancerHour', balancers * hoursPerMonth),
    line('load balancer, capacity', 'loadBalancerUnit', balancers * hoursPerMonth),
    line('keys', 'keyMonth', count('aws:kms/key:Key')),
    line('keys, requests', 'keyRequest', ASSUMPTIONS.keyRequestsPerRegion / MILLION),
    line('alarms', 'alarmMonth', count('aws:cloudwatch/metricAlarm:MetricAlarm')),
    line('dashboard', 'dashboardMonth', count('aws:cloudwatch/dashboard:Dashboard')),
    line('metrics', 'metricMonth', metricsPerRegion),
    line('secrets', 'secretMonth', secretsPerRegion),
    ...(shape.network === 'isolated'
      ? [line('interface endpoints', 'endpointHour', interfaceEndpoints * endpointZones * hoursPerMonth)]
      : []),
  ];
};

/** Only the Region that works embeds and sends; the other one receives. */
const working = (shape: Shape, volumes: Volumes): readonly CostLine[] => {
  const changedGb = volumes.changedChunks * (ASSUMPTIONS.recordBytes / GB + volumes.vectorGb / volumes.records);
  return [
    ...(shape.embedder === 'bedrock'
      ? [line('embedding', 'embedToken', (volumes.changedChunks * ASSUMPTIONS.tokensPerChunk) / MILLION)]
      : []),
    ...(shape.regions === 2 ? [line('sent to the other Region', 'crossRegion', changedGb)] : []),
  ];
};

export interface MonthlyCost {
  readonly lines: readonly CostLine[];
  readonly usd: number;
  /** The share of the sum that rests on prices from memory, 0 to 1. */
  readonly unverifiedShare: number;
}

const times = (lines: readonly CostLine[], factor: number): readonly CostLine[] =>
  lines.map((one) => ({ ...one, quantity: one.quantity * factor, usd: one.usd * factor }));

export const monthlyCost = (size: Size, shape: Shape, counts: Counts): MonthlyCost => {
  const volumes = volumesOf(size, shape);
  const each = [...standing(counts, shape), ...storing(size, shape, volumes), ...computing(volumes)];
  const lines = [...times(each, shape.regions), ...working(shape, volumes)];
  const usd = lines.reduce((sum, one) => sum + one.usd, 0);
  const unverified = lines.filter(({ confidence }) => confidence === 'memory').reduce((sum, one) => sum + one.usd, 0);
  return { lines, usd, unverifiedShare: unverified / usd };
};

/** Resources by type in the section of `primary` of docs/inventory.md, which a test keeps equal to the program. */
export const countsOf = (inventory: string): Counts => {
  const [, section = ''] = /^## Stack `primary`[^\n]*\n(?<rows>[\s\S]*?)(?=^## |$(?![\s\S]))/mu.exec(inventory) ?? [];
  const types = [...section.matchAll(/^\| [^|]*\| `(?<type>aws:[^`]+)`/gmu)].map(
    ({ groups }) => groups?.['type'] ?? '',
  );
  return new Map([...Map.groupBy(types, (type) => type)].map(([type, found]) => [type, found.length]));
};
