/** Connectors in real sync cycles on two Regions: what they bring arrives in both, once; trouble of the source leaves both alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseDocumentPayload, sourceDocumentsPartition } from '../../../functions/domain/corpus.ts';
import { DONE, done } from '../../../functions/domain/failure.ts';
import { gitDefinition } from '../../../functions/domain/source-definition.ts';
import { DualWriter } from '../../../functions/dual-write/dual-writer.ts';
import type { CycleOutcome } from '../../../functions/ingest/cycle-types.ts';
import { runSyncCycle } from '../../../functions/ingest/sync-cycle.ts';
import type { LogFields, Telemetry } from '../../../functions/telemetry/telemetry.ts';
import type { ConnectorHarness, SourceWorld } from '../../contracts/connector-world.ts';
import { World, type WorldRegion } from '../../support/cycle-world.ts';
import { confluenceHarness } from './worlds/confluence-world.ts';
import { githubHarness } from './worlds/github-world.ts';
import { sharepointHarness } from './worlds/sharepoint-world.ts';

const SOURCE = gitDefinition({ id: 'wiki', name: 'wiki', url: 'https://wiki.example' });
const DAY_MS = 24 * 60 * 60 * 1000;

class Cycles {
  readonly regions = new World();
  readonly logged: string[] = [];
  readonly #source: SourceWorld;
  embedded = 0;
  #ops = 0;

  constructor(source: SourceWorld) {
    this.#source = source;
  }

  async run(): Promise<CycleOutcome> {
    const { primary, secondary } = this.regions;
    const telemetry: Telemetry = {
      log: (_level, event, fields: LogFields = {}) => {
        this.logged.push(`${event} ${JSON.stringify(fields)}`);
      },
      write: () => undefined,
      count: () => undefined,
      flush: () => undefined,
    };
    const now = (): number => this.regions.nowMs;
    return runSyncCycle({
      source: SOURCE,
      connector: this.#source.open(),
      writer: new DualWriter({ regions: { home: primary.stores, peer: secondary.stores }, telemetry, now }),
      embedder: {
        model: 'test',
        dimensions: 8,
        embed: async (texts) => {
          this.embedded += texts.length;
          return done(texts.map(() => Float32Array.from({ length: 8 }, () => 1)));
        },
      },
      queue: { send: async () => DONE },
      telemetry,
      epoch: 1,
      peerWrites: 'required',
      readApprovedPlan: async () => undefined,
      now,
      remainingMs: () => 900_000,
      newOp: () => {
        this.#ops += 1;
        return String(this.#ops).padStart(26, '0');
      },
      signal: new AbortController().signal,
    });
  }

  /** Paths of the documents that a Region holds, and how often its stores were written to. */
  async paths(region: WorldRegion): Promise<readonly string[]> {
    const page = await region.graph.query(sourceDocumentsPartition(SOURCE.id), { skPrefix: 'document#' });
    const records = page.kind === 'done' ? page.value.items : [];
    return records
      .flatMap((record) => (record.del === true ? [] : [parseDocumentPayload(record.data)?.path ?? '?']))
      .toSorted();
  }
}

let source: SourceWorld;
let cycles: Cycles;

const setUp = async (harness: ConnectorHarness): Promise<void> => {
  source = await harness.create();
  cycles = new Cycles(source);
  await source.put({ a: 'alpha', b: 'beta', c: 'gamma', d: 'delta', e: 'epsilon', f: 'zeta' });
};

const acknowledged = async (): Promise<Extract<CycleOutcome, { kind: 'acknowledged' }>> => {
  const outcome = await cycles.run();
  if (outcome.kind !== 'acknowledged') {
    throw new Error(`not acknowledged: ${JSON.stringify(outcome)}`);
  }
  return outcome;
};

afterEach(async () => {
  await source.close();
});

describe.each([confluenceHarness, githubHarness, sharepointHarness])('cycles of $name', (harness) => {
  beforeEach(async () => {
    await setUp(harness);
  });

  it('the first brings all to both Regions, the second writes no document and embeds nothing', async () => {
    const { report } = await acknowledged();
    expect([report.changed, report.counts.documents]).toEqual([6, 6]);
    const held = await cycles.paths(cycles.regions.primary);
    expect(held).toHaveLength(6);
    expect(await cycles.paths(cycles.regions.secondary)).toEqual(held);
    cycles.embedded = 0;
    cycles.regions.primary.operations.length = 0;
    const second = await acknowledged();
    expect([second.mode, second.report.changed, cycles.embedded]).toEqual(['incremental', 0, 0]);
    expect(cycles.regions.primary.operations.filter((one) => one === 'put' || one === 'vectors.put')).toEqual([]);
  });

  it('an edit arrives with the next cycle, a deletion at the latest with the daily comparison', async () => {
    await acknowledged();
    await source.put({ b: 'beta revised' });
    await source.remove('d');
    expect((await acknowledged()).report.changed).toBe(1);
    cycles.regions.nowMs += DAY_MS;
    expect((await acknowledged()).mode).toBe('daily');
    expect(await cycles.paths(cycles.regions.primary)).toHaveLength(5);
    expect(await cycles.paths(cycles.regions.secondary)).toHaveLength(5);
  });

  it('a source that refuses us is a failed cycle, and both Regions keep what they hold', async () => {
    await acknowledged();
    const held = await cycles.paths(cycles.regions.primary);
    cycles.regions.nowMs += DAY_MS;
    source.setFault({ kind: 'status', status: 403 });
    expect((await cycles.run()).kind).toBe('source-failed');
    source.setFault({ kind: 'short' });
    const short = await cycles.run();
    // A source of several parts goes on with the others: it says that it has not compared.
    expect(short.kind === 'acknowledged' ? short.report.uncompared : short.kind).toMatch(/could not be|source-failed/u);
    expect(await cycles.paths(cycles.regions.primary)).toEqual(held);
    source.setFault({ kind: 'none' });
    expect((await acknowledged()).report.deleted).toBe(0);
  });
});

describe.each([confluenceHarness, sharepointHarness])('poisoned documents of $name', (harness) => {
  beforeEach(async () => {
    await setUp(harness);
  });

  it('a document in trouble is logged without its content, and the others arrive', async () => {
    source.setFault({ kind: 'poison', key: 'b' });
    expect((await acknowledged()).report.changed).toBe(5);
    expect(cycles.logged.filter((line) => line.startsWith('document.failed'))).toHaveLength(1);
    expect(cycles.logged.join('\n')).not.toContain('beta');
    source.setFault({ kind: 'none' });
    source.elapse(DAY_MS);
    expect((await acknowledged()).report.changed).toBe(1);
  });
});
