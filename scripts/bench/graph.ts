/**
 * `npm run bench:graph`: what an incident answer costs, over graphs that grow to 200 repositories, about 100,000 nodes and 500,000
 * edges, in a local Region behind real SDK clients. Each answer is compared with the plan that the graph was made from. The table
 * shows that cost follows the answer and not the graph: the small Regions hold the same repositories at every size.
 */
import { parseArgs } from 'node:util';
import path from 'node:path';

import { InvariantError } from '../../functions/domain/errors.ts';
import { isSourceAllowed, type Principal } from '../../functions/domain/access.ts';
import { readSources } from '../../functions/query/home-view.ts';
import { GraphIndexCache } from '../../functions/query/graph-index.ts';
import { StoreGraphReader } from '../../functions/query/graph-reader.ts';
import { incidentOf } from '../../functions/graph/answers/questions.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { openStage } from './bench-stage.ts';
import { fillRepository } from './graph/fill.ts';
import { planOf, REGIONS, type RepositoryPlan, truthOf } from './graph/generate.ts';

const BAR_MS = 300;
const SEED = 7;
const ROUNDS = 11;
const SIZES = [25, 50, 100, 200];
/** The cost of a small Region's answer at the largest size, as a multiple of that at the smallest; calls are counted exactly. */
const SMALL_REGION = 'af-south-1';
const SMALL_BYTES_GROWTH_MAX = 1.5;

const OPERATOR: Principal = { id: 'key:bench', name: 'bench', roles: ['reader'], sources: 'all' };

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Row {
  readonly repositories: number;
  readonly region: string;
  readonly rows: number;
  readonly calls: number;
  readonly records: number;
  readonly kib: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Infinity;

/** One answer as a request gets it: the sources, the heads, the walk, the text of the answer. */
const answer = async (
  stores: RegionStores,
  cache: GraphIndexCache,
  region: string,
): Promise<{ readonly down: readonly string[]; readonly cost: StoreGraphReader['cost'] }> => {
  const { graph } = stores.tables;
  const sources = await readSources(graph);
  if (sources.kind === 'failed') {
    throw new InvariantError(sources.failure.message);
  }
  const ids = sources.value.map(({ payload }) => payload.id);
  const directory = await cache.directory(ids);
  if (directory.kind === 'failed') {
    throw new InvariantError(directory.failure.message);
  }
  const readAt = new Map(sources.value.map(({ payload }) => [payload.id, payload.cycle.finishedAt]));
  const reader = new StoreGraphReader({ records: graph, directory: directory.value, readAt });
  const { rows } = await incidentOf(reader, region, (source) => isSourceAllowed(OPERATOR, source));
  JSON.stringify(rows);
  return { down: rows.filter(({ impact }) => impact === 'DOWN').map(({ name }) => name), cost: reader.cost };
};

const measure = async (
  stores: RegionStores,
  cache: GraphIndexCache,
  plan: readonly RepositoryPlan[],
  region: string,
): Promise<Row> => {
  const truth = [...truthOf(plan, region)].toSorted();
  const times: number[] = [];
  let cost = { calls: 0, bytes: 0, records: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    const given = await answer(stores, cache, region);
    times.push(performance.now() - startedAt);
    cost = given.cost;
    if (JSON.stringify(given.down.toSorted()) !== JSON.stringify(truth)) {
      throw new InvariantError(
        `${region}: ${given.down.length} components are down, and the plan says ${truth.length}`,
      );
    }
  }
  return {
    repositories: plan.length,
    region,
    rows: truth.length,
    calls: cost.calls,
    records: cost.records,
    kib: Math.round(cost.bytes / 1024),
    p50Ms: Math.round(median(times)),
    maxMs: Math.round(Math.max(...times)),
  };
};

const show = (row: Row): void => {
  const cells = [row.repositories, row.region, row.rows, row.calls, row.records, row.kib, row.p50Ms, row.maxMs];
  say(cells.map((cell, at) => String(cell).padStart([12, 16, 9, 8, 9, 8, 8, 8][at] ?? 8)).join(''));
};

const run = async (sizes: readonly number[]): Promise<boolean> => {
  const stage = await openStage(path.resolve(import.meta.dirname, '../..'));
  const rows: Row[] = [];
  const whole = { nodes: 0, edges: 0, records: 0 };
  const nodes = new Set<string>();
  let coldMs = 0;
  try {
    const stores = stage.stores.primary;
    const largest = planOf(SEED, sizes.at(-1) ?? 0);
    let filled = 0;
    for (const size of sizes) {
      for (const plan of largest.slice(filled, size)) {
        const added = await fillRepository(stores.tables.graph, plan);
        for (const id of added.nodes) {
          nodes.add(id);
        }
        whole.nodes = nodes.size;
        whole.edges += added.edges;
        whole.records += added.records;
      }
      filled = size;
      say(`${size} repositories: ${whole.nodes} nodes, ${whole.edges} edges, ${whole.records} records`);
      const cache = new GraphIndexCache(stores.tables.graph);
      const startedAt = performance.now();
      await answer(stores, cache, SMALL_REGION);
      coldMs = Math.round(performance.now() - startedAt);
      say('repositories          region  components calls  records     KiB  p50 ms  max ms');
      for (const region of REGIONS) {
        const row = await measure(stores, cache, largest.slice(0, size), region);
        rows.push(row);
        show(row);
      }
      say(`the first answer of a new function, indexes read: ${coldMs} ms`);
    }
  } finally {
    await stage.close();
  }
  const atEnd = rows.filter(({ repositories }) => repositories === sizes.at(-1));
  const small = rows.filter(({ region }) => region === SMALL_REGION);
  const worst = Math.max(...atEnd.map(({ p50Ms }) => p50Ms));
  const growth = (small.at(-1)?.kib ?? 0) / Math.max(1, small[0]?.kib ?? 1);
  const isMet = worst <= BAR_MS && growth <= SMALL_BYTES_GROWTH_MAX;
  say(
    `worst p50 ${worst} ms of ${BAR_MS}; the smallest answer's bytes grew by ${growth.toFixed(2)}: ${isMet ? 'met' : 'MISSED'}`,
  );
  process.stdout.write(`${JSON.stringify({ isMet, barMs: BAR_MS, worstP50Ms: worst, coldMs, ...whole, rows })}\n`);
  return isMet;
};

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
process.exitCode = (await run(values.quick ? [10, 20] : SIZES)) ? 0 : 1;
