/** Sources as data: what there is, adding, changing and removing. Each change is one record, written to both Regions. */
import {
  type DefinitionPayload,
  definitionKey,
  type SourceDefinition,
  workspaceOf,
} from '../domain/source-definition.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { type GuardedRoute, unavailable } from './route.ts';
import { judgeDefinition, refuseManaging } from './source-judge.ts';
import { DELETE_ABOUT, PUT_ABOUT, SOURCE_ABOUT, SOURCES_ABOUT } from './source-shapes.ts';
import { readCheck, readShownSource, readShownSources, type ShownSource, sourceItem } from './source-view.ts';
import { auditChange, heldFields, notHeldAnswer } from './write-answer.ts';

export const noSource = (id: string): Answer =>
  problem(404, 'no-source', {
    what: `there is no source "${shownText(id)}"`,
    why: 'None of this id is here for you.',
    next: 'See GET /v1/sources for those that are; PUT this address to add one.',
  });

export const workspaceOfShown = ({ configured }: ShownSource): string => workspaceOf(configured?.definition ?? {});

const list: GuardedRoute = {
  method: 'GET',
  path: '/v1/sources',
  access: 'corpus:read',
  parameters: [],
  about: SOURCES_ABOUT,
  answer: async (context) => {
    const read = await readShownSources(context);
    return read.kind === 'failed'
      ? unavailable(context.deps, 'records', read.failure)
      : {
          status: 200,
          fields: { degraded: read.degraded },
          list: { name: 'items', items: read.sources.map((source) => sourceItem(context.deps, source)) },
        };
  },
};

/** For whoever may change it: what it is told, and by whose word it may read the secrets that it names. */
const managedFields = ({ configured }: ShownSource): Partial<Pick<SourceDefinition, 'config' | 'secretsBy'>> => {
  if (configured === undefined) {
    return {};
  }
  const { config, secretsBy } = configured.definition;
  return { config, ...(secretsBy === undefined ? {} : { secretsBy }) };
};

const one: GuardedRoute = {
  method: 'GET',
  path: '/v1/sources/:id',
  access: 'corpus:read',
  parameters: [],
  about: SOURCE_ABOUT,
  answer: async (context) => {
    const { deps, id } = context;
    const read = await readShownSource(context);
    if (read.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const { shown } = read;
    if (shown === undefined) {
      return noSource(id);
    }
    const isManager = (await refuseManaging(context, workspaceOfShown(shown))) === undefined;
    const item = { ...sourceItem(deps, shown), ...(isManager ? managedFields(shown) : {}) };
    return {
      status: 200,
      fields: { source: item, check: (await readCheck(deps, id)) ?? null, degraded: [] },
    };
  },
};

// --- adding and changing ---

const put: GuardedRoute = {
  method: 'PUT',
  path: '/v1/sources/:id',
  access: 'sources:manage',
  parameters: [],
  about: PUT_ABOUT,
  hasBody: true,
  answer: async (context) => {
    const judged = await judgeDefinition(context);
    if (judged.kind === 'refused') {
      return judged.answer;
    }
    const { deps, caller, id, op } = context;
    const { definition, isNew } = judged;
    const payload: DefinitionPayload = { ...definition, updatedBy: caller.id, updatedAt: deps.now() };
    const outcome = await deps.writes.write({
      table: 'workspaces',
      key: definitionKey(id),
      content: { kind: 'payload', payload },
      identity: JSON.stringify(definition),
      ...(op === undefined ? {} : { op }),
    });
    if (outcome.kind !== 'held') {
      return notHeldAnswer(context, outcome);
    }
    const { kind, name, enabled } = definition;
    const audit = await auditChange(context, {
      action: 'source.changed',
      target: `source:${id}`,
      details: { kind, name, enabled, workspace: workspaceOf(definition), added: isNew },
    });
    return { status: isNew ? 201 : 200, fields: { source: definition, ...heldFields(outcome), audit } };
  },
};

// --- removing ---

/** Of a source whose stack entry is all that there is, or of which only a commit is left. */
const lastDefinition = ({ id, configured, standing }: ShownSource): SourceDefinition =>
  configured?.definition ?? {
    id,
    kind: standing?.payload.kind ?? 'git',
    name: standing?.payload.name ?? id,
    config: {},
    enabled: false,
  };

const remove: GuardedRoute = {
  method: 'DELETE',
  path: '/v1/sources/:id',
  access: 'sources:manage',
  parameters: [],
  about: DELETE_ABOUT,
  answer: async (context) => {
    const { deps, caller, id, op } = context;
    const read = await readShownSource(context);
    if (read.kind === 'failed') {
      return unavailable(deps, 'records', read.failure);
    }
    const { shown } = read;
    if (shown === undefined) {
      return noSource(id);
    }
    const answer = await refuseManaging(context, workspaceOfShown(shown));
    if (answer !== undefined) {
      return answer;
    }
    const at = deps.now();
    const definition = lastDefinition(shown);
    const payload: DefinitionPayload = {
      ...definition,
      purge: { by: caller.id, at },
      updatedBy: caller.id,
      updatedAt: at,
    };
    const outcome = await deps.writes.write({
      table: 'workspaces',
      key: definitionKey(id),
      content: { kind: 'payload', payload },
      identity: `remove ${id}`,
      ...(op === undefined ? {} : { op }),
    });
    if (outcome.kind !== 'held') {
      return notHeldAnswer(context, outcome);
    }
    const documents = shown.standing?.payload.counts.documents ?? 0;
    const details = { documents, workspace: workspaceOf(definition) };
    const audit = await auditChange(context, { action: 'source.removed', target: `source:${id}`, details });
    return { status: 200, fields: { id, removing: true, ...heldFields(outcome), audit } };
  },
};

export const SOURCE_ROUTES: readonly GuardedRoute[] = [list, one, put, remove];
