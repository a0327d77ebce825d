/** What the synthetic client saw, as figures and as a curve. Pure. */
import { quantile } from '../bench/router/paced-load.ts';
import type { Path, Sample } from './load/synthetic-client.ts';

export interface Figures {
  readonly sent: number;
  readonly succeeded: number;
  /** 0 to 1; 1 where nothing was asked. */
  readonly share: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** Answers by the Region that they name. */
  readonly byRegion: Readonly<Record<string, number>>;
}

export interface Bucket {
  /** Since the drill's first request. */
  readonly atMs: number;
  readonly path: Path;
  readonly sent: number;
  readonly failed: number;
  readonly p99Ms: number;
}

export const BUCKET_MS = 1000;

const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 10) / 10 : 0);

export const figuresOf = (samples: readonly Sample[]): Figures => {
  const good = samples.filter(({ status }) => status === 200);
  const took = good.map(({ tookMs }) => tookMs);
  const regions = Object.groupBy(good, ({ region }) => (region === '' ? 'not said' : region));
  return {
    sent: samples.length,
    succeeded: good.length,
    share: samples.length === 0 ? 1 : good.length / samples.length,
    p50Ms: round(quantile(took, 0.5)),
    p99Ms: round(quantile(took, 0.99)),
    slowestMs: round(took.reduce((most, ms) => Math.max(most, ms), 0)),
    byRegion: Object.fromEntries(Object.entries(regions).map(([name, of]) => [name, of?.length ?? 0])),
  };
};

export const select = (samples: readonly Sample[], path: Path, kind: Sample['kind']): readonly Sample[] =>
  samples.filter((sample) => sample.path === path && sample.kind === kind);

export const bucketsOf = (samples: readonly Sample[], startedAt: number): readonly Bucket[] =>
  (['router', 'primary', 'secondary'] as const).flatMap((path) => {
    const groups = Map.groupBy(
      samples.filter((sample) => sample.path === path),
      ({ at }) => Math.max(0, Math.floor((at - startedAt) / BUCKET_MS)),
    );
    return [...groups]
      .toSorted(([left], [right]) => left - right)
      .map(([at, within]) => ({
        atMs: at * BUCKET_MS,
        path,
        sent: within.length,
        failed: within.filter(({ status }) => status !== 200).length,
        p99Ms: figuresOf(within).p99Ms,
      }));
  });
