/** Repositories through the real cycle, graph and all, into two Regions in memory: one source for each. */
import { setTimeout as tick } from 'node:timers/promises';

import { gitDefinition, type SourceDefinition } from '../../functions/domain/source-definition.ts';
import { DONE, done } from '../../functions/domain/failure.ts';
import { DualWriter } from '../../functions/dual-write/dual-writer.ts';
import type { Embedder } from '../../functions/embed/embedder.ts';
import type { CycleOutcome } from '../../functions/ingest/cycle-types.ts';
import { GraphDerivation } from '../../functions/ingest/derive/graph/graph-derivation.ts';
import { runSyncCycle } from '../../functions/ingest/sync-cycle.ts';
import { sha256Hex } from '../../functions/stores/envelope.ts';
import { testParsers } from '../functions/graph/organisation.ts';
import { Origin, originConnector } from './cycle-world.ts';
import { MemoryRegion, SILENT } from './memory-pair.ts';

const embedder: Embedder = {
  model: 'none',
  dimensions: 4,
  embed: async (texts) => done(texts.map(() => Float32Array.of(1, 0, 0, 0))),
};

export interface SyncedRepository {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export class SyncedOrganisation {
  readonly primary = new MemoryRegion('us-east-2');
  readonly secondary = new MemoryRegion('us-west-2');
  readonly origins = new Map<string, Origin>();
  nowMs = Date.UTC(2026, 10, 20);
  #ops = 0;

  definition(repository: string): SourceDefinition {
    return gitDefinition({ id: `src-${repository}`, name: repository, url: `https://git.example/${repository}.git` });
  }

  async sync({ name, files }: SyncedRepository): Promise<CycleOutcome> {
    const origin = this.origins.get(name) ?? new Origin();
    this.origins.set(name, origin);
    origin.files.clear();
    for (const { path, text } of files) {
      origin.files.set(path, text);
    }
    await tick(0);
    return runSyncCycle({
      source: this.definition(name),
      connector: originConnector(origin),
      writer: new DualWriter({
        regions: { home: this.primary.stores, peer: this.secondary.stores },
        telemetry: SILENT,
        now: () => this.nowMs,
      }),
      embedder,
      derivations: [new GraphDerivation(testParsers)],
      queue: { send: async () => DONE },
      telemetry: SILENT,
      epoch: 1,
      peerWrites: 'required',
      now: () => this.nowMs,
      remainingMs: () => 900_000,
      newOp: () => {
        this.#ops += 1;
        return `0${sha256Hex(String(this.#ops)).slice(0, 25).toUpperCase()}`;
      },
      signal: new AbortController().signal,
    });
  }
}
