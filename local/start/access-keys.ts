/**
 * The keys of a local pair: one that reads everything, one that may do everything. Made once through the same writer that the
 * API uses, kept in the data folder for its owner's eyes, and written again where a Region has lost its record.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { makeKey, writeKey } from '../../functions/access/keys.ts';
import { isSecretOf, parseToken } from '../../functions/access/token.ts';
import type { AccessRole } from '../../functions/domain/access.ts';
import { keyRecordKey, type KeyPayload, parseKeyPayload } from '../../functions/domain/api-key.ts';
import { RegionUnavailableError } from '../../functions/domain/errors.ts';
import type { InteractiveWrites } from '../../functions/domain/interactive-write.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import type { RegionPair, RegionStores } from '../../functions/dual-write/regions.ts';
import { OPERATOR_TOKEN_FILE, readTokenFile, TOKEN_FILE } from '../../ops/token.ts';

export const VOTER_TOKEN_FILE = 'voter-token';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Made again before it ends in somebody's hands. */
const RENEWED_BEFORE_MS = 30 * DAY_MS;

export interface KeyRing {
  readonly regions: RegionPair;
  readonly writes: InteractiveWrites;
  readonly now: () => number;
}

export interface LocalTokens {
  readonly reader: string;
  readonly operator: string;
}

const replaceFile = async (file: string, text: string): Promise<void> => {
  const next = `${file}.${randomUUID()}`;
  try {
    await writeFile(next, text, { mode: 0o600, flag: 'wx' });
    await rename(next, file);
  } finally {
    await rm(next, { force: true });
  }
};

type Held =
  { readonly kind: 'revoked' } | { readonly kind: 'missing' } | { readonly kind: 'held'; readonly payload: KeyPayload };

const heldIn = async ({ region, tables }: RegionStores, id: string): Promise<Held> => {
  const read = await tables.workspaces.get(keyRecordKey(id));
  if (read.kind === 'failed') {
    throw new RegionUnavailableError(`the keys in ${region} can't be read: ${read.failure.message}`);
  }
  if (read.value?.del === true) {
    return { kind: 'revoked' };
  }
  const payload = read.value === undefined ? undefined : parseKeyPayload(read.value.data);
  return payload === undefined ? { kind: 'missing' } : { kind: 'held', payload };
};

/** True where the token opens both Regions from here on: its record is put back where only one Region has it. */
const isGood = async ({ regions, writes, now }: KeyRing, token: string | undefined): Promise<boolean> => {
  const parsed = token === undefined ? undefined : parseToken(token);
  if (parsed === undefined) {
    return false;
  }
  const { home, peer } = regions;
  const held = await Promise.all(
    [home, ...(peer === undefined ? [] : [peer])].map(async (one) => heldIn(one, parsed.id)),
  );
  const [first] = held.flatMap((one) => (one.kind === 'held' ? [one.payload] : []));
  const isSound =
    first !== undefined && isSecretOf(parsed.secret, first.hash) && first.expiresAt - now() > RENEWED_BEFORE_MS;
  if (!isSound || held.some(({ kind }) => kind === 'revoked')) {
    return false;
  }
  const isEverywhere = held.every(({ kind }) => kind === 'held');
  return isEverywhere || (await writeKey(writes, parsed.id, first)).kind === 'held';
};

const ensureToken = async (ring: KeyRing, directory: string, name: string, role: AccessRole): Promise<string> => {
  const kept = await readTokenFile(directory, name);
  if (kept !== undefined && (await isGood(ring, kept))) {
    return kept;
  }
  const made = await makeKey(
    { writes: ring.writes, now: ring.now, randomBytes: (count) => randomBytes(count) },
    {
      name: `npm start (${role})`,
      roles: [role],
      sources: 'all',
      lifetimeMs: LIMITS.keyLifetimeDaysMax * DAY_MS,
      createdBy: 'local:npm-start',
    },
  );
  if (made.outcome.kind !== 'held') {
    throw new RegionUnavailableError('no Region took the record of a key; without one nobody can ask this pair');
  }
  await replaceFile(path.join(directory, name), `${made.token}\n`);
  return made.token;
};

/** Opens surveys and nothing else: it stands in the page's address, for everybody who votes. */
export const ensureVoterToken = async (ring: KeyRing, directory: string): Promise<string> =>
  ensureToken(ring, directory, VOTER_TOKEN_FILE, 'voter');

export const ensureTokens = async (ring: KeyRing, directory: string): Promise<LocalTokens> => ({
  reader: await ensureToken(ring, directory, TOKEN_FILE, 'reader'),
  operator: await ensureToken(ring, directory, OPERATOR_TOKEN_FILE, 'org-admin'),
});
