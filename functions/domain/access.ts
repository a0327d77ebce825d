/**
 * Who may do what, as data: a closed set of roles, what each permits, and which sources a caller may read. What is not
 * listed is not permitted, and a source that a caller may not read does not exist for that caller.
 */
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

export const PERMISSIONS = [
  /** Search, documents, sources, totals, cursors. */
  'corpus:read',
  'settings:read',
  'settings:write',
  /** The example workload's (`examples/survey`): keys are of one kind, whatever they open. */
  'surveys:read',
  'surveys:vote',
  'surveys:reset',
  /** What is read, and what of it may be deleted. */
  'sources:manage',
  'keys:manage',
  'audit:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const ACCESS_ROLES = ['reader', 'voter', 'editor', 'operator'] as const;

export type AccessRole = (typeof ACCESS_ROLES)[number];

/** Roles add up: a person is `reader` and `editor`. A `voter` is a link that many people hold: it opens surveys and nothing else. */
export const PERMITTED: Readonly<Record<AccessRole, readonly Permission[]>> = {
  reader: ['corpus:read', 'settings:read', 'surveys:read'],
  voter: ['surveys:read', 'surveys:vote'],
  editor: ['settings:read', 'settings:write', 'surveys:read', 'surveys:vote', 'surveys:reset'],
  operator: PERMISSIONS,
};

export const isAccessRole = (value: unknown): value is AccessRole => ACCESS_ROLES.some((role) => role === value);

export type SourceGrant = 'all' | readonly string[];

/** Somebody who was recognised. */
export interface Principal {
  /** `key:<id of the API key>`: what an audit event names. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly AccessRole[];
  readonly sources: SourceGrant;
}

export const isPermitted = ({ roles }: Principal, permission: Permission): boolean =>
  roles.some((role) => PERMITTED[role].includes(permission));

export const isSourceAllowed = (principal: Principal | undefined, source: string): boolean =>
  principal !== undefined &&
  isPermitted(principal, 'corpus:read') &&
  (principal.sources === 'all' || principal.sources.includes(source));

/** The one filter in front of every lane: of these sources, those that exist for the caller. Nobody sees none. */
export const allowedSources = <T>(
  principal: Principal | undefined,
  sources: readonly T[],
  idOf: (source: T) => string,
): readonly T[] => sources.filter((source) => isSourceAllowed(principal, idOf(source)));

// --- API keys: interactive records of the workspaces table ---

export interface KeyPayload {
  readonly name: string;
  /** SHA-256 (hex) of the secret; the secret itself is nowhere but with its holder. */
  readonly hash: string;
  readonly roles: readonly AccessRole[];
  readonly sources: SourceGrant;
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

/**
 * An operator hands out keys for any source and reads the audit log, which names sources: one that were limited to some
 * sources could help itself to all of them.
 */
export const isGrantSound = (roles: readonly AccessRole[], sources: SourceGrant): boolean =>
  roles.length > 0 && (sources === 'all' || !roles.includes('operator'));

const isMoment = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isListOf = <T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] =>
  Array.isArray(value) && value.every((one) => isOne(one));

const isText = (value: unknown): value is string => typeof value === 'string';

const isKeyPayload = (value: unknown): value is KeyPayload =>
  isJsonFields(value) &&
  ['name', 'hash', 'createdBy'].every((name) => isText(value[name])) &&
  ['createdAt', 'expiresAt'].every((name) => isMoment(value[name])) &&
  isListOf(value['roles'], isAccessRole) &&
  (value['sources'] === 'all' || isListOf(value['sources'], isText)) &&
  isGrantSound(value['roles'], value['sources']);

/** Undefined where the text is no such payload: a key that can't be read opens nothing. */
export const parseKeyPayload = (data: string): KeyPayload | undefined => parsePayload(data, isKeyPayload);
