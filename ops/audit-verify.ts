/**
 * `twinmap audit verify`: recomputes the audit log of both Regions, from every event's bytes to the signed heads, and names
 * the first divergence. What changes while it reads is looked at twice: only what is wrong both times is told.
 */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AuditEvidence, AuditVerdict, Finding } from '../functions/audit/verify/evidence.ts';
import { verifyAudit } from '../functions/audit/verify/verify-audit.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { LIMITS } from '../functions/domain/limits.ts';
import { AUDIT_PLACE_OPTIONS, openStoresForOps, type OpsStores, readTables, textOption } from './audit-stores.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';

const RECHECK_DELAY_MS = 2000;
const SHOWN_FINDINGS_MAX = 10;

/** A public key as `aws kms get-public-key` or `openssl` write it: PEM, or DER. */
const readPublicKey = async (file: string): Promise<Uint8Array> => {
  try {
    const bytes = await readFile(file);
    const key = bytes.includes('-----BEGIN')
      ? createPublicKey(bytes)
      : createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    return key.export({ format: 'der', type: 'spki' });
  } catch (error) {
    throw new ConfigError(`${file} can't be read as a public key; --public-key takes PEM or DER files, with commas`, {
      cause: error,
    });
  }
};

const readPinned = async (input: CommandInput): Promise<Pick<AuditEvidence, 'pinnedKeys'>> => {
  const files = textOption(input, 'publicKey');
  return files === undefined
    ? {}
    : { pinnedKeys: await Promise.all(files.split(',').map(async (file) => readPublicKey(file.trim()))) };
};

interface Verified {
  readonly verdict: AuditVerdict;
  readonly regions: readonly string[];
  readonly unreachable: readonly string[];
}

const verifyOnce = async (
  { declared, chosen }: OpsStores,
  pinned: Pick<AuditEvidence, 'pinnedKeys'>,
): Promise<Verified> => {
  const { regions, unreachable } = await readTables(chosen);
  const verdict = verifyAudit({ declared, regions, nowMs: Date.now(), ...pinned });
  return { verdict, regions: regions.map(({ region }) => region), unreachable };
};

const nameOf = ({ kind, region, key }: Finding): string => `${kind} ${region} ${key.pk} ${key.sk}`;

/** Two tables are not read in one moment; what was on its way then has arrived now. */
const verifyTwice = async (
  stores: OpsStores,
  pinned: Pick<AuditEvidence, 'pinnedKeys'>,
  delayMs: number,
): Promise<Verified> => {
  const first = await verifyOnce(stores, pinned);
  if (first.verdict.findings.length === 0) {
    return first;
  }
  await sleep(delayMs);
  const second = await verifyOnce(stores, pinned);
  const known = new Set(first.verdict.findings.map((finding) => nameOf(finding)));
  const findings = second.verdict.findings.filter((finding) => known.has(nameOf(finding)));
  return { ...second, verdict: { ...second.verdict, findings } };
};

const tell = ({ say }: CommandInput, { verdict, regions, unreachable }: Verified): void => {
  const { findings, notes, counts, keys } = verdict;
  const [first, ...more] = findings;
  const { events, links, heads, unsealed, owed } = counts;
  const read = `${events} events, ${links} links and ${heads} signed heads in ${regions.join(' and ')}`;
  if (first === undefined) {
    say(`Nothing is wrong with ${read}.`);
  } else {
    say(`The audit log is not whole (${read}). First:`);
    say(`  ${first.sentence}`);
    for (const { sentence } of more.slice(0, SHOWN_FINDINGS_MAX)) {
      say(`  ${sentence}`);
    }
    if (more.length > SHOWN_FINDINGS_MAX) {
      say(`  … and ${more.length - SHOWN_FINDINGS_MAX} more.`);
    }
    say('Keep both tables as they are (a backup of each), and find out who could write to them.');
  }
  if (unsealed > 0 || owed > 0) {
    say(`Not yet sealed: ${unsealed}. Owed to the other Region: ${owed}. Both are as they should be.`);
  }
  for (const { region, fingerprint } of keys) {
    say(`${region} signs with the key ${fingerprint}.`);
  }
  for (const line of [...unreachable, ...notes]) {
    say(line);
  }
};

const outcomeOf = ({ verdict, unreachable }: Verified): { name: string; code: number } => {
  if (verdict.findings.length > 0) {
    return { name: 'divergent', code: EXIT.drift };
  }
  return unreachable.length > 0
    ? { name: 'partly-checked', code: EXIT.unreachable }
    : { name: 'whole', code: EXIT.done };
};

/** `recheckDelayMs`: how long what is on its way between the Regions has to arrive. */
export const createAuditVerify = (recheckDelayMs: number): Command => ({
  name: 'audit verify',
  arguments: [],
  help: 'recompute the audit log of both Regions and name the first divergence',
  options: [
    ...AUDIT_PLACE_OPTIONS,
    { flags: '--public-key <files>', help: 'trust these signing keys and no other: PEM or DER files, with commas' },
  ],
  run: async (input) => {
    const pinned = await readPinned(input);
    const verified = await verifyTwice(await openStoresForOps(input), pinned, recheckDelayMs);
    const { verdict, regions, unreachable } = verified;
    if (regions.length === 0) {
      input.say(`${unreachable.join(' ')} Nothing was checked.`);
      input.give({ outcome: 'unreachable', unreachable });
      return EXIT.unreachable;
    }
    tell(input, verified);
    const { name, code } = outcomeOf(verified);
    input.give({
      outcome: name,
      regions,
      ...verdict.counts,
      findings: verdict.findings.slice(0, LIMITS.auditFindingsListedMax),
      findingsTotal: verdict.findings.length,
      keys: verdict.keys,
      notes: [...unreachable, ...verdict.notes],
    });
    return code;
  },
});

export const auditVerify = createAuditVerify(RECHECK_DELAY_MS);
