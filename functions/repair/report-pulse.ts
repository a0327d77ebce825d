/**
 * What a Region can say of the pair from its own tables and one read of its peer's: how long ago the last cycle was committed
 * (by whichever Region: the active one commits in both), how many Regions are told to work, what the last comparison found. It is
 * counted in both Regions, whatever the gate says, so that the passive one sees the active one fall silent.
 */
import { parseSourcePayload, SOURCES_PARTITION } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import { parseGateDocument } from '../gate/document.ts';
import { GATE_KEY } from '../gate/gate.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { readSide } from './comparison-items.ts';

export interface PulseDependencies {
  readonly regions: RegionPair;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** More sources than these pages hold have a newest commit among the first. */
const SOURCE_PAGES_MAX = 10;

/** When the newest cycle of any source was committed; undefined where there was none. */
const readLastCommit = async (home: RegionStores): Promise<Result<number | undefined>> => {
  let newest: number | undefined;
  let after: string | undefined;
  for (let pages = 0; pages < SOURCE_PAGES_MAX; pages += 1) {
    const page = await home.tables.graph.query(SOURCES_PARTITION, after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    for (const { data } of page.value.items) {
      const finishedAt = parseSourcePayload(data)?.cycle.finishedAt;
      newest = Math.max(newest ?? 0, finishedAt ?? 0);
    }
    after = page.value.next;
    if (after === undefined) {
      break;
    }
  }
  return done(newest === 0 ? undefined : newest);
};

/** Whether a Region's `GATE` record says active; undefined where it can't be read, or nobody has written one. */
const isTold = async ({ tables }: RegionStores): Promise<boolean | undefined> => {
  const item = await tables.workspaces.getLocal(GATE_KEY);
  if (item.kind === 'failed' || item.value === undefined) {
    return undefined;
  }
  const parsed = parseGateDocument(item.value.data);
  return parsed.kind === 'valid' ? parsed.document.is_active_for_scheduled_work : undefined;
};

const reportCycleAge = async ({ regions: { home }, telemetry, now }: PulseDependencies): Promise<void> => {
  const committed = await readLastCommit(home);
  if (committed.kind === 'done' && committed.value !== undefined) {
    const ageSeconds = Math.max(0, Math.round((now() - committed.value) / 1000));
    telemetry.count('CycleAgeSeconds', { Region: home.region }, ageSeconds);
  }
};

const reportPair = async ({ regions: { home, peer }, telemetry, now }: PulseDependencies): Promise<void> => {
  if (peer === undefined) {
    return;
  }
  const where = { Region: home.region, Peer: peer.region };
  const [own, other] = await Promise.all([isTold(home), isTold(peer)]);
  if (own !== undefined && other !== undefined) {
    telemetry.count('RegionsActive', where, Number(own) + Number(other));
  }
  const side = await readSide(home);
  if (side.kind === 'done' && side.value.verdict !== undefined) {
    const { slot, counts } = side.value.verdict;
    const provenAt = slot * LIMITS.proofSlotMs;
    // The verdict of a slot is told once, by the Region that came to it; what stands is known to both.
    telemetry.count('DriftStanding', where, counts.drift);
    telemetry.count('ProofAgeSeconds', where, Math.max(0, Math.round((now() - provenAt) / 1000)));
  }
};

/** What can't be read is not counted: its alarm then says that nobody knows. */
export const reportPulse = async (dependencies: PulseDependencies): Promise<void> => {
  await Promise.all([reportCycleAge(dependencies), reportPair(dependencies)]);
};
