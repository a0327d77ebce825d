/** API keys over HTTP, for operators: the token is in one answer and nowhere else. */
import { z } from 'zod';

import { makeKey, revokeKey } from '../access/keys.ts';
import { ACCESS_ROLES } from '../domain/access.ts';
import {
  grantProblem,
  isKeyId,
  keyRecordKey,
  type KeyPayload,
  KEYS_PARTITION,
  parseKeyPayload,
} from '../domain/api-key.ts';
import { LIMITS } from '../domain/limits.ts';
import { type Answer, problem } from './answer.ts';
import { keyDaysSchema, keyNameSchema, keyRolesSchema, keySourcesSchema, keyWorkspacesSchema } from './key-fields.ts';
import { shownText } from './parameters.ts';
import { readPartition } from './read-partition.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, type GuardedRoute, unavailable } from './route.ts';
import { auditShape, CHANGED, degradedShape, HELD, momentShape } from './shapes.ts';
import { auditChange, heldFields, type HeldOutcome, notHeldAnswer } from './write-answer.ts';

type Fields = Readonly<Record<string, unknown>>;

const DAY_MS = 24 * 60 * 60 * 1000;
const newKeySchema = z.object({
  name: keyNameSchema,
  roles: keyRolesSchema,
  sources: keySourcesSchema.optional(),
  workspaces: keyWorkspacesSchema.optional(),
  expiresInDays: keyDaysSchema.default(LIMITS.keyLifetimeDaysDefault),
});

const NEW_KEY_FIELDS: readonly string[] = ['name', 'roles', 'sources', 'workspaces', 'expiresInDays'];

const keyShape = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ACCESS_ROLES)),
  sources: z.union([z.literal('all'), z.array(z.string())]),
  workspaces: z.array(z.string()).optional(),
  createdAt: momentShape,
  createdBy: z.string(),
  expiresAt: momentShape,
});

/** Everything of a key but its hash. */
const itemOf = (
  id: string,
  { name, roles, sources, workspaces, createdAt, createdBy, expiresAt }: KeyPayload,
): Fields => ({
  id,
  name,
  roles,
  sources,
  ...(workspaces === undefined ? {} : { workspaces }),
  createdAt,
  createdBy,
  expiresAt,
});

const unsound = (why: string): Answer =>
  problem(400, 'bad-body', {
    what: "this key can't be made",
    why: `${why}.`,
    next: 'Name "sources" ("all", or ids) or "workspaces", and roles that go with it. An org-admin has all sources: it makes keys for any of them.',
  });

const needsSources = (): Answer =>
  problem(400, 'bad-body', {
    what: 'the field "sources" can\'t be taken',
    why: 'It says what the key reads: "all", or a list of ids; only a key for workspaces goes without.',
    next: 'Send "sources", or "workspaces".',
  });

/** The secret of a key is known to the request that made it, and to no repetition of that request. */
const madeBefore = (id: string, outcome: HeldOutcome): Answer => ({
  status: 200,
  fields: {
    key: { id },
    token: null,
    why: 'An earlier request with this idempotency-key made the key, and its answer alone had the token.',
    next: `Where that answer is lost, revoke the key (DELETE /v1/keys/${id}) and make another.`,
    ...heldFields(outcome),
  },
});

