/** Workspaces over HTTP: which there are for the caller, making, changing and deleting them. Each change is one record, in both Regions. */
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import { GLOBAL_WORKSPACE, isWorkspaceId } from '../domain/source-definition.ts';
import {
  CHOSEN_VISIBILITIES,
  isWorkspaceVisible,
  workspaceKey,
  type WorkspacePayload,
  WORKSPACES_PARTITION,
} from '../domain/workspace.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { type Answer, problem } from './answer.ts';
import { keyNameSchema } from './key-fields.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import type { GuardedContext, GuardedRoute } from './route.ts';
import { CHANGED, degradedShape } from './shapes.ts';
import { readPurging } from './source-before.ts';
import { deleteWorkspace } from './workspace-deletion.ts';
import {
  enterWorkspace,
  type FoundWorkspace,
  foundFrom,
  readWorkspace,
  recordsFailed,
  workspaceItem,
  workspaceShape,
} from './workspace-view.ts';
import { auditChange, type Change, heldFields, notHeldAnswer } from './write-answer.ts';

/** Of the console, too. */
export const workspacesShape = { degraded: degradedShape, items: z.array(workspaceShape) };

/** Of the console, too. */
export const oneWorkspaceShape = { workspace: workspaceShape };

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/workspaces',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'The workspaces that the caller may see',
    answer: workspacesShape,
    list: 'items',
  },
  answer: async (context) => {
    const { deps, caller } = context;
    const read = await readPartition(deps.workspaces, WORKSPACES_PARTITION, {
      recordsMax: LIMITS.workspacesListedMax,
    });
    if (read.kind === 'failed') {
      return recordsFailed(context, read.failure);
    }
    const data = new Map(read.value.records.map((record) => [record.sk, record.data]));
    const items = [...new Set([GLOBAL_WORKSPACE, ...data.keys()])]
      .flatMap((id) => foundFrom(id, data.get(id)) ?? [])
      .filter(({ workspace }) => isWorkspaceVisible(caller, workspace))
      .map((found) => workspaceItem(context, found));
    const degraded = read.value.isWhole
      ? []
      : [`only the first ${LIMITS.workspacesListedMax} workspaces were looked at`];
    return { status: 200, fields: { degraded }, list: { name: 'items', items } };
  },
};

const one: GuardedRoute = {
  method: 'GET',
  path: '/v1/workspaces/:id',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'One workspace',
    path: { id: 'the id of a workspace' },
    answer: oneWorkspaceShape,
    problems: [404],
  },
  answer: async (context) => {
    const entered = await enterWorkspace(context, 'workspaces:read');
    return entered.kind === 'refused'
      ? entered.answer
      : { status: 200, fields: { workspace: workspaceItem(context, entered.found) } };
  },
};

// --- making and changing ---

const ID_RULE = 'an id of lower-case letters, digits and dashes, at most 63 characters';
const VISIBILITY_RULE = `one of ${CHOSEN_VISIBILITIES.join(', ')}`;
const visibilitySchema = z.enum(CHOSEN_VISIBILITIES, VISIBILITY_RULE);

