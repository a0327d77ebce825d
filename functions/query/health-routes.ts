/** Whether the Region is up, ready, active and in step: open to load balancers, routers and people without a token. */
import type { SourcePayload } from '../domain/corpus.ts';
import type { Result } from '../domain/failure.ts';
import { problem } from './answer.ts';
import { HEALTH_ABOUT, READY_ABOUT, STATUS_ABOUT } from './corpus-shapes.ts';
import type { SourceStanding } from './home-view.ts';
import type { ReplicationReading } from './replication.ts';
import { elsewhere, type OpenContext, type OpenRoute } from './route.ts';

type Fields = Readonly<Record<string, unknown>>;

const healthz: OpenRoute = {
  method: 'GET',
  path: '/healthz',
  access: 'open',
  parameters: [],
  about: HEALTH_ABOUT,
  isLocal: true,
  answer: async () => ({ status: 200, fields: { status: 'up' } }),
};

/** No stored vector has this key; the question is whether the index answers. */
const PROBE_KEY = 'readyz';

const readyz: OpenRoute = {
  method: 'GET',
  path: '/readyz',
  access: 'open',
  parameters: [],
  about: READY_ABOUT,
  answer: async ({ deps, home }) => {
    const [view, vectors] = await Promise.all([home.fresh(), deps.vectors.get([PROBE_KEY])]);
    const checks = {
      records: view.sources.kind === 'failed' ? view.sources.failure.message : 'ready',
      vectors: vectors.kind === 'failed' ? vectors.failure.message : 'ready',
      gate: view.gate.state === 'unknown' ? view.gate.reason : 'ready',
    };
    const missing = Object.entries(checks).filter(([, state]) => state !== 'ready');
    if (missing.length === 0) {
      return { status: 200, fields: { status: 'ready', checks } };
    }
    const { fields, ...rest } = problem(503, 'not-ready', {
      what: `${deps.region} is not ready`,
      why: missing.map(([name, state]) => `${name}: ${state}`).join('; '),
      next: elsewhere(deps),
    });
    return { ...rest, fields: { ...fields, checks } };
  },
};

const totalOf = (sources: readonly SourceStanding[], name: keyof SourcePayload['counts']): number =>
  sources.reduce((total, { payload }) => total + payload.counts[name], 0);

/** Counts of what the caller may read; nothing for whoever may read nothing. */
const corpusFields = (sources: Result<readonly SourceStanding[]> | undefined): Fields => {
  if (sources === undefined) {
    return {};
  }
  return sources.kind === 'failed'
    ? { sourceCount: null, totals: null }
    : {
        sourceCount: sources.value.length,
        totals: {
          documents: totalOf(sources.value, 'documents'),
          chunks: totalOf(sources.value, 'chunks'),
          skipped: totalOf(sources.value, 'skipped'),
        },
      };
};

/** How much is owed counts documents of every source, so it is told to whoever may read every source. */
const replicationFields = ({ state, owed, reason, since }: ReplicationReading, { caller }: OpenContext): Fields => ({
  state,
  ...(since === undefined ? {} : { since }),
  ...(caller?.sources === 'all' ? { owed } : {}),
  ...(reason === undefined ? {} : { reason }),
});

const status: OpenRoute = {
  method: 'GET',
  path: '/v1/status',
  access: 'optional',
  parameters: [],
  about: STATUS_ABOUT,
  answer: async (context) => {
    const { deps, home, view, caller, doubt } = context;
    const [{ gate, sources }, replication, { sources: held }] = await Promise.all([
      view,
      home.replication(),
      home.get(),
    ]);
    return {
      status: 200,
      fields: {
        gate: {
          state: gate.state,
          epoch: gate.epoch ?? null,
          peerWrites: gate.peerWrites ?? null,
          reason: gate.reason,
        },
        peerRegion: deps.peerRegion ?? null,
        replication: replication === undefined ? null : replicationFields(replication, context),
        ...(caller === undefined
          ? {}
          : {
              embedder: { model: deps.embedder.model, dimensions: deps.embedder.dimensions },
              build: deps.build ?? null,
            }),
        ...corpusFields(sources),
        degraded: [
          ...(held.kind === 'failed' ? [`records: ${held.failure.message}`] : []),
          ...(gate.state === 'unknown' ? [gate.reason] : []),
          ...(doubt === undefined ? [] : [doubt]),
        ],
      },
    };
  },
};

export const HEALTH_ROUTES: readonly OpenRoute[] = [healthz, readyz, status];
