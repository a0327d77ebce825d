/** Workspaces as routes see them: one that the caller may not see is answered like one that is not there, to the byte. */
import { z } from 'zod';

import { type Permission, PERMITTED, WORKSPACE_ROLES } from '../domain/access.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import { GLOBAL_WORKSPACE, isWorkspaceId } from '../domain/source-definition.ts';
import {
  GLOBAL,
  isPermittedIn,
  isWorkspaceVisible,
  parseWorkspacePayload,
  VISIBILITIES,
  type Workspace,
  workspaceKey,
  type WorkspacePayload,
} from '../domain/workspace.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { type GuardedContext, unavailable } from './route.ts';
import { momentShape } from './shapes.ts';

export interface FoundWorkspace {
  readonly workspace: Workspace;
  /** Absent for the global one, which is there without a record. */
  readonly payload: WorkspacePayload | undefined;
}

export const workspaceShape = z.object({
  id: z.string(),
  name: z.string(),
  visibility: z.enum(VISIBILITIES),
  role: z.enum(WORKSPACE_ROLES).nullable().meta({ description: "the caller's own role in it" }),
  createdBy: z.string().nullable(),
  createdAt: momentShape.nullable(),
  updatedBy: z.string().nullable(),
  updatedAt: momentShape.nullable(),
});

export const workspaceItem = (
  { caller }: Pick<GuardedContext, 'caller'>,
  { workspace, payload }: FoundWorkspace,
): z.infer<typeof workspaceShape> => ({
  ...workspace,
  role: caller.workspaces?.[workspace.id] ?? null,
  createdBy: payload?.createdBy ?? null,
  createdAt: payload?.createdAt ?? null,
  updatedBy: payload?.updatedBy ?? null,
  updatedAt: payload?.updatedAt ?? null,
});

export const foundFrom = (id: string, data: string | undefined): FoundWorkspace | undefined => {
  const payload = data === undefined ? undefined : parseWorkspacePayload(data);
  if (id === GLOBAL_WORKSPACE) {
    return { workspace: { ...GLOBAL, name: payload?.name ?? GLOBAL.name }, payload };
  }
  if (payload === undefined) {
    return undefined;
  }
  const visibility = payload.visibility === 'public' ? 'public' : 'private';
  return { workspace: { id, name: payload.name, visibility }, payload };
};

export const readWorkspace = async (
  { deps }: Pick<GuardedContext, 'deps'>,
  id: string,
): Promise<Result<FoundWorkspace | undefined>> => {
  if (!isWorkspaceId(id)) {
    return done(undefined);
  }
  const read = await deps.workspaces.get(workspaceKey(id));
  if (read.kind === 'failed') {
    return read;
  }
  return done(foundFrom(id, read.value?.del === true ? undefined : read.value?.data));
};

export const noWorkspace = (id: string): Answer =>
  problem(404, 'no-workspace', {
    what: `there is no workspace "${shownText(id)}"`,
    why: 'None of this id is here for you.',
    next: 'See GET /v1/workspaces for those that are.',
  });

export const recordsFailed = ({ deps }: Pick<GuardedContext, 'deps'>, failure: Failure): Answer =>
  unavailable(deps, 'records', failure);

export const notInWorkspace = (id: string, permission: Permission): Answer => {
  const roles = WORKSPACE_ROLES.filter((role) => PERMITTED[role].includes(permission));
  return problem(403, 'not-permitted', {
    what: `you may not do that in the workspace "${shownText(id)}"`,
    why: `It needs the permission ${permission} there.`,
    next: `Ask an org-admin${roles.length === 0 ? '' : `, or for the role ${roles.join(' or ')} in this workspace`}.`,
  });
};

export type Entered =
  { readonly kind: 'entered'; readonly found: FoundWorkspace } | { readonly kind: 'refused'; readonly answer: Answer };

/** The workspace of the address, for who may do this in it. */
export const enterWorkspace = async (context: GuardedContext, permission: Permission): Promise<Entered> => {
  const { id, caller } = context;
  const read = await readWorkspace(context, id);
  if (read.kind === 'failed') {
    return { kind: 'refused', answer: recordsFailed(context, read.failure) };
  }
  if (read.value === undefined || !isWorkspaceVisible(caller, read.value.workspace)) {
    return { kind: 'refused', answer: noWorkspace(id) };
  }
  return isPermittedIn(caller, permission, read.value.workspace)
    ? { kind: 'entered', found: read.value }
    : { kind: 'refused', answer: notInWorkspace(id, permission) };
};
