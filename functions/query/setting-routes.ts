/** The workspace's settings over HTTP: one record for each field, read from the home Region, written to both. */
import { z } from 'zod';

import type { InteractiveContent } from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import {
  parseSettingPayload,
  settingField,
  settingFields,
  settingKey,
  type SettingPayload,
  SETTINGS_PARTITION,
} from '../domain/settings.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { auditChange, heldFields, notHeldAnswer } from './write-answer.ts';

type Fields = Readonly<Record<string, unknown>>;

const FIELD_NAMES = settingFields().map(([name]) => name);

const itemOf = (field: string, payload: SettingPayload | undefined): Fields => ({
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

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/settings',
  access: 'settings:read',
  parameters: [],
  answer: async ({ deps }) => {
    const read = await readPartition(deps.workspaces, SETTINGS_PARTITION, { recordsMax: LIMITS.settingsListedMax });
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
  },
};

const one: GuardedRoute = {
  method: 'GET',
  path: '/v1/settings/:id',
  access: 'settings:read',
  parameters: [],
  answer: async (context) => {
    const { deps, id } = context;
    if (settingField(id) === undefined) {
      return noSetting(id);
    }
    const read = await deps.workspaces.get(settingKey(id));
    if (read.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const isSet = read.value !== undefined && read.value.del !== true;
    const payload = isSet ? parseSettingPayload(read.value?.data ?? '') : undefined;
    return isSet && payload === undefined
      ? damaged(context)
      : { status: 200, fields: { setting: itemOf(id, payload) } };
  },
};

/** Writes a field, or takes it away, and records who did. */
const change = async (context: GuardedContext, content: InteractiveContent, identity?: string): Promise<Answer> => {
  const { deps, id, op } = context;
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: settingKey(id),
    content,
    ...(identity === undefined ? {} : { identity }),
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, {
    action: content.kind === 'payload' ? 'settings.changed' : 'settings.removed',
    target: `setting:${id}`,
    details: { repeated: outcome.repeated },
  });
  return { status: 200, fields: { field: id, ...heldFields(outcome), audit } };
};

const valueSchema = z.object({ value: z.unknown() });

const put: GuardedRoute = {
  method: 'PUT',
  path: '/v1/settings/:id',
  access: 'settings:write',
  parameters: [],
  hasBody: true,
  answer: async (context) => {
    const { deps, id, caller } = context;
    const field = settingField(id);
    if (field === undefined) {
      return noSetting(id);
    }
    const body = bodyAs(valueSchema, ['value'], context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const { value } = body.value;
    const trouble = field.problemOf(value);
    if (trouble !== undefined || typeof value !== 'string') {
      return problem(400, 'bad-setting', {
        what: `the value of "${id}" can't be taken`,
        why: `It is ${field.help}: ${trouble ?? 'a text'}.`,
        next: 'Send {"value": "…"} with such a value, or DELETE this address to take the setting away.',
      });
    }
    const payload: SettingPayload = { value, updatedBy: caller.id, updatedAt: deps.now() };
    return change(context, { kind: 'payload', payload }, value);
  },
};

const remove: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/settings/:id',
  access: 'settings:write',
  parameters: [],
  answer: async (context) =>
    settingField(context.id) === undefined ? noSetting(context.id) : change(context, { kind: 'tombstone' }),
};

export const SETTING_ROUTES: readonly GuardedRoute[] = [list, one, put, remove];
