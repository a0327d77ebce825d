/**
 * Signed heads against keys and chains, and what each Region remembers on its own: its positions, and the other's last
 * signed head. A chain that was rewritten from end to end, with hashes that fit, differs from what was signed or witnessed.
 */
import type { RecordKey } from '../../domain/record.ts';
import type { RegionName } from '../../domain/region.ts';
import { sha256Hex } from '../../stores/envelope.ts';
import type { LocalItem } from '../../stores/record-store.ts';
import { fingerprintOf, isSignedBy } from '../head-signer.ts';
import {
  chainPartition,
  chainPositionKey,
  headsPartition,
  headsPositionKey,
  numberText,
  trustedKeyKey,
  witnessKey,
} from '../keys.ts';
import { type HeadPayload, parseHead, parsePosition, parsePublicKey, parseWitness } from '../payloads.ts';
import { type Finding, type FindingKind, nameOf } from './evidence.ts';
import type { IsOwed } from './numbered.ts';
import type { AuditCopy } from './read-copy.ts';

export interface Judge {
  readonly isOwed: IsOwed;
  /** Fingerprints that a person vouches for; absent means that the stored keys are trusted. */
  readonly pinned: ReadonlySet<string> | undefined;
  /** Public keys of a Region, stored or pinned, by fingerprint. */
  readonly keysOf: (region: RegionName) => ReadonlyMap<string, Uint8Array>;
}

const finding = (kind: FindingKind, region: RegionName, key: RecordKey, sentence: string): Finding => ({
  kind,
  region,
  key,
  sentence,
});

/** What a copy must hold under a number, by the word of somebody: a signature, a position or a witness. */
const checkHolds = (
  copy: AuditCopy,
  key: RecordKey,
  hash: string,
  says: string,
  isOwed: IsOwed,
): Finding | undefined => {
  const stored = copy.byName.get(nameOf(key));
  if (stored === undefined) {
    return isOwed(copy.region, key)
      ? undefined
      : finding(
          'truncated',
          copy.region,
          key,
          `In ${copy.region}, the record ${nameOf(key)} is missing, and ${says} that it was there: the end was cut off. ` +
            'Restore it from the other Region, or from a backup.',
        );
  }
  return sha256Hex(stored.data) === hash
    ? undefined
    : finding(
        'rewritten',
        copy.region,
        key,
        `In ${copy.region}, the record ${nameOf(key)} is not the one of which ${says}: it was rewritten. ` +
          'Restore it from the other Region, or from a backup.',
      );
};

const present = <T>(value: T | undefined): value is T => value !== undefined;

const checkSignature = (copy: AuditCopy, key: RecordKey, head: HeadPayload, judge: Judge): Finding | undefined => {
  const spki = judge.keysOf(head.region).get(head.key);
  if (spki === undefined || (judge.pinned !== undefined && !judge.pinned.has(head.key))) {
    const which = judge.pinned === undefined ? 'that no record holds' : 'that was not given with --public-key';
    return finding(
      'unknown-key',
      copy.region,
      key,
      `In ${copy.region}, ${nameOf(key)} is signed with the key ${head.key.slice(0, 16)}…, ${which}.`,
    );
  }
  return isSignedBy(spki, head, head.signature)
    ? undefined
    : finding(
        'bad-signature',
        copy.region,
        key,
        `In ${copy.region}, the signature of ${nameOf(key)} was not made by the key that it names: it is forged, or the head was changed.`,
      );
};

/** Each signed head of a copy: its signature, and that the copy's chain holds what was signed. */
export const checkHeads = (copy: AuditCopy, judge: Judge): Finding[] =>
  [...copy.heads].flatMap(([region, heads]) => {
    let highest = 0;
    return heads.flatMap(({ record, value }) => {
      const key = { pk: record.pk, sk: record.sk };
      const link = { pk: chainPartition(region), sk: numberText(value.seq) };
      const back =
        value.seq < highest
          ? finding(
              'rewritten',
              copy.region,
              key,
              `In ${copy.region}, ${nameOf(key)} goes back behind an earlier signed head.`,
            )
          : undefined;
      highest = Math.max(highest, value.seq);
      return [
        checkSignature(copy, key, value, judge),
        checkHolds(copy, link, value.hash, `the signed head ${nameOf(key)} says`, judge.isOwed),
        back,
      ].filter((one) => present(one));
    });
  });

