/**
 * A person who flips the gate (DESIGN §5): observes what answers, takes an epoch above everything seen, and writes documents.
 * People also make mistakes: one Region only, an epoch that stays, an old document, one that nobody can read.
 */
import { boundedCall } from '../../../functions/aws/client-options.ts';
import { sourceKey } from '../../../functions/domain/corpus.ts';
import { parseFence } from '../../../functions/domain/version.ts';
import { type GateDocument, parseGateDocument } from '../../../functions/gate/document.ts';
import { GATE_KEY, keepGateDocument } from '../../../functions/gate/gate.ts';
import type { FlipStyle, Side } from '../adversary/plan.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { RunOptions, World } from '../world/world.ts';

const CALL_MS = 5000;
const EPOCH_ZERO_MS = Date.UTC(2025, 0, 1);
/** An operator sits at a desk: neither Region's partitions are between them and a Region. */
export const DESK = 'desk';

export interface Flip {
  readonly active: Side | null;
  readonly deferred: boolean;
  readonly style: FlipStyle;
  readonly lagMs: readonly [number, number];
}

const appConfigCall = async (
  world: World,
  process: SimProcess,
  region: SimRegion,
  apply: () => unknown,
): Promise<unknown> => {
  const link = world.network.link(process, region.name, 'appconfig', () => CALL_MS);
  const called = await boundedCall(
    CALL_MS,
    async () => link({ operation: 'AppConfig', isWrite: true, about: () => region.name, apply }),
    () => world.signal,
  );
  return called.kind === 'done' ? called.value : undefined;
};

const epochIn = (text: string): number => {
  const parsed = parseGateDocument(text);
  return parsed.kind === 'valid' ? parsed.document.epoch : 0;
};

/** The highest epoch that a Region shows: deployed document, `GATE`, and the fences of its sources. */
const epochsOf = async (world: World, process: SimProcess, region: SimRegion): Promise<readonly number[]> => {
  const stores = world.stores(process, region, CALL_MS);
  const [deployed, gate, ...sources] = await Promise.all([
    appConfigCall(world, process, region, () => region.appConfig.deployed()),
    stores.tables.workspaces.getLocal(GATE_KEY),
    ...[...world.origins.keys()].map(async (id) => stores.tables.graph.readSource(sourceKey(id))),
  ]);
  const fences = sources.map((state) => (state.kind === 'done' ? (parseFence(state.value.f ?? '')?.epoch ?? 0) : 0));
  const recorded = gate.kind === 'done' && gate.value !== undefined ? epochIn(gate.value.data) : 0;
  return [typeof deployed === 'string' ? epochIn(deployed) : 0, recorded, ...fences];
};

const documentFor = (flip: Flip, side: Side, epoch: number, by: string): GateDocument => ({
  is_active_for_scheduled_work: flip.active === side,
  peer_writes: flip.deferred ? 'deferred' : 'required',
  epoch,
  changed_at: '',
  changed_by: by,
  reason: flip.style,
});

const deploy = async (
  world: World,
  process: SimProcess,
  region: SimRegion,
  text: string,
  lagMs: number,
): Promise<void> => {
  await appConfigCall(world, process, region, () => {
    region.appConfig.deploy(text, world.kernel.nowMs + lagMs);
    world.note(() => `${region.name} deploys ${text}`);
    return '';
  });
};

const execute = async (world: World, process: SimProcess, flip: Flip, seen: number): Promise<void> => {
  const minutes = Math.floor((process.now() - EPOCH_ZERO_MS) / 60_000);
  const epoch = flip.style === 'forgotten-epoch' ? seen : Math.max(1 + seen, minutes);
  // Break before make: first the Region that stops, then the one that starts.
  const sides: readonly Side[] = flip.active === 0 ? [1, 0] : [0, 1];
  for (const side of sides) {
    const region = world.regions[side];
    const document = documentFor(flip, side, epoch, process.name);
    const isSpared = flip.style === 'partial' || flip.style === 'forgotten-epoch';
    if (isSpared && side !== (flip.active ?? 0)) {
      continue;
    }
    if (flip.style === 'break-glass') {
      await keepGateDocument(world.stores(process, region, CALL_MS).tables.workspaces, document);
    } else {
      const text = flip.style === 'invalid' ? '{"epoch": 1}' : JSON.stringify(document);
      await deploy(world, process, region, text, flip.lagMs[side]);
    }
  }
};

export const startFlip = (
  world: World,
  options: Omit<RunOptions, 'region'> & { readonly name: string; readonly flip: Flip },
): void => {
  const { flip } = options;
  world.start(options.name, { ...options, region: DESK }, async (process) => {
    if (flip.style === 'old-document') {
      const region = world.regions[flip.active ?? 0];
      await deploy(world, process, region, region.appConfig.some(process.random.below(100)), flip.lagMs[0]);
      return;
    }
    const seen = await Promise.all(world.regions.map(async (region) => epochsOf(world, process, region)));
    await execute(world, process, flip, Math.max(1, ...seen.flat()));
  });
};
