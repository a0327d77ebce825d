/**
 * Settings over HTTP: one record for each field, read from the home Region, written to both. The organisation's own, which are the
 * global workspace's, have short addresses; every other workspace's are below it.
 */
import { z } from 'zod';

import type { InteractiveContent } from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import {
  parseSettingPayload,
  settingField,
  settingFields,
  settingKey,
  type SettingPayload,
  settingsPartition,
} from '../domain/settings.ts';
import { GLOBAL_WORKSPACE } from '../domain/source-definition.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { CHANGED, degradedShape, momentShape } from './shapes.ts';
import { enterWorkspace } from './workspace-view.ts';
import { auditChange, heldFields, notHeldAnswer } from './write-answer.ts';

const FIELD_NAMES = settingFields().map(([name]) => name);

const settingShape = z.object({
  field: z.string(),
  help: z.string(),
  value: z.string().nullable(),
  updatedBy: z.string().nullable(),
  updatedAt: momentShape.nullable(),
});

const itemOf = (field: string, payload: SettingPayload | undefined): z.infer<typeof settingShape> => ({
  field,
  help: settingField(field)?.help ?? '',
  value: payload?.value ?? null,
  updatedBy: payload?.updatedBy ?? null,
  updatedAt: payload?.updatedAt ?? null,
});

const noSetting = (field: string): Answer =>
  problem(404, 'no-setting', {
    what: `there is no setting "${shownText(field)}"`,
    why: 'The settings of a workspace are a fixed list.',
    next: `Settings are ${FIELD_NAMES.join(', ')}.`,
  });

const damaged = (context: GuardedContext): Answer =>
  unavailable(context.deps, 'record of this setting', {
    reason: 'unknown',
    code: 'TM_DAMAGED_RECORD',
    message: 'it is not what a setting looks like',
  });

/** Whose settings the address is about, and which of them. */
interface Subject {
  readonly workspace: string;
  readonly field: string;
}

const listOf = async ({ deps }: GuardedContext, workspace: string): Promise<Answer> => {
  const read = await readPartition(deps.workspaces, settingsPartition(workspace), {
    recordsMax: LIMITS.settingsListedMax,
  });
  if (read.kind === 'failed') {
    return unavailable(deps, 'records', read.failure);
  }
  const payloads = new Map(read.value.records.map(({ sk, data }) => [sk, parseSettingPayload(data)]));
  const unreadable = FIELD_NAMES.filter((field) => payloads.has(field) && payloads.get(field) === undefined);
  return {
    status: 200,
    fields: { degraded: unreadable.map((field) => `the record of ${field} is damaged`) },
    list: { name: 'items', items: FIELD_NAMES.map((field) => itemOf(field, payloads.get(field))) },
  };
};

const readOne = async (context: GuardedContext, { workspace, field }: Subject): Promise<Answer> => {
  const { deps } = context;
  if (settingField(field) === undefined) {
    return noSetting(field);
  }
  const read = await deps.workspaces.get(settingKey(field, workspace));
  if (read.kind === 'failed') {
    return unavailable(deps, 'records', read.failure);
  }
  const isSet = read.value !== undefined && read.value.del !== true;
  const payload = isSet ? parseSettingPayload(read.value?.data ?? '') : undefined;
  return isSet && payload === undefined
    ? damaged(context)
    : { status: 200, fields: { setting: itemOf(field, payload) } };
};

const targetOf = ({ workspace, field }: Subject): string =>
  workspace === GLOBAL_WORKSPACE ? `setting:${field}` : `setting:${workspace}/${field}`;

/** Writes a field, or takes it away, and records who did. */
const change = async (
  context: GuardedContext,
  subject: Subject,
  content: InteractiveContent,
  identity?: string,
): Promise<Answer> => {
  const { deps, op } = context;
  const { workspace, field } = subject;
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: settingKey(field, workspace),
    content,
    ...(identity === undefined ? {} : { identity }),
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, {
    action: content.kind === 'payload' ? 'settings.changed' : 'settings.removed',
    target: targetOf(subject),
    details: { repeated: outcome.repeated },
  });
  return { status: 200, fields: { field, ...heldFields(outcome), audit } };
};

const valueSchema = z.object({ value: z.unknown() });

