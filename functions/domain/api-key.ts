/** API keys as the workspaces table holds them: interactive records in one partition. */
import { type AccessRole, isOrganisationRole, isWorkspaceRole, roleNamed, type SourceGrant } from './access.ts';
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

export interface KeyPayload {
  readonly name: string;
  /** SHA-256 (hex) of the secret; the secret itself is nowhere but with its holder. */
  readonly hash: string;
  readonly roles: readonly AccessRole[];
  readonly sources: SourceGrant;
  /** A key for some workspaces: its roles hold in these alone, and it reads their sources, whichever these are at the time. */
  readonly workspaces?: readonly string[];
  /** In ms since 1970. */
  readonly createdAt: number;
  readonly createdBy: string;
  /** In ms since 1970: from this moment on it opens nothing. */
  readonly expiresAt: number;
}

/** All keys share one partition: they are few, and listing them needs no scan. */
export const KEYS_PARTITION = 'keys';

export const keyRecordKey = (id: string): RecordKey => ({ pk: KEYS_PARTITION, sk: id });

const KEY_ID_PATTERN = /^[a-z0-9]{16}$/u;

export const isKeyId = (text: string): boolean => KEY_ID_PATTERN.test(text);

export interface Grant {
  readonly roles: readonly AccessRole[];
  readonly sources: SourceGrant;
  readonly workspaces?: readonly string[] | undefined;
}

/**
 * An org-admin hands out keys for any source and reads the audit log, which names sources: one that were limited to some
 * sources could help itself to all of them. What is held in a workspace needs one, and a key for workspaces has no other roles.
 */
export const grantProblem = ({ roles, sources, workspaces }: Grant): string | undefined => {
  if (roles.length === 0) {
    return 'a key without a role opens nothing';
  }
  if (workspaces !== undefined) {
    const isSound = workspaces.length > 0 && roles.every((role) => isWorkspaceRole(role)) && sources !== 'all';
    return isSound ? undefined : 'a key for workspaces has roles of workspaces only, and no grant for all sources';
  }
  if (roles.includes('org-admin') && sources !== 'all') {
    return "an org-admin can't be limited to some sources";
  }
  return roles.every((role) => isOrganisationRole(role))
    ? undefined
    : 'member and workspace-admin are held in a workspace: name one';
};

export const isGrantSound = (grant: Grant): boolean => grantProblem(grant) === undefined;

const isMoment = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isListOf = <T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] =>
  Array.isArray(value) && value.every((one) => isOne(one));

const isText = (value: unknown): value is string => typeof value === 'string';

interface StoredKey extends Omit<KeyPayload, 'roles'> {
  /** As they were named when the key was made. */
  readonly roles: readonly string[];
}

const isStoredKey = (value: unknown): value is StoredKey =>
  isJsonFields(value) &&
  ['name', 'hash', 'createdBy'].every((name) => isText(value[name])) &&
  ['createdAt', 'expiresAt'].every((name) => isMoment(value[name])) &&
  isListOf(value['roles'], isText) &&
  (value['workspaces'] === undefined || isListOf(value['workspaces'], isText)) &&
  (value['sources'] === 'all' || isListOf(value['sources'], isText));

/** Undefined where the text is no such payload: a key that can't be read opens nothing. */
export const parseKeyPayload = (data: string): KeyPayload | undefined => {
  const stored = parsePayload(data, isStoredKey);
  const roles = stored?.roles.flatMap((name) => roleNamed(name) ?? []);
  if (stored === undefined || roles?.length !== stored.roles.length) {
    return undefined;
  }
  const payload: KeyPayload = { ...stored, roles };
  return isGrantSound(payload) ? payload : undefined;
};
