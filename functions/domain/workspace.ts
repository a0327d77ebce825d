/**
 * Workspaces: whose sources they are, who may see them, and who is in them. Interactive records of the workspaces table, one
 * for each workspace and one for each member, so that two people who change two things never overwrite each other.
 */
import {
  isPermitted,
  isWorkspaceRole,
  type Permission,
  PERMITTED,
  type Principal,
  type WorkspaceRole,
  type WorkspaceRoles,
} from './access.ts';
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';
import { GLOBAL_WORKSPACE } from './source-definition.ts';

/**
 * `private`: for its members. `public`: everybody in the organisation reads it, its members change it. `global`: the one of the
 * organisation itself, to which every source belongs that names no other.
 */
export const VISIBILITIES = ['private', 'public', 'global'] as const;

export type Visibility = (typeof VISIBILITIES)[number];

/** What a person may choose: there is one global workspace, and it is always there. */
export const CHOSEN_VISIBILITIES = ['private', 'public'] as const;

export interface WorkspacePayload {
  readonly name: string;
  readonly visibility: Visibility;
  readonly createdBy: string;
  /** In ms since 1970. */
  readonly createdAt: number;
  readonly updatedBy: string;
  readonly updatedAt: number;
}

export interface Workspace extends Pick<WorkspacePayload, 'name' | 'visibility'> {
  readonly id: string;
}

export const GLOBAL: Workspace = { id: GLOBAL_WORKSPACE, name: 'Everybody', visibility: 'global' };

export const WORKSPACES_PARTITION = 'workspaces';

export const workspaceKey = (id: string): RecordKey => ({ pk: WORKSPACES_PARTITION, sk: id });

const isWorkspacePayload = (value: unknown): value is WorkspacePayload =>
  isJsonFields(value) &&
  ['name', 'createdBy', 'updatedBy'].every((name) => typeof value[name] === 'string') &&
  ['createdAt', 'updatedAt'].every((name) => Number.isSafeInteger(value[name])) &&
  VISIBILITIES.some((one) => one === value['visibility']);

/** Undefined where the text is no such payload: such a workspace is seen by nobody who may not see all. */
export const parseWorkspacePayload = (data: string): WorkspacePayload | undefined =>
  parsePayload(data, isWorkspacePayload);

// --- members ---

/** Who a member is: `user:<subject of a token>` or `group:<a group that a token names>`. */
const MEMBER = /^(?:user|group):[^#\s\p{C}]{1,200}$/u;

export const isMemberName = (text: string): boolean => MEMBER.test(text);

export interface MemberPayload {
  readonly workspace: string;
  readonly member: string;
  readonly role: WorkspaceRole;
  readonly addedBy: string;
  /** In ms since 1970. */
  readonly addedAt: number;
}

export const MEMBERS_PARTITION = 'workspace-members';

export const membersPrefix = (workspace: string): string => `${workspace}#`;

export const memberKey = (workspace: string, member: string): RecordKey => ({
  pk: MEMBERS_PARTITION,
  sk: `${membersPrefix(workspace)}${member}`,
});

const isMemberPayload = (value: unknown): value is MemberPayload =>
  isJsonFields(value) &&
  ['workspace', 'member', 'addedBy'].every((name) => typeof value[name] === 'string') &&
  isWorkspaceRole(value['role']) &&
  Number.isSafeInteger(value['addedAt']);

/** Undefined where the text is no such payload: such a record makes nobody a member. */
export const parseMemberPayload = (data: string): MemberPayload | undefined => parsePayload(data, isMemberPayload);

// --- what follows from it ---

/** Of two roles in one workspace the one that permits more. */
export const higherRole = (left: WorkspaceRole | undefined, right: WorkspaceRole): WorkspaceRole =>
  left !== undefined && PERMITTED[left].length >= PERMITTED[right].length ? left : right;

/** Whoever may read every source may see every workspace; what is not public is there for its members only. */
export const isWorkspaceVisible = (principal: Principal, { id, visibility }: Workspace): boolean =>
  (principal.sources === 'all' && isPermitted(principal, 'workspaces:read')) ||
  visibility !== 'private' ||
  principal.workspaces?.[id] !== undefined;

const READ_ONLY: ReadonlySet<Permission> = new Set(['corpus:read', 'settings:read', 'workspaces:read']);

/** What somebody may do in one workspace: by their role there; an org-admin everything; in the global one as in the organisation. */
export const isPermittedIn = (principal: Principal, permission: Permission, workspace: Workspace): boolean => {
  const role = principal.workspaces?.[workspace.id];
  return (
    principal.roles.includes('org-admin') ||
    (role !== undefined && PERMITTED[role].includes(permission)) ||
    (isWorkspaceVisible(principal, workspace) &&
      (workspace.id === GLOBAL_WORKSPACE || READ_ONLY.has(permission)) &&
      isPermitted(principal, permission))
  );
};

export interface SourceHome {
  readonly source: string;
  readonly workspace: string;
}

/** The sources that a person reads: those of workspaces which everybody reads, and of their own. A workspace that is not there is nobody's. */
export const sourcesOf = (
  roles: WorkspaceRoles,
  workspaces: ReadonlyMap<string, Workspace>,
  homes: readonly SourceHome[],
  isEverybodys: boolean,
): readonly string[] =>
  homes
    .filter(({ workspace }) => {
      const found = workspaces.get(workspace);
      return (
        found !== undefined && (roles[workspace] !== undefined || (isEverybodys && found.visibility !== 'private'))
      );
    })
    .map(({ source }) => source);