const create: GuardedRoute = {
  method: 'POST',
  path: '/v1/keys',
  access: 'keys:manage',
  parameters: [],
  hasBody: true,
  about: {
    summary: 'Make an API key; its token is in this answer and nowhere else',
    body: newKeySchema,
    answer: {
      key: z.union([keyShape, z.object({ id: z.string() })]),
      token: z.string().nullable().meta({ description: 'null where the request was sent before' }),
      ...HELD,
      audit: auditShape.optional(),
      why: z.string().optional(),
      next: z.string().optional(),
    },
    success: [200, 201],
    problems: [422],
  },
  answer: async (context) => {
    const { deps, caller, op } = context;
    const body = bodyAs(newKeySchema, NEW_KEY_FIELDS, context.body);
    if (body.kind === 'refused') {
      return body.answer;
    }
    const { name, roles, workspaces, expiresInDays } = body.value;
    const sources = body.value.sources ?? (workspaces === undefined ? undefined : []);
    if (sources === undefined) {
      return needsSources();
    }
    const scope = { roles, sources, ...(workspaces === undefined ? {} : { workspaces }) };
    const trouble = grantProblem(scope);
    if (trouble !== undefined) {
      return unsound(trouble);
    }
    const granted = { name, ...scope, lifetimeMs: expiresInDays * DAY_MS, createdBy: caller.id };
    const made = await makeKey(deps, granted, op);
    if (made.outcome.kind !== 'held') {
      return notHeldAnswer(context, made.outcome);
    }
    if (made.outcome.repeated) {
      return madeBefore(made.id, made.outcome);
    }
    const audit = await auditChange(context, {
      action: 'key.created',
      target: `key:${made.id}`,
      details: {
        name,
        roles: roles.join(','),
        sources: sources === 'all' ? sources : sources.join(','),
        ...(workspaces === undefined ? {} : { workspaces: workspaces.join(',') }),
        expiresInDays,
      },
    });
    return {
      status: 201,
      fields: { key: itemOf(made.id, made.payload), token: made.token, ...heldFields(made.outcome), audit },
    };
  },
};

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/keys',
  access: 'keys:manage',
  parameters: [],
  about: {
    summary: 'The API keys that are not revoked, without their secrets',
    answer: { degraded: degradedShape, items: z.array(keyShape) },
    list: 'items',
  },
  answer: async ({ deps }) => {
    const read = await readPartition(deps.workspaces, KEYS_PARTITION, { recordsMax: LIMITS.keysListedMax });
    if (read.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const keys = read.value.records.map(({ sk, data }) => ({ id: sk, payload: parseKeyPayload(data) }));
    const items = keys.flatMap(({ id, payload }) => (payload === undefined ? [] : [itemOf(id, payload)]));
    const damaged = keys.length - items.length;
    return {
      status: 200,
      fields: {
        degraded: [
          ...(damaged === 0 ? [] : [`${damaged} records of keys are damaged; they open nothing`]),
          ...(read.value.isWhole ? [] : [`only the first ${LIMITS.keysListedMax} keys are listed`]),
        ],
      },
      list: { name: 'items', items },
    };
  },
};

const noKey = ({ deps }: GuardedContext, id: string): Answer =>
  problem(404, 'no-key', {
    what: `there is no key "${shownText(id)}"`,
    why: `${deps.region} has none of this id; a revoked one is none any more.`,
    next: 'See GET /v1/keys for the ids. One that was made in the other Region a moment ago can be revoked there.',
  });

/** Says for certain that the home Region has no such key; a store that can't be read is no reason to keep a key. */
const isAbsent = async ({ deps, id }: GuardedContext): Promise<boolean> => {
  const read = await deps.workspaces.get(keyRecordKey(id));
  return read.kind === 'done' && read.value === undefined;
};

const revoke: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/keys/:id',
  access: 'keys:manage',
  parameters: [],
  about: {
    summary: 'Revoke an API key, in both Regions',
    path: { id: 'the id of a key: the 16 characters after twm_' },
    answer: { id: z.string(), revoked: z.literal(true), effectiveWithinMs: z.int(), ...CHANGED },
    problems: [404, 422],
  },
  answer: async (context) => {
    const { deps, id, op } = context;
    if (!isKeyId(id) || (await isAbsent(context))) {
      return noKey(context, id);
    }
    const outcome = await revokeKey(deps.writes, id, op);
    if (outcome.kind !== 'held') {
      return notHeldAnswer(context, outcome);
    }
    const audit = await auditChange(context, { action: 'key.revoked', target: `key:${id}` });
    return {
      status: 200,
      fields: { id, revoked: true, effectiveWithinMs: LIMITS.keyKeptMs, ...heldFields(outcome), audit },
    };
  },
};

export const KEY_ROUTES: readonly GuardedRoute[] = [create, list, revoke];
