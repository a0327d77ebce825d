/** Who is in a workspace, and which sources are its own. One record for each member: two people who add two never overwrite each other. */
import { z } from 'zod';

import { allowedSources, WORKSPACE_ROLES } from '../domain/access.ts';
import type { InteractiveContent } from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import { displayUrl, workspaceOf } from '../domain/source-definition.ts';
import {
  isMemberName,
  memberKey,
  type MemberPayload,
  MEMBERS_PARTITION,
  membersPrefix,
  parseMemberPayload,
} from '../domain/workspace.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import type { GuardedContext, GuardedRoute } from './route.ts';
import { CHANGED, degradedShape, momentShape } from './shapes.ts';
import { enterWorkspace, recordsFailed } from './workspace-view.ts';
import { auditChange, heldFields, notHeldAnswer } from './write-answer.ts';

const memberShape = z.object({
  member: z.string().meta({ description: 'user:<subject of a token> or group:<a group that a token names>' }),
  role: z.enum(WORKSPACE_ROLES),
  addedBy: z.string(),
  addedAt: momentShape,
});

/** Of the console, too. */
export const membersShape = { degraded: degradedShape, items: z.array(memberShape) };

const itemOf = ({ member, role, addedBy, addedAt }: MemberPayload): z.infer<typeof memberShape> => ({
  member,
  role,
  addedBy,
  addedAt,
});

const PATH = { id: 'the id of a workspace', member: 'user:<subject> or group:<name>' };

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/workspaces/:id/members',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'Who is in a workspace',
    path: { id: PATH.id },
    answer: membersShape,
    list: 'items',
    problems: [404],
  },
  answer: async (context) => {
    const { deps, id } = context;
    const entered = await enterWorkspace(context, 'workspaces:read');
    if (entered.kind === 'refused') {
      return entered.answer;
    }
    const read = await readPartition(deps.workspaces, MEMBERS_PARTITION, {
      skPrefix: membersPrefix(id),
      recordsMax: LIMITS.workspaceMembersListedMax,
    });
    if (read.kind === 'failed') {
      return recordsFailed(context, read.failure);
    }
    const items = read.value.records.flatMap(({ data }) => {
      const payload = parseMemberPayload(data);
      return payload === undefined ? [] : [itemOf(payload)];
    });
    const damaged = read.value.records.length - items.length;
    return {
      status: 200,
      fields: {
        degraded: [
          ...(damaged === 0 ? [] : [`${damaged} records of members are damaged; they open nothing`]),
          ...(read.value.isWhole ? [] : [`only the first ${LIMITS.workspaceMembersListedMax} members are listed`]),
        ],
      },
      list: { name: 'items', items },
    };
  },
};

const noMemberName = (name: string): Answer =>
  problem(400, 'bad-member', {
    what: `"${shownText(name)}" names no member`,
    why: 'A member is user:<subject of a token> or group:<a group that a token names>, without spaces and "#".',
    next: 'An API key is no member: make it for the workspace, POST /v1/keys with "workspaces".',
  });

/** Adds, changes or removes, and records who did. */
const change = async (context: GuardedContext, content: InteractiveContent, role?: string): Promise<Answer> => {
  const { deps, id, op, names } = context;
  const member = names['member'] ?? '';
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: memberKey(id, member),
    content,
    ...(role === undefined ? {} : { identity: role }),
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, {
    action: role === undefined ? 'workspace.member-removed' : 'workspace.member-set',
    target: `workspace:${id}`,
    details: { member, ...(role === undefined ? {} : { role }) },
  });
  return {
    status: 200,
    fields: { workspace: id, member, effectiveWithinMs: LIMITS.keyKeptMs, ...heldFields(outcome), audit },
  };
};

const CHANGED_MEMBER = {
  workspace: z.string(),
  member: z.string(),
  effectiveWithinMs: z.int().meta({ description: 'how long a Region may go on with what it read before' }),
  ...CHANGED,
};

const roleSchema = z.object({ role: z.enum(WORKSPACE_ROLES, `one of ${WORKSPACE_ROLES.join(', ')}`) });

const put: GuardedRoute = {
  method: 'PUT',
  path: '/v1/workspaces/:id/members/:member',
  access: 'workspaces:read',
  parameters: [],
  hasBody: true,
  about: {
    summary: 'Put somebody into a workspace, or give them another role in it',
    path: PATH,
    body: roleSchema,
    answer: CHANGED_MEMBER,
    problems: [404, 422],
  },
  answer: async (context) => {
    const { deps, caller, id, names } = context;
    const entered = await enterWorkspace(context, 'workspaces:change');
    if (entered.kind === 'refused') {
      return entered.answer;
    }
    const member = names['member'] ?? '';
    if (!isMemberName(member)) {
      return noMemberName(member);
    }
    const body = bodyAs(roleSchema, ['role'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const { role } = body.value;
    const payload: MemberPayload = { workspace: id, member, role, addedBy: caller.id, addedAt: deps.now() };
    return change(context, { kind: 'payload', payload }, role);
  },
};

const remove: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/workspaces/:id/members/:member',
  access: 'workspaces:read',
  parameters: [],
  about: { summary: 'Take somebody out of a workspace', path: PATH, answer: CHANGED_MEMBER, problems: [404, 422] },
  answer: async (context) => {
    const entered = await enterWorkspace(context, 'workspaces:change');
    if (entered.kind === 'refused') {
      return entered.answer;
    }
    const member = context.names['member'] ?? '';
    return isMemberName(member) ? change(context, { kind: 'tombstone' }) : noMemberName(member);
  },
};

const workspaceSourceShape = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  from: z.enum(['stack', 'record']),
  removed: z.boolean().meta({ description: 'true while its corpus is being purged' }),
});

/** Of the console, too. */
export const workspaceSourcesShape = { items: z.array(workspaceSourceShape) };

const sources: GuardedRoute = {
  method: 'GET',
  path: '/v1/workspaces/:id/sources',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'The sources that belong to a workspace, as far as the caller may read them',
    path: { id: PATH.id },
    answer: workspaceSourcesShape,
    list: 'items',
    problems: [404],
  },
  answer: async (context) => {
    const { deps, id, caller } = context;
    const entered = await enterWorkspace(context, 'workspaces:read');
    if (entered.kind === 'refused') {
      return entered.answer;
    }
    const read = await readSourceDefinitions(deps.workspaces, deps.ownSources ?? []);
    if (read.kind === 'failed') {
      return recordsFailed(context, read.failure);
    }
    const inside = read.value.sources.filter(({ definition }) => workspaceOf(definition) === id);
    const items = allowedSources(caller, inside, ({ definition }) => definition.id).map(
      ({ definition, from, purge }): z.infer<typeof workspaceSourceShape> => ({
        id: definition.id,
        kind: definition.kind,
        name: definition.name,
        url: displayUrl(definition),
        enabled: definition.enabled,
        from,
        removed: purge !== undefined,
      }),
    );
    return { status: 200, fields: {}, list: { name: 'items', items } };
  },
};

export const WORKSPACE_MEMBER_ROUTES: readonly GuardedRoute[] = [list, put, remove, sources];
