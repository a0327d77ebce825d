/**
 * Once an hour a Region signs how far its chain goes. Signed heads are a numbered log too, so that none can be taken away
 * unseen; and a Region whose peer has witnessed a later head than it knows itself was rolled back, and does not sign.
 */
import { DONE, done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { interactiveVersion } from '../domain/version.ts';
import { makeRecord } from '../stores/envelope.ts';
import { fingerprintOf, type HeadSigner, signedBytes } from './head-signer.ts';
import { headsPartition, headsPositionKey, keysPartition, numberText, witnessKey } from './keys.ts';
import { type AuditPair, NumberedLog, sendToPeer, type Tip } from './numbered-log.ts';
import { type HeadClaim, type HeadPayload, parseHead } from './payloads.ts';

export interface SignDependencies {
  readonly pair: AuditPair;
  readonly signer: HeadSigner;
  readonly now: () => number;
  readonly newOp: () => string;
}

/** How far the chain goes. */
export interface ChainHead extends Tip {
  readonly epoch: number;
}

export type SignOutcome =
  | { readonly kind: 'signed'; readonly n: number; readonly seq: number; readonly replication: 'both' | 'owed' }
  /** Nothing to sign yet, or the last signature is younger than an hour. */
  | { readonly kind: 'not-due' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const openHeads = (pair: AuditPair, newOp: () => string): NumberedLog =>
  new NumberedLog({
    pair,
    partition: headsPartition(pair.home.region),
    position: headsPositionKey,
    newOp,
    settle: () => Promise.resolve(DONE),
    prevOf: (data) => {
      const head = parseHead(data);
      return head.kind === 'valid' ? head.value.prev : undefined;
    },
  });

const lastHead = async (pair: AuditPair, tip: Tip): Promise<Result<HeadPayload | undefined>> => {
  const key = { pk: headsPartition(pair.home.region), sk: numberText(tip.n) };
  const stored = tip.n === 0 ? done(undefined) : await pair.home.records.get(key);
  if (stored.kind === 'failed') {
    return stored;
  }
  const head = stored.value === undefined ? undefined : parseHead(stored.value.data);
  return done(head?.kind === 'valid' ? head.value : undefined);
};

/** What the peer remembers of us; it can't be asked while it is down, and then nobody can have rolled back only us. */
const witnessedBeyond = async (pair: AuditPair, tip: Tip): Promise<string | undefined> => {
  if (pair.peer === undefined) {
    return undefined;
  }
  const witnessed = await pair.peer.records.getLocal(witnessKey(pair.home.region));
  return witnessed.kind === 'done' && witnessed.value !== undefined && witnessed.value.order > tip.n
    ? `${pair.peer.region} has witnessed signed head ${witnessed.value.order}, and this Region knows ${tip.n}`
    : undefined;
};

/** The public key as a replicated record, so that signatures can be verified with the Region dead. */
const publishKey = async (dependencies: SignDependencies, spki: Uint8Array): Promise<Result<string>> => {
  const { pair, now, newOp } = dependencies;
  const { region, records } = pair.home;
  const fingerprint = fingerprintOf(spki);
  const key = { pk: keysPartition(region), sk: fingerprint };
  const stored = await records.get(key);
  if (stored.kind === 'failed' || stored.value !== undefined) {
    return stored.kind === 'failed' ? stored : done(fingerprint);
  }
  const op = newOp();
  const at = now();
  const v = interactiveVersion({ ms: at, counter: 0 }, region, op);
  const record = makeRecord(key, { v, op }, { region, spki: Buffer.from(spki).toString('base64'), at });
  const put = await records.putOnce(record, pair.peer?.region);
  if (put.kind === 'failed') {
    return put;
  }
  await sendToPeer(pair, record);
  return done(fingerprint);
};

const signClaim = async (signer: HeadSigner, claim: HeadClaim): Promise<Result<HeadPayload>> => {
  const signature = await signer.sign(signedBytes(claim));
  return signature.kind === 'failed'
    ? signature
    : done({ ...claim, signature: Buffer.from(signature.value).toString('base64') });
};

const isDue = (last: HeadPayload | undefined, nowMs: number): boolean =>
  last === undefined || nowMs - last.at >= LIMITS.auditSignIntervalMs;

const signNext = async (
  dependencies: SignDependencies,
  heads: NumberedLog,
  tip: Tip,
  head: ChainHead,
): Promise<SignOutcome> => {
  const { pair, signer, now } = dependencies;
  const spki = await signer.publicKey();
  const key = spki.kind === 'failed' ? spki : await publishKey(dependencies, spki.value);
  if (key.kind === 'failed') {
    return key;
  }
  const at = now();
  const { region } = pair.home;
  const { epoch, n: seq, h: hash } = head;
  const signed = await signClaim(signer, { n: tip.n + 1, prev: tip.h, region, epoch, seq, hash, at, key: key.value });
  if (signed.kind === 'failed') {
    return signed;
  }
  const appended = await heads.append(tip, at, signed.value);
  switch (appended.kind) {
    case 'appended': {
      return { kind: 'signed', n: appended.tip.n, seq, replication: appended.replication };
    }
    case 'taken': {
      return { kind: 'not-due' };
    }
    case 'conflict': {
      return { kind: 'damaged', why: appended.why };
    }
    case 'failed': {
      return appended;
    }
  }
};

export const signHead = async (dependencies: SignDependencies, head: ChainHead): Promise<SignOutcome> => {
  if (head.n === 0) {
    return { kind: 'not-due' };
  }
  const { pair, now, newOp } = dependencies;
  const heads = openHeads(pair, newOp);
  const found = await heads.tip();
  if (found.kind !== 'tip') {
    return found;
  }
  const last = await lastHead(pair, found.tip);
  if (last.kind === 'failed') {
    return last;
  }
  if (!isDue(last.value, now())) {
    return { kind: 'not-due' };
  }
  const beyond = await witnessedBeyond(pair, found.tip);
  return beyond === undefined
    ? signNext(dependencies, heads, found.tip, head)
    : { kind: 'damaged', why: `${beyond}: its signed heads were rolled back` };
};
