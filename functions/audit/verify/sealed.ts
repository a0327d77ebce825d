/** Every sealed event is there and is the one that was sealed; every event is sealed exactly once, soon after it was written. */
import { LIMITS } from '../../domain/limits.ts';
import type { RecordKey } from '../../domain/record.ts';
import { type Finding, nameOf } from './evidence.ts';
import type { IsOwed } from './numbered.ts';
import type { AuditCopy } from './read-copy.ts';

export interface SealedCheck {
  readonly findings: readonly Finding[];
  /** Young ones: the next run seals them. */
  readonly unsealed: number;
}

const keyOf = ({ pk, sk }: RecordKey): RecordKey => ({ pk, sk });

/** What one copy's links seal, by event, and the link that does. */
const collectSealed = (copy: AuditCopy, findings: Finding[]): Map<string, RecordKey> => {
  const sealed = new Map<string, RecordKey>();
  for (const { record, value } of [...copy.links.values()].flat()) {
    for (const event of value.events) {
      const name = nameOf(event);
      const earlier = sealed.get(name);
      if (earlier !== undefined) {
        const sentence = `In ${copy.region}, the event ${name} is sealed twice: by ${nameOf(earlier)} and by ${nameOf(record)}.`;
        findings.push({ kind: 'sealed-twice', region: copy.region, key: keyOf(record), sentence });
      }
      sealed.set(name, keyOf(record));
    }
  }
  return sealed;
};

const checkEvents = (copy: AuditCopy, isOwed: IsOwed, findings: Finding[]): void => {
  for (const { record: link, value } of [...copy.links.values()].flat()) {
    for (const event of value.events) {
      const stored = copy.byName.get(nameOf(event));
      if (stored === undefined && !isOwed(copy.region, event)) {
        const sentence =
          `In ${copy.region}, the event ${nameOf(event)} is missing, and ${nameOf(link)} sealed it: it was taken away. ` +
          'Restore it from the other Region, or from a backup.';
        findings.push({ kind: 'missing-event', region: copy.region, key: keyOf(event), sentence });
      }
      if (stored !== undefined && (stored.h !== event.h || stored.v !== event.v)) {
        const sentence =
          `In ${copy.region}, the event ${nameOf(event)} is not the one that ${nameOf(link)} sealed: one of the two was changed. ` +
          'Compare both with the other Region.';
        findings.push({ kind: 'changed-event', region: copy.region, key: keyOf(event), sentence });
      }
    }
  }
};

const ageText = (ageMs: number): string => `${Math.floor(ageMs / 60_000)} minutes`;

/** `sealedAnywhere`: a link may still be on its way to this copy. */
export const checkSealed = (copies: readonly AuditCopy[], isOwed: IsOwed, nowMs: number): SealedCheck => {
  const findings: Finding[] = [];
  const sealedAnywhere = new Set<string>();
  for (const copy of copies) {
    for (const name of collectSealed(copy, findings).keys()) {
      sealedAnywhere.add(name);
    }
    checkEvents(copy, isOwed, findings);
  }
  const unsealed = new Map<string, { readonly copy: AuditCopy; readonly at: number; readonly key: RecordKey }>();
  for (const copy of copies) {
    for (const { record, value } of copy.events) {
      const name = nameOf(record);
      if (!sealedAnywhere.has(name) && !unsealed.has(name)) {
        unsealed.set(name, { copy, at: value.at, key: keyOf(record) });
      }
    }
  }
  for (const { copy, at, key } of unsealed.values()) {
    const ageMs = nowMs - at;
    if (ageMs > LIMITS.auditUnsealedAgeMs) {
      const sentence =
        `In ${copy.region}, the event ${nameOf(key)} is ${ageText(ageMs)} old and in no chain. Either its Region's audit function ` +
        'does not run (see its log), or somebody put the event there.';
      findings.push({ kind: 'unsealed', region: copy.region, key, sentence });
    }
  }
  const old = findings.filter(({ kind }) => kind === 'unsealed').length;
  return { findings, unsealed: unsealed.size - old };
};
