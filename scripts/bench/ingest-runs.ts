/** The three ways to ingest one corpus that the bench compares: one Region, both Regions, and both by a naive loop. */
import { ulid } from 'ulid';

import type { SourceDocument } from '../../functions/connectors/connector.ts';
import { documentKey } from '../../functions/domain/corpus.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import { DONE, done } from '../../functions/domain/failure.ts';
import type { RegionName } from '../../functions/domain/region.ts';
import { gitDefinition } from '../../functions/domain/source-definition.ts';
import { encodeFence, ingestVersion } from '../../functions/domain/version.ts';
import { DualWriter } from '../../functions/dual-write/dual-writer.ts';
import type { RegionPair, RegionStores } from '../../functions/dual-write/regions.ts';
import type { Embedder } from '../../functions/embed/embedder.ts';
import type { CycleOutcome } from '../../functions/ingest/cycle-types.ts';
import { planDocument } from '../../functions/ingest/plan-document.ts';
import { splitDocument } from '../../functions/ingest/split/split-document.ts';
import { runSyncCycle } from '../../functions/ingest/sync-cycle.ts';
import { makeRecord } from '../../functions/stores/envelope.ts';
import { makeVector } from '../../functions/stores/vector-hash.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { corpusConnector } from './corpus.ts';

const SILENT: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

const HOUR_MS = 3_600_000;

export const runCycle = async (
  regions: RegionPair,
  embedder: Embedder,
  documents: readonly SourceDocument[],
  sourceId: string,
): Promise<CycleOutcome> =>
  runSyncCycle({
    source: gitDefinition({ id: sourceId, name: sourceId, url: 'bench:corpus' }),
    connector: corpusConnector(documents),
    writer: new DualWriter({ regions, telemetry: SILENT, now: () => performance.now() }),
    embedder,
    queue: { send: async () => DONE },
    telemetry: SILENT,
    epoch: 1,
    peerWrites: 'required',
    now: () => Date.now(),
    remainingMs: () => HOUR_MS,
    newOp: () => ulid(),
    signal: AbortSignal.timeout(HOUR_MS),
  });

const held = (outcome: { readonly kind: string }): void => {
  if (outcome.kind !== 'written' && outcome.kind !== 'done') {
    throw new InvariantError(`the bench's store answered ${outcome.kind}`);
  }
};

/** What a straightforward loop does: every vector and every record awaited in one Region after the other. */
export const runNaive = async (
  regions: readonly RegionStores[],
  embedder: Embedder,
  documents: readonly SourceDocument[],
  sourceId: string,
): Promise<void> => {
  const op = ulid();
  const fence = encodeFence({ epoch: 1, region: 'us-east-2' as RegionName, run: 1, op });
  let seq = 0;
  const write = (): { v: string; op: string } => {
    seq += 1;
    return { v: ingestVersion(fence, seq), op };
  };
  const nothingKnown = {
    load: async () => undefined,
    get: () => undefined,
    isCurrent: () => false,
    reusableVector: () => undefined,
    staleChunks: () => [],
    forget: () => undefined,
  };
  for (const document of documents) {
    const split = splitDocument({ path: document.path, text: document.text, sourceName: sourceId });
    const input = { sourceId, nativeId: document.id, path: document.path, rev: document.rev, index: 'naive' };
    const planned = planDocument(input, document.text, split, nothingKnown);
    const keys = new Map<string, string>();
    for (const chunk of planned.newChunks) {
      const embedded = await embedder.embed([chunk.embedText], AbortSignal.timeout(HOUR_MS));
      const data = embedded.kind === 'done' ? embedded.value[0] : undefined;
      if (data === undefined) {
        throw new InvariantError('the bench embedder failed');
      }
      const vector = makeVector(data, { src: sourceId, doc: planned.id, chunk: chunk.chunkId }, op);
      const record = makeRecord(chunk.key, write(), chunk.payload);
      keys.set(chunk.chunkId, vector.key);
      for (const region of regions) {
        held(await region.vectors.put([vector]));
        held(await region.tables.graph.put(record));
      }
    }
    const record = makeRecord(documentKey(sourceId, planned.id), write(), planned.complete(keys));
    for (const region of regions) {
      held(await region.tables.graph.put(record));
    }
  }
};

/** An embedder that takes its time, at most so many texts at once: what a model behind an API costs. */
export const slowEmbedder = (
  embedder: Embedder,
  delayMs: number,
  atOnceMax: number,
): Embedder & { texts(): number } => {
  let free = atOnceMax;
  let texts = 0;
  const waiting: (() => void)[] = [];
  const one = async (): Promise<void> => {
    if (free === 0) {
      const turn = Promise.withResolvers<void>();
      waiting.push(turn.resolve);
      await turn.promise;
    } else {
      free -= 1;
    }
    const slept = Promise.withResolvers<void>();
    setTimeout(slept.resolve, delayMs);
    await slept.promise;
    const next = waiting.shift();
    if (next === undefined) {
      free += 1;
    } else {
      next();
    }
  };
  return {
    model: embedder.model,
    dimensions: embedder.dimensions,
    texts: () => texts,
    embed: async (batch, signal) => {
      texts += batch.length;
      if (delayMs > 0) {
        await Promise.all(batch.map(async () => one()));
      }
      return batch.length === 0 ? done([]) : embedder.embed(batch, signal);
    },
  };
};
