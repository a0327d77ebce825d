/** Both Regions side by side, and the newest measurements of this one: what the console's page of the Regions is made of. */
import { z } from 'zod';

import { allowedSources, type Principal } from '../domain/access.ts';
import type { Failure, Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { SourceStanding } from './home-view.ts';
import type { PairReading, RegionReading, ToldGate } from './pair-reading.ts';
import { problem } from './answer.ts';
import { type GuardedRoute, unavailable } from './route.ts';
import { degradedShape, momentShape } from './shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

const failureText = ({ message, code }: Failure): string => `${message} (${code})`;

const sourceFields = (caller: Principal, sources: readonly SourceStanding[]): readonly Fields[] =>
  allowedSources(caller, sources, ({ payload }) => payload.id).map(({ payload, version, fence }) => ({
    id: payload.id,
    name: payload.name,
    snapshot: payload.snapshot,
    finishedAt: payload.cycle.finishedAt,
    by: payload.cycle.region,
    epoch: payload.cycle.epoch,
    deferred: payload.deferred !== undefined,
    v: version,
    f: fence ?? null,
  }));

const gateFields = (gate: Result<ToldGate | undefined>): unknown =>
  gate.kind === 'failed' || gate.value === undefined ? null : gate.value;

const regionFields = (caller: Principal, { region, gate, sources, proof }: RegionReading): Fields => ({
  region,
  state: 'read',
  gate: gateFields(gate),
  sources: sources.kind === 'failed' ? null : sourceFields(caller, sources.value),
  proof: proof ?? null,
});

const peerFields = (caller: Principal, { peer }: PairReading): readonly Fields[] => {
  switch (peer?.kind) {
    case undefined: {
      return [];
    }
    case 'failed': {
      return [{ region: peer.region, state: 'unreachable', why: failureText(peer.failure) }];
    }
    case 'read': {
      return [regionFields(caller, peer)];
    }
  }
};

/** Each Region keeps what it came to; the newer of the two stands. */
const newestVerdict = ({ home, peer }: PairReading): unknown => {
  const own = home.verdict;
  const other = peer?.kind === 'read' ? peer.verdict : undefined;
  return (other === undefined || (own !== undefined && own.at >= other.at) ? own : other) ?? null;
};

const degradedOf = ({ home, peer }: PairReading): readonly string[] => [
  ...(home.sources.kind === 'failed' ? [`sources of ${home.region}: ${failureText(home.sources.failure)}`] : []),
  ...(peer?.kind === 'failed' ? [`${peer.region} does not answer: ${failureText(peer.failure)}`] : []),
  ...(peer?.kind === 'read' && peer.sources.kind === 'failed'
    ? [`sources of ${peer.region}: ${failureText(peer.sources.failure)}`]
    : []),
];

const gateShape = z.object({
  active: z.boolean(),
  epoch: z.int(),
  peerWrites: z.enum(['required', 'deferred']),
  changedAt: z.string(),
  changedBy: z.string(),
  reason: z.string(),
});

const sourceShape = z.object({
  id: z.string(),
  name: z.string(),
  snapshot: z.string(),
  finishedAt: momentShape,
  by: z.string(),
  epoch: z.int(),
  deferred: z.boolean(),
  v: z.string(),
  f: z.string().nullable(),
});

const regionShape = z.object({
  region: z.string(),
  state: z.enum(['read', 'unreachable']),
  why: z.string().optional(),
  gate: gateShape.nullish(),
  sources: z.array(sourceShape).nullish(),
  proof: z.object({ root: z.string(), at: momentShape, deep: z.boolean() }).nullish(),
});

const verdictShape = z.object({
  verdict: z.enum(['identical', 'owed-only', 'drift']),
  roots: z.record(z.string(), z.string()),
  counts: z.object({ owed: z.int(), unacknowledged: z.int(), drift: z.int() }),
  by: z.string(),
  at: momentShape,
  deep: z.boolean(),
});

/** Of the console, too. */
export const regionsShape = {
  regions: z.array(regionShape),
  verdict: verdictShape.nullable(),
  degraded: degradedShape,
};

const regions: GuardedRoute = {
  method: 'GET',
  path: '/v1/regions',
  access: 'corpus:read',
  parameters: [],
  about: {
    summary: 'Both Regions side by side, as this one sees them',
    description: 'The other Region is asked within a second; where it does not answer, that is said of it.',
    answer: regionsShape,
  },
  answer: async ({ deps, caller }) => {
    if (deps.readPair === undefined) {
      return problem(503, 'unavailable', {
        what: 'the Regions are not read here',
        why: 'This API was opened without them.',
        next: 'See /v1/status.',
      });
    }
    const pair = await deps.readPair();
    return {
      status: 200,
      fields: {
        regions: [regionFields(caller, pair.home), ...peerFields(caller, pair)],
        verdict: newestVerdict(pair),
        degraded: degradedOf(pair),
      },
    };
  },
};

const pointShape = z.tuple([momentShape, z.int(), z.number(), z.number()]).meta({
  description: 'the minute, how many samples, their sum, their highest',
});

const seriesShape = z.object({
  metric: z.string(),
  dimensions: z.record(z.string(), z.string()),
  points: z.array(pointShape),
});

/** Of the console, too. */
export const metricsShape = { from: momentShape, to: momentShape, items: z.array(seriesShape) };

const metrics: GuardedRoute = {
  method: 'GET',
  path: '/v1/metrics',
  access: 'corpus:read',
  parameters: ['minutes'],
  about: {
    summary: 'What the functions of this Region have measured in the last hours, by the minute',
    description:
      'The lines that CloudWatch is sent, summed up where they are made. CloudWatch has all of them, for longer.',
    query: { minutes: z.coerce.number().int().min(1).max(LIMITS.metricsMinutesMax).optional() },
    answer: metricsShape,
    list: 'items',
  },
  answer: async ({ deps, parameters }) => {
    const text = parameters.get('minutes') ?? LIMITS.metricsMinutesDefault.toString();
    const minutes = /^\d{1,4}$/u.test(text) ? Number(text) : 0;
    if (minutes < 1 || minutes > LIMITS.metricsMinutesMax) {
      return problem(400, 'bad-parameter', {
        what: 'the parameter "minutes" can\'t be taken',
        why: `It is one whole number from 1 to ${LIMITS.metricsMinutesMax}.`,
        next: `Send minutes=${LIMITS.metricsMinutesDefault}, or leave it out.`,
      });
    }
    const to = deps.now();
    const from = to - minutes * 60_000;
    const read = await deps.readMetrics?.(from, to);
    if (read?.kind === 'failed') {
      return unavailable(deps, 'record of measurements', read.failure);
    }
    return { status: 200, fields: { from, to }, list: { name: 'items', items: read?.value ?? [] } };
  },
};

export const REGION_ROUTES: readonly GuardedRoute[] = [regions, metrics];
