/**
 * Each Region keeps the other's latest signed head as a local item of its own, after verifying it. Whoever can write in one
 * Region's table only, or rewrites one chain in both, meets this copy: a higher number always wins, so it never goes back.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { sha256Hex } from '../stores/envelope.ts';
import type { StoredRecord } from '../stores/record-store.ts';
import { fingerprintOf, isSignedBy } from './head-signer.ts';
import {
  chainPartition,
  GENESIS,
  headsPartition,
  keysPartition,
  numberText,
  trustedKeyKey,
  witnessKey,
} from './keys.ts';
import type { AuditPair, AuditRegion } from './numbered-log.ts';
import { type HeadPayload, parseHead, parsePublicKey, parseWitness } from './payloads.ts';

export type WitnessOutcome =
  /** `n` is the highest signed head of the peer that this Region has verified; 0 for none. */
  | { readonly kind: 'witnessed'; readonly n: number; readonly taken: number }
  /** A head that this Region does not accept: a forged signature, another key, or a chain that was rewritten. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The numbered record wherever it is: in our own table, or still only in the peer's. */
const readEither = async (
  pair: Required<AuditPair>,
  key: { readonly pk: string; readonly sk: string },
): Promise<Result<StoredRecord | undefined>> => {
  const own = await pair.home.records.get(key);
  if (own.kind === 'failed' || own.value !== undefined) {
    return own;
  }
  const other = await pair.peer.records.get(key);
  return other.kind === 'failed' ? done(undefined) : other;
};

/** The first key that a Region is seen to use is the one that it is trusted with, until a person says otherwise. */
const trustedKey = async (
  pair: Required<AuditPair>,
  fingerprint: string,
): Promise<Result<Uint8Array | 'other-key' | 'not-here-yet'>> => {
  const { home, peer } = pair;
  const item = trustedKeyKey(peer.region);
  const trusted = await home.records.getLocal(item);
  if (trusted.kind === 'failed') {
    return trusted;
  }
  const kept = trusted.value === undefined ? undefined : parsePublicKey(trusted.value.data);
  if (kept?.kind === 'valid') {
    const spki = Buffer.from(kept.value.spki, 'base64');
    return done(fingerprintOf(spki) === fingerprint ? spki : 'other-key');
  }
  const stored = await readEither(pair, { pk: keysPartition(peer.region), sk: fingerprint });
  if (stored.kind === 'failed') {
    return stored;
  }
  const published = stored.value === undefined ? undefined : parsePublicKey(stored.value.data);
  if (stored.value === undefined || published?.kind !== 'valid') {
    return done('not-here-yet');
  }
  const spki = Buffer.from(published.value.spki, 'base64');
  if (fingerprintOf(spki) !== fingerprint) {
    return done('other-key');
  }
  const put = await home.records.putLocal({ ...item, order: 1, data: stored.value.data });
  return put.kind === 'failed' ? put : done(spki);
};

interface Witnessed {
  readonly n: number;
  readonly h: string;
  readonly head?: HeadPayload;
}

const readWitnessed = async ({ home, peer }: Required<AuditPair>): Promise<Result<Witnessed>> => {
  const stored = await home.records.getLocal(witnessKey(peer.region));
  if (stored.kind === 'failed') {
    return stored;
  }
  const kept = stored.value === undefined ? undefined : parseWitness(stored.value.data);
  if (stored.value === undefined || kept?.kind !== 'valid') {
    return done({ n: 0, h: GENESIS });
  }
  const head = parseHead(kept.value.data);
  return done({ n: stored.value.order, h: kept.value.h, ...(head.kind === 'valid' ? { head: head.value } : {}) });
};

type Judged =
  | { readonly kind: 'accepted' }
  /** What it names is not in this Region yet. */
  | { readonly kind: 'early' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

const refuse = (n: number, region: string, what: string): Judged => ({
  kind: 'refused',
  why: `signed head ${n} of ${region} ${what}; run: twinmap audit verify`,
});

/** The chain must hold what the head claims, as this Region has it: a rewritten chain does not. */
const judgeChain = async (pair: Required<AuditPair>, head: HeadPayload): Promise<Judged> => {
  const { region } = pair.peer;
  const link = await readEither(pair, { pk: chainPartition(region), sk: numberText(head.seq) });
  if (link.kind === 'failed') {
    return link;
  }
  if (link.value === undefined) {
    return { kind: 'early' };
  }
  return sha256Hex(link.value.data) === head.hash
    ? { kind: 'accepted' }
    : refuse(head.n, region, `does not fit link ${head.seq} of its chain`);
};

const judge = async (pair: Required<AuditPair>, before: Witnessed, head: HeadPayload): Promise<Judged> => {
  const { region } = pair.peer;
  if (head.n !== before.n + 1 || head.prev !== before.h || head.region !== region) {
    return refuse(head.n, region, 'does not follow the one that this Region has witnessed');
  }
  if (before.head !== undefined && head.seq < before.head.seq) {
    return refuse(head.n, region, 'goes back behind the one that this Region has witnessed');
  }
  const key = await trustedKey(pair, head.key);
  if (key.kind === 'failed') {
    return key;
  }
  if (key.value === 'not-here-yet') {
    return { kind: 'early' };
  }
  if (key.value === 'other-key') {
    return refuse(head.n, region, 'is signed with another key than the one that it was first seen to use');
  }
  return isSignedBy(key.value, head, head.signature)
    ? judgeChain(pair, head)
    : refuse(head.n, region, 'carries a signature that its key did not make');
};

const takeNext = async (
  pair: Required<AuditPair>,
  before: Witnessed,
): Promise<Result<Witnessed | undefined> | { readonly kind: 'refused'; readonly why: string }> => {
  const stored = await readEither(pair, { pk: headsPartition(pair.peer.region), sk: numberText(before.n + 1) });
  if (stored.kind === 'failed' || stored.value === undefined) {
    return stored.kind === 'failed' ? stored : done(undefined);
  }
  const head = parseHead(stored.value.data);
  if (head.kind === 'invalid') {
    return { kind: 'refused', why: `signed head ${before.n + 1} of ${pair.peer.region} can't be read: ${head.why}` };
  }
  const judged = await judge(pair, before, head.value);
  if (judged.kind === 'early') {
    return done(undefined);
  }
  if (judged.kind !== 'accepted') {
    return judged;
  }
  const h = sha256Hex(stored.value.data);
  const kept = await keep(pair.home, pair.peer, head.value.n, { h, data: stored.value.data });
  return kept.kind === 'failed' ? kept : done({ n: head.value.n, h, head: head.value });
};

const keep = async (
  home: AuditRegion,
  peer: AuditRegion,
  n: number,
  head: { readonly h: string; readonly data: string },
): Promise<Result<'written' | 'kept'>> =>
  home.records.putLocal({ ...witnessKey(peer.region), order: n, data: JSON.stringify(head) });

/** Takes what the peer has signed since, one head after the other. */
export const witnessPeer = async (pair: Required<AuditPair>): Promise<WitnessOutcome> => {
  const start = await readWitnessed(pair);
  if (start.kind === 'failed') {
    return start;
  }
  let witnessed = start.value;
  for (let step = 0; step < LIMITS.auditStepsPerRunMax; step += 1) {
    const taken = await takeNext(pair, witnessed);
    if (taken.kind !== 'done') {
      return taken;
    }
    if (taken.value === undefined) {
      break;
    }
    witnessed = taken.value;
  }
  return { kind: 'witnessed', n: witnessed.n, taken: witnessed.n - start.value.n };
};