const findLocal = (locals: readonly LocalItem[], key: RecordKey): LocalItem | undefined =>
  locals.find(({ pk, sk }) => pk === key.pk && sk === key.sk);

/** What a Region remembers of its own logs. */
export const checkPositions = (copy: AuditCopy, locals: readonly LocalItem[], judge: Judge): Finding[] =>
  [
    { item: chainPositionKey, partition: chainPartition(copy.region) },
    { item: headsPositionKey, partition: headsPartition(copy.region) },
  ].flatMap(({ item, partition }) => {
    const local = findLocal(locals, item);
    const position = local === undefined ? undefined : parsePosition(local.data);
    if (local === undefined || position?.kind !== 'valid') {
      return [];
    }
    const key = { pk: partition, sk: numberText(local.order) };
    const held = checkHolds(copy, key, position.value.h, `${copy.region} remembers`, judge.isOwed);
    return held === undefined ? [] : [held];
  });

const checkWitness = (keeper: RegionName, item: LocalItem, other: RegionName, judge: Judge): HeadPayload | Finding => {
  const broken = (why: string): Finding =>
    finding(
      'altered',
      keeper,
      item,
      `In ${keeper}, its copy of the last signed head of ${other} (${nameOf(item)}) ${why}.`,
    );
  const kept = parseWitness(item.data);
  const head = kept.kind === 'valid' ? parseHead(kept.value.data) : kept;
  if (kept.kind === 'invalid' || head.kind === 'invalid') {
    return broken("can't be read");
  }
  if (sha256Hex(kept.value.data) !== kept.value.h || head.value.n !== item.order || head.value.region !== other) {
    return broken('was changed');
  }
  return checkSignature({ ...NO_COPY, region: keeper }, item, head.value, judge) ?? head.value;
};

const NO_COPY: Omit<AuditCopy, 'region'> = {
  records: [],
  byName: new Map(),
  events: [],
  links: new Map(),
  heads: new Map(),
  keys: new Map(),
  findings: [],
};

const isFinding = (value: HeadPayload | Finding): value is Finding => 'sentence' in value;

/** What `keeper` witnessed of `other`, against every copy of the other's logs. */
export const checkWitnessed = (
  keeper: RegionName,
  locals: readonly LocalItem[],
  other: RegionName,
  copies: readonly AuditCopy[],
  judge: Judge,
): Finding[] => {
  const item = findLocal(locals, witnessKey(other));
  if (item === undefined) {
    return [];
  }
  const head = checkWitness(keeper, item, other, judge);
  if (isFinding(head)) {
    return [head];
  }
  const kept = parseWitness(item.data);
  const says = `${keeper} has witnessed`;
  const record = { pk: headsPartition(other), sk: numberText(head.n) };
  const link = { pk: chainPartition(other), sk: numberText(head.seq) };
  return copies.flatMap((copy) =>
    [
      checkHolds(copy, link, head.hash, says, judge.isOwed),
      checkHolds(copy, record, kept.kind === 'valid' ? kept.value.h : '', says, judge.isOwed),
    ].filter((one) => present(one)),
  );
};

/** The key that `keeper` first saw `other` use must be the one that its heads are signed with. */
export const checkTrustedKey = (
  keeper: RegionName,
  locals: readonly LocalItem[],
  other: RegionName,
  copies: readonly AuditCopy[],
): Finding[] => {
  const item = findLocal(locals, trustedKeyKey(other));
  const parsed = item === undefined ? undefined : parsePublicKey(item.data);
  if (item === undefined || parsed?.kind !== 'valid') {
    return [];
  }
  const trusted = fingerprintOf(Buffer.from(parsed.value.spki, 'base64'));
  return copies.flatMap((copy) =>
    (copy.heads.get(other) ?? [])
      .filter(({ value }) => value.key !== trusted)
      .slice(0, 1)
      .map(({ record }) =>
        finding(
          'unknown-key',
          copy.region,
          { pk: record.pk, sk: record.sk },
          `In ${copy.region}, ${nameOf(record)} is signed with another key than the one that ${keeper} first saw ${other} use. ` +
            'If you did not replace the key, somebody signs in its place.',
        ),
      ),
  );
};
