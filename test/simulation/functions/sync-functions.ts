/** The schedule's tick and the sync function, wired as `functions/handlers` wires them, over simulated services. */
import { boundedCall } from '../../../functions/aws/client-options.ts';
import { DONE, done } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { type ConfiguredSource, gitDefinition } from '../../../functions/domain/source-definition.ts';
import { DualWriter } from '../../../functions/dual-write/dual-writer.ts';
import { raiseGate } from '../../../functions/gate/gate.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { describeDispatch, dispatch } from '../../../functions/ingest/dispatch.ts';
import { runSyncCycle } from '../../../functions/ingest/sync-cycle.ts';
import { sweepVectors } from '../../../functions/ingest/sweep-vectors.ts';
import { syncSource } from '../../../functions/ingest/sync-source.ts';
import type { SyncQueue } from '../../../functions/stores/sync-queue.ts';
import type { Fate } from '../adversary/plan.ts';
import { simEmbedder } from '../world/embedder.ts';
import { Origin, originConnector } from '../world/origin.ts';
import type { SimProcess } from '../world/process.ts';
import type { QueuedMessage, SimQueue } from '../world/queue.ts';
import type { SimRegion } from '../world/region.ts';
import { type RunOptions, silent, type World } from '../world/world.ts';
import { auditFor } from './audit-writes.ts';
import { readGateIn } from './gate-reading.ts';

export const sourcesOf = (world: World): readonly ConfiguredSource[] =>
  [...world.origins.keys()].map((id) => ({
    definition: gitDefinition({ id, name: id, url: `https://git.example/${id}` }),
    from: 'stack',
  }));

const queueFor = (world: World, process: SimProcess, queue: SimQueue): SyncQueue => {
  const link = world.network.link(process, process.region, 'queue', () => LIMITS.homeCallTimeoutMs);
  return {
    send: async ({ group, dedupe, body }) => {
      const sent = await boundedCall(
        LIMITS.homeCallTimeoutMs,
        async () =>
          link({
            operation: 'SendMessage',
            isWrite: true,
            about: () => `${group} ${body}`,
            apply: () => {
              queue.send(group, dedupe, body);
            },
          }),
        () => world.signal,
      );
      return sent.kind === 'failed' ? sent : DONE;
    },
  };
};

export const startDispatch = (
  world: World,
  queue: SimQueue,
  options: RunOptions & { readonly name: string; readonly tick: string },
): void => {
  world.start(options.name, options, async (process) => {
    const home = world.stores(process, world.regionOf(process.region));
    const outcome = await dispatch(
      {
        readSources: async () => done({ sources: sourcesOf(world), damaged: [] }),
        readGate: async () => readGateIn(world, process, home),
        queue: queueFor(world, process, queue),
        telemetry: silent,
        region: process.region,
        sweeps: { records: home.tables.workspaces, now: () => process.now() },
      },
      options.tick,
    );
    world.note(() => `${process.name} ended: ${JSON.stringify(describeDispatch(outcome))}`);
  });
};

const reading = (world: World, process: SimProcess, source: string): ReturnType<typeof originConnector> =>
  originConnector({
    origin: world.origins.get(source) ?? new Origin(),
    pause: async () => world.kernel.sleep(process.random.between(5, process.random.chance(0.1) ? 4000 : 60)),
    isDown: () => !world.isCalm && process.random.chance(0.01),
  });

export const startSync = (
  world: World,
  region: SimRegion,
  queue: SimQueue,
  delivery: { readonly message: QueuedMessage; readonly receives: number },
  fate: Fate,
): void => {
  const { message, receives } = delivery;
  const name = `sync/${region.name}/${message.id}.${receives}`;
  world.start(name, { region: region.name, ...fate }, async (process) => {
    const regions = world.pair(process);
    const now = (): number => process.now();
    let inForce: GateDocument | undefined;
    const outcome = await syncSource(
      {
        readSource: async (id) => done(sourcesOf(world).find(({ definition }) => definition.id === id)),
        readGate: async () => readGateIn(world, process, regions.home),
        raiseGate: async (obeyed, winner) =>
          raiseGate(regions.home.tables.workspaces, obeyed, winner, new Date(now()).toISOString()),
        runSweep: async (source, segment, { epoch }) => {
          const common = { queue: queueFor(world, process, queue), newOp: () => process.newOp(), now };
          const remainingMs = (): number => process.remainingMs();
          return sweepVectors({ sourceId: source.id, regions, epoch, ...common, remainingMs }, segment);
        },
        audit: auditFor(world, process, regions),
        telemetry: silent,
        region: region.name,
        peerRegion: world.peerOf(region).name,
        now,
        runCycle: async (source, { checkpoint }, document) => {
          inForce = document;
          return runSyncCycle(
            {
              source,
              connector: reading(world, process, source.id),
              writer: new DualWriter({ regions, telemetry: silent, now }),
              embedder: simEmbedder,
              queue: queueFor(world, process, queue),
              telemetry: silent,
              epoch: document.epoch,
              peerWrites: document.peer_writes,
              now,
              remainingMs: () => process.remainingMs(),
              newOp: () => process.newOp(),
              signal: world.signal,
            },
            checkpoint,
          );
        },
      },
      { body: message.body, redelivered: receives > 1 },
    );
    world.note(() => `${name} ended: ${JSON.stringify(outcome)}`);
    world.tell((watcher) => watcher.onCycle?.({ source: message.group, outcome, inForce }, process));
    // The deletion of the message may be lost: then it comes again.
    if (world.isCalm || !process.random.chance(0.01)) {
      queue.finish(message);
    }
  });
};