const putOne = async (context: GuardedContext, subject: Subject): Promise<Answer> => {
  const { deps, caller } = context;
  const field = settingField(subject.field);
  if (field === undefined) {
    return noSetting(subject.field);
  }
  const body = bodyAs(valueSchema, ['value'], context.body);
  if (body.kind === 'refused') {
    return body.answer;
  }
  const { value } = body.value;
  const trouble = field.problemOf(value);
  if (trouble !== undefined || typeof value !== 'string') {
    return problem(400, 'bad-setting', {
      what: `the value of "${subject.field}" can't be taken`,
      why: `It is ${field.help}: ${trouble ?? 'a text'}.`,
      next: 'Send {"value": "…"} with such a value, or DELETE this address to take the setting away.',
    });
  }
  const payload: SettingPayload = { value, updatedBy: caller.id, updatedAt: deps.now() };
  return change(context, subject, { kind: 'payload', payload }, value);
};

const removeOne = async (context: GuardedContext, subject: Subject): Promise<Answer> =>
  settingField(subject.field) === undefined
    ? noSetting(subject.field)
    : change(context, subject, { kind: 'tombstone' });

// --- what the routes say of themselves ---

const FIELD_HELP = `a setting: ${FIELD_NAMES.join(', ')}`;
const LIST = { degraded: degradedShape, items: z.array(settingShape) };
const ONE = { setting: settingShape };
const CHANGED_SETTING = { field: z.string(), ...CHANGED };
const bodyShape = z.object({ value: z.string() });

// --- the organisation's ---

const own = ({ id }: GuardedContext): Subject => ({ workspace: GLOBAL_WORKSPACE, field: id });
const OWN_PATH = { id: FIELD_HELP };

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/settings',
  access: 'settings:read',
  parameters: [],
  about: { summary: "The organisation's settings, field by field", answer: LIST, list: 'items' },
  answer: async (context) => listOf(context, GLOBAL_WORKSPACE),
};

const one: GuardedRoute = {
  method: 'GET',
  path: '/v1/settings/:id',
  access: 'settings:read',
  parameters: [],
  about: { summary: "One of the organisation's settings", path: OWN_PATH, answer: ONE, problems: [404] },
  answer: async (context) => readOne(context, own(context)),
};

const put: GuardedRoute = {
  method: 'PUT',
  path: '/v1/settings/:id',
  access: 'settings:write',
  parameters: [],
  hasBody: true,
  about: {
    summary: "Set one of the organisation's settings",
    path: OWN_PATH,
    body: bodyShape,
    answer: CHANGED_SETTING,
    problems: [404, 422],
  },
  answer: async (context) => putOne(context, own(context)),
};

const remove: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/settings/:id',
  access: 'settings:write',
  parameters: [],
  about: {
    summary: "Take away one of the organisation's settings",
    path: OWN_PATH,
    answer: CHANGED_SETTING,
    problems: [404, 422],
  },
  answer: async (context) => removeOne(context, own(context)),
};

export const SETTING_ROUTES: readonly GuardedRoute[] = [list, one, put, remove];

// --- a workspace's ---

const inside = ({ id, names }: GuardedContext): Subject => ({ workspace: id, field: names['field'] ?? '' });
const WORKSPACE_PATH = { id: 'the id of a workspace' };
const FIELD_PATH = { ...WORKSPACE_PATH, field: FIELD_HELP };

const inWorkspace =
  (permission: 'settings:read' | 'settings:write', answer: (context: GuardedContext) => Promise<Answer>) =>
  async (context: GuardedContext): Promise<Answer> => {
    const entered = await enterWorkspace(context, permission);
    return entered.kind === 'refused' ? entered.answer : answer(context);
  };

const listInside: GuardedRoute = {
  method: 'GET',
  path: '/v1/workspaces/:id/settings',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'The settings of a workspace, field by field',
    path: WORKSPACE_PATH,
    answer: LIST,
    list: 'items',
    problems: [404],
  },
  answer: inWorkspace('settings:read', async (context) => listOf(context, context.id)),
};

const putInside: GuardedRoute = {
  method: 'PUT',
  path: '/v1/workspaces/:id/settings/:field',
  access: 'workspaces:read',
  parameters: [],
  hasBody: true,
  about: {
    summary: 'Set a setting of a workspace',
    path: FIELD_PATH,
    body: bodyShape,
    answer: CHANGED_SETTING,
    problems: [404, 422],
  },
  answer: inWorkspace('settings:write', async (context) => putOne(context, inside(context))),
};

const removeInside: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/workspaces/:id/settings/:field',
  access: 'workspaces:read',
  parameters: [],
  about: {
    summary: 'Take away a setting of a workspace',
    path: FIELD_PATH,
    answer: CHANGED_SETTING,
    problems: [404, 422],
  },
  answer: inWorkspace('settings:write', async (context) => removeOne(context, inside(context))),
};

export const WORKSPACE_SETTING_ROUTES: readonly GuardedRoute[] = [listInside, putInside, removeInside];
