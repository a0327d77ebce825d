/**
 * The verification of the audit log: records in, findings out. Recomputes every hash, follows every chain, and holds what the
 * tables say against signatures, against what each Region remembers, and against each other.
 */
import { LIMITS } from '../../domain/limits.ts';
import type { RegionName } from '../../domain/region.ts';
import { fingerprintOf } from '../head-signer.ts';
import { chainPartition, headsPartition } from '../keys.ts';
import { compareCopies, owedBetween } from './compare-copies.ts';
import type { AuditEvidence, AuditVerdict, Finding } from './evidence.ts';
import { checkNumbered, type IsOwed } from './numbered.ts';
import { type AuditCopy, type Held, readCopy } from './read-copy.ts';
import { checkSealed } from './sealed.ts';
import { checkHeads, checkPositions, checkTrustedKey, checkWitnessed, type Judge } from './signatures.ts';

const entriesOf = <T>(
  map: ReadonlyMap<RegionName, readonly Held<T>[]>,
): readonly (readonly [RegionName, readonly Held<T>[]])[] =>
  [...map].toSorted(([left], [right]) => (left < right ? -1 : 1));

const checkLogs = (copy: AuditCopy, isOwed: IsOwed): Finding[] => {
  const findings: Finding[] = [];
  for (const [region, links] of entriesOf(copy.links)) {
    findings.push(...checkNumbered(copy, chainPartition(region), links, isOwed), ...checkEpochs(copy, links));
  }
  for (const [region, heads] of entriesOf(copy.heads)) {
    findings.push(...checkNumbered(copy, headsPartition(region), heads, isOwed));
  }
  return findings;
};

/** Epochs only rise: the links of one epoch lie together, and the first of them names the last of the one before. */
const checkEpochs = (
  copy: AuditCopy,
  links: readonly Held<{ readonly n: number; readonly epoch: number }>[],
): Finding[] => {
  let highest = 0;
  return links.flatMap(({ record, value }) => {
    const back = value.epoch < highest;
    highest = Math.max(highest, value.epoch);
    const sentence = `In ${copy.region}, ${record.pk} / ${record.sk} goes back to epoch ${value.epoch}; it was put there later.`;
    return back
      ? [{ kind: 'altered', region: copy.region, key: { pk: record.pk, sk: record.sk }, sentence } as const]
      : [];
  });
};

const judgeOf = (evidence: AuditEvidence, copies: readonly AuditCopy[]): Judge => {
  const pinned = evidence.pinnedKeys?.map((spki) => [fingerprintOf(spki), spki] as const);
  return {
    isOwed: owedBetween(copies),
    pinned: pinned === undefined ? undefined : new Set(pinned.map(([fingerprint]) => fingerprint)),
    keysOf: (region) => new Map([...copies.flatMap((copy) => [...(copy.keys.get(region) ?? [])]), ...(pinned ?? [])]),
  };
};

const checkMemories = (evidence: AuditEvidence, copies: readonly AuditCopy[], judge: Judge): Finding[] => {
  const findings: Finding[] = [];
  for (const copy of copies) {
    const locals = evidence.regions.find(({ region }) => region === copy.region)?.locals ?? [];
    findings.push(...checkPositions(copy, locals, judge));
    for (const other of evidence.declared.filter((region) => region !== copy.region)) {
      findings.push(
        ...checkWitnessed(copy.region, locals, other, copies, judge),
        // Where a person names the keys, what was seen first says nothing any more: a key may have been replaced.
        ...(judge.pinned === undefined ? checkTrustedKey(copy.region, locals, other, copies) : []),
      );
    }
  }
  return findings;
};

/** A finding that several checks make is told once, in the words of the first. */
const distinct = (findings: readonly Finding[]): Finding[] => {
  const seen = new Set<string>();
  return findings.filter(({ kind, region, key }) => {
    const name = `${kind} ${region} ${key.pk} ${key.sk}`;
    const known = seen.has(name);
    seen.add(name);
    return !known;
  });
};

const lastHeadAt = (region: RegionName, copies: readonly AuditCopy[]): number =>
  copies.flatMap((copy) => copy.heads.get(region) ?? []).reduce((last, { value }) => Math.max(last, value.at), 0);

const notesOf = (evidence: AuditEvidence, copies: readonly AuditCopy[]): string[] => {
  const read = new Set(copies.map(({ region }) => region));
  const missing = evidence.declared
    .filter((region) => !read.has(region))
    .map(
      (region) =>
        `${region} was not read: not checked were its copy of both logs, what it witnessed, and whether both hold the same bytes.`,
    );
  const unsigned = evidence.declared
    .filter((region) => copies.some((copy) => (copy.links.get(region) ?? []).length > 0))
    .filter((region) => evidence.nowMs - lastHeadAt(region, copies) > 2 * LIMITS.auditSignIntervalMs)
    .map((region) => {
      const at = lastHeadAt(region, copies);
      const since = at === 0 ? 'never been signed' : `not been signed since ${new Date(at).toISOString()}`;
      return `The chain of ${region} has ${since}: what came after has no signature yet.`;
    });
  return [...missing, ...unsigned];
};

const countNames = (copies: readonly AuditCopy[], of: (copy: AuditCopy) => readonly Held<unknown>[]): number =>
  new Set(copies.flatMap((copy) => of(copy).map(({ record }) => `${record.pk} ${record.sk}`))).size;

export const verifyAudit = (evidence: AuditEvidence): AuditVerdict => {
  const copies = evidence.regions.map((region) => readCopy(region));
  const judge = judgeOf(evidence, copies);
  const sealed = checkSealed(copies, judge.isOwed, evidence.nowMs);
  const compared = compareCopies(copies);
  return {
    findings: distinct([
      ...copies.flatMap(({ findings }) => findings),
      ...copies.flatMap((copy) => checkLogs(copy, judge.isOwed)),
      ...sealed.findings,
      ...copies.flatMap((copy) => checkHeads(copy, judge)),
      ...checkMemories(evidence, copies, judge),
      ...compared.findings,
    ]),
    notes: notesOf(evidence, copies),
    keys: evidence.declared.flatMap((region) => {
      const used = copies.flatMap((copy) => copy.heads.get(region) ?? []).map(({ value }) => value.key);
      return [...new Set(used)].map((fingerprint) => ({ region, fingerprint }));
    }),
    counts: {
      events: countNames(copies, (copy) => copy.events),
      links: countNames(copies, (copy) => [...copy.links.values()].flat()),
      heads: countNames(copies, (copy) => [...copy.heads.values()].flat()),
      unsealed: sealed.unsealed,
      owed: compared.owed,
    },
  };
};
