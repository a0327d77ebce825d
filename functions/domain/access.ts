/**
 * Who may do what, as data: a closed set of roles, what each permits, and which sources a caller may read. What is not
 * listed is not permitted, and a source that a caller may not read does not exist for that caller.
 */

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
  /** Which workspaces there are, as far as the caller may see them. */
  'workspaces:read',
  /** Name and visibility of a workspace, and who is in it. */
  'workspaces:change',
  /** Making and deleting workspaces. */
  'workspaces:manage',
  'keys:manage',
  'audit:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/**
 * One table for keys, people and workspaces. `reader` is held in the organisation or in a workspace; `voter`, `editor` and
 * `org-admin` in the organisation only; `member` and `workspace-admin` in a workspace only.
 */
export const ACCESS_ROLES = ['reader', 'voter', 'editor', 'member', 'workspace-admin', 'org-admin'] as const;

export type AccessRole = (typeof ACCESS_ROLES)[number];

/** What `org-admin` was called before there were workspaces: taken wherever a role is named, and never given back. */
const EARLIER_NAMES: Readonly<Record<string, AccessRole>> = { operator: 'org-admin' };

/** A role as somebody may write it. */
export type RoleName = AccessRole | 'operator';

/** Undefined where no role has this name. */
export const roleNamed = (name: string): AccessRole | undefined =>
  ACCESS_ROLES.find((role) => role === name) ?? EARLIER_NAMES[name];

const READING: readonly Permission[] = ['corpus:read', 'settings:read', 'surveys:read', 'workspaces:read'];

/** Roles add up: a person is `reader` and `editor`. A `voter` is a link that many people hold: it opens surveys and nothing else. */
export const PERMITTED: Readonly<Record<AccessRole, readonly Permission[]>> = {
  reader: READING,
  voter: ['surveys:read', 'surveys:vote'],
  editor: ['settings:read', 'settings:write', 'surveys:read', 'surveys:vote', 'surveys:reset'],
  member: [...READING, 'settings:write', 'surveys:vote'],
  'workspace-admin': [...READING, 'settings:write', 'surveys:vote', 'sources:manage', 'workspaces:change'],
  'org-admin': PERMISSIONS,
};

/** What may be held in one workspace. */
export const WORKSPACE_ROLES = ['reader', 'member', 'workspace-admin'] as const;

export type WorkspaceRole = (typeof WORKSPACE_ROLES)[number];

export const isWorkspaceRole = (value: unknown): value is WorkspaceRole =>
  WORKSPACE_ROLES.some((role) => role === value);

/** Held everywhere, by a key or by what an identity provider says. */
export type OrganisationRole = Exclude<AccessRole, 'member' | 'workspace-admin'>;

export const isOrganisationRole = (role: AccessRole): role is OrganisationRole =>
  role !== 'member' && role !== 'workspace-admin';

export type SourceGrant = 'all' | readonly string[];

/** Somebody who was recognised. */
export interface Principal {
  /** `key:<id of the API key>`, `user:<subject of a token>` or `iam:<ARN>`: what an audit event names. */
  readonly id: string;
  readonly name: string;
  /** Held in the whole organisation. */
  readonly roles: readonly AccessRole[];
  readonly sources: SourceGrant;
  /** Held in one workspace, by its id. */
  readonly workspaces?: WorkspaceRoles;
}

export type WorkspaceRoles = Readonly<Record<string, WorkspaceRole>>;

export const isPermitted = ({ roles }: Principal, permission: Permission): boolean =>
  roles.some((role) => PERMITTED[role].includes(permission));

/** In the organisation, or in some workspace: enough to come in where the route asks again, in the workspace that it is about. */
export const isPermittedSomewhere = (principal: Principal, permission: Permission): boolean =>
  isPermitted(principal, permission) ||
  Object.values(principal.workspaces ?? {}).some((role) => PERMITTED[role].includes(permission));

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
