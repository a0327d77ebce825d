/** Reads both Regions for the pages that show them side by side: local items and source records, and nothing that is changed. */
import { done, type Result } from '../domain/failure.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import { parseGateDocument } from '../gate/document.ts';
import { GATE_KEY } from '../gate/gate.ts';
import { readSources } from '../query/home-view.ts';
import type { PairReading, PeerReading, RegionReading, ShownVerdict, ToldGate } from '../query/pair-reading.ts';
import { readSide, type SlotVerdict } from '../repair/comparison-items.ts';

const readToldGate = async ({ tables }: RegionStores): Promise<Result<ToldGate | undefined>> => {
  const item = await tables.workspaces.getLocal(GATE_KEY);
  if (item.kind === 'failed') {
    return item;
  }
  const parsed = parseGateDocument(item.value?.data ?? '');
  if (parsed.kind === 'invalid') {
    return done(undefined);
  }
  const { is_active_for_scheduled_work: active, epoch, peer_writes: peerWrites, reason } = parsed.document;
  const { changed_at: changedAt, changed_by: changedBy } = parsed.document;
  return done({ active, epoch, peerWrites, changedAt, changedBy, reason });
};

const shownVerdict = ({ verdict, roots, counts, by, startedAt, deep }: SlotVerdict): ShownVerdict => ({
  verdict,
  roots,
  counts,
  by,
  at: startedAt,
  deep,
});

const readRegion = async (stores: RegionStores): Promise<RegionReading> => {
  const [gate, sources, side] = await Promise.all([
    readToldGate(stores),
    readSources(stores.tables.graph),
    readSide(stores),
  ]);
  const { roots, verdict } = side.kind === 'done' ? side.value : { roots: undefined, verdict: undefined };
  return {
    region: stores.region,
    gate,
    sources,
    proof: roots === undefined ? undefined : { root: roots.root, at: roots.at, deep: roots.deep },
    verdict: verdict === undefined ? undefined : shownVerdict(verdict),
  };
};

/** What none of its services answers is a peer that does not answer; one that answers in part is shown in part. */
const readPeer = async (peer: RegionStores): Promise<PeerReading> => {
  const reading = await readRegion(peer);
  return reading.gate.kind === 'failed' && reading.sources.kind === 'failed'
    ? { kind: 'failed', region: peer.region, failure: reading.gate.failure }
    : { kind: 'read', ...reading };
};

export const readPairOf = async ({ home, peer }: RegionPair): Promise<PairReading> => {
  const [own, other] = await Promise.all([readRegion(home), peer === undefined ? undefined : readPeer(peer)]);
  return { home: own, ...(other === undefined ? {} : { peer: other }) };
};