const newSchema = z.object({
  id: z
    .string(ID_RULE)
    .refine((id) => isWorkspaceId(id), ID_RULE)
    .meta({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: keyNameSchema,
  visibility: visibilitySchema.default('private'),
});

const store = async (
  context: GuardedContext,
  id: string,
  payload: WorkspacePayload,
  change: Change,
): Promise<Answer> => {
  const { deps, op } = context;
  const { name, visibility } = payload;
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: workspaceKey(id),
    content: { kind: 'payload', payload },
    identity: JSON.stringify({ name, visibility }),
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, change);
  const found = foundFrom(id, JSON.stringify(payload));
  return {
    status: change.action === 'workspace.created' ? 201 : 200,
    fields: {
      workspace: found === undefined ? null : workspaceItem(context, found),
      ...heldFields(outcome),
      audit,
    },
  };
};

const taken = (id: string): Answer =>
  problem(409, 'workspace-exists', {
    what: `there is a workspace "${shownText(id)}" already`,
    why: 'An id names one workspace.',
    next: `Change it with PUT /v1/workspaces/${shownText(id)}, or choose another id.`,
  });

const isGoing = (id: string, sources: readonly string[]): Answer =>
  problem(409, 'workspace-purging', {
    what: `the workspace "${shownText(id)}" can't be made yet`,
    why: `There was one of this id, and what was read of its sources is still being purged: ${sources.length} to go.`,
    next: 'Try again after the next cycles, or choose another id.',
  });

/** Undefined where nothing of an earlier workspace of this id is left for the members of a new one to see. */
const refuseEarly = async (context: GuardedContext, id: string): Promise<Answer | undefined> => {
  const read = await readSourceDefinitions(context.deps.workspaces, context.deps.ownSources ?? []);
  if (read.kind === 'failed') {
    return recordsFailed(context, read.failure);
  }
  const purging = await readPurging(context, read.value, id);
  if (purging.kind === 'failed') {
    return recordsFailed(context, purging.failure);
  }
  return purging.value.length === 0 ? undefined : isGoing(id, purging.value);
};

/** What a request finds that was sent before under its idempotency-key: the id of the write then shows that it is the same one. */
const isRepetition = (
  { op, caller }: GuardedContext,
  { workspace, payload }: FoundWorkspace,
  { name, visibility }: Pick<WorkspacePayload, 'name' | 'visibility'>,
): boolean =>
  op !== undefined &&
  payload?.createdBy === caller.id &&
  workspace.name === name &&
  workspace.visibility === visibility;

const create: GuardedRoute = {
  method: 'POST',
  path: '/v1/workspaces',
  access: 'workspaces:manage',
  parameters: [],
  hasBody: true,
  about: {
    summary: 'Make a workspace',
    body: newSchema,
    answer: { workspace: workspaceShape.nullable(), ...CHANGED },
    success: [200, 201],
    problems: [409, 422],
  },
  answer: async (context) => {
    const { deps, caller } = context;
    const body = bodyAs(newSchema, ['id', 'name', 'visibility'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const { id, name, visibility } = body.value;
    const before = await readWorkspace(context, id);
    if (before.kind === 'failed') {
      return recordsFailed(context, before.failure);
    }
    if (before.value !== undefined && !isRepetition(context, before.value, body.value)) {
      return taken(id);
    }
    const early = before.value === undefined ? await refuseEarly(context, id) : undefined;
    if (early !== undefined) {
      return early;
    }
    const now = deps.now();
    const payload = { name, visibility, createdBy: caller.id, createdAt: now, updatedBy: caller.id, updatedAt: now };
    return store(context, id, payload, {
      action: 'workspace.created',
      target: `workspace:${id}`,
      details: { name, visibility },
    });
  },
};

const changeSchema = z.object({ name: keyNameSchema.optional(), visibility: visibilitySchema.optional() });

const globalStays = (): Answer =>
  problem(400, 'bad-body', {
    what: "the global workspace stays everybody's",
    why: 'Every source that names no workspace belongs to it.',
    next: 'Put the sources that are not for everybody into a private workspace.',
  });

const put: GuardedRoute = {
  method: 'PUT',
  path: '/v1/workspaces/:id',
  access: 'workspaces:read',
  parameters: [],
  hasBody: true,
  about: {
    summary: "Change a workspace's name or who may see it",
    path: { id: 'the id of a workspace' },
    body: changeSchema,
    answer: { workspace: workspaceShape.nullable(), ...CHANGED },
    problems: [404, 422],
  },
  answer: async (context) => {
    const { deps, caller, id } = context;
    const entered = await enterWorkspace(context, 'workspaces:change');
    if (entered.kind === 'refused') {
      return entered.answer;
    }
    const body = bodyAs(changeSchema, ['name', 'visibility'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    if (id === GLOBAL_WORKSPACE && body.value.visibility !== undefined) {
      return globalStays();
    }
    const { workspace, payload } = entered.found;
    const name = body.value.name ?? workspace.name;
    const visibility = body.value.visibility ?? workspace.visibility;
    const now = deps.now();
    const { createdBy = caller.id, createdAt = now } = payload ?? {};
    return store(
      context,
      id,
      { name, visibility, createdBy, createdAt, updatedBy: caller.id, updatedAt: now },
      { action: 'workspace.changed', target: `workspace:${id}`, details: { name, visibility } },
    );
  },
};

const remove: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/workspaces/:id',
  access: 'workspaces:manage',
  parameters: [],
  about: {
    summary: 'Delete a workspace, its members and settings, and purge its sources in both Regions',
    path: { id: 'the id of a workspace' },
    answer: {
      id: z.string(),
      deleted: z.literal(true),
      sources: z.array(z.string()).meta({ description: 'their corpora are purged by the next cycles' }),
      members: z.int(),
      ...CHANGED,
    },
    problems: [404, 409],
  },
  answer: async (context) => deleteWorkspace(context),
};

export const WORKSPACE_ROUTES: readonly GuardedRoute[] = [list, one, create, put, remove];
