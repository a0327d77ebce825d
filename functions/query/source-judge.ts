/** Whether a definition may be stored: by its form, its kind, its place, and who asks. */
import { isSourceAllowed } from '../domain/access.ts';
import { LIMITS } from '../domain/limits.ts';
import {
  type ConfiguredSource,
  GLOBAL_WORKSPACE,
  isSourceId,
  SOURCE_ID_RULE,
  type SourceDefinition,
  workspaceOf,
} from '../domain/source-definition.ts';
import { isPermittedIn, isWorkspaceVisible } from '../domain/workspace.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { type Answer, problem } from './answer.ts';
import type { Parameters } from './parameters.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, unavailable } from './route.ts';
import { DEFINITION_FIELDS, definitionSchema } from './source-shapes.ts';
import { noWorkspace, notInWorkspace, readWorkspace } from './workspace-view.ts';

/** Undefined where the caller may change the sources of this workspace. */
export const refuseManaging = async (context: GuardedContext, workspace: string): Promise<Answer | undefined> => {
  const read = await readWorkspace(context, workspace);
  if (read.kind === 'failed') {
    return unavailable(context.deps, 'records', read.failure);
  }
  if (read.value === undefined || !isWorkspaceVisible(context.caller, read.value.workspace)) {
    return noWorkspace(workspace);
  }
  return isPermittedIn(context.caller, 'sources:manage', read.value.workspace)
    ? undefined
    : notInWorkspace(workspace, 'sources:manage');
};

const badId = (): Answer =>
  problem(400, 'bad-source', {
    what: 'this id can’t be taken',
    why: `A source has ${SOURCE_ID_RULE}.`,
    next: 'Choose another id; the name may be anything.',
  });

const badConfig = (why: string): Answer =>
  problem(400, 'bad-source', {
    what: 'the field "config" can’t be taken',
    why,
    next: 'See docs/connectors.md for what each kind takes.',
  });

/** Ids are one list for all workspaces; whose this one is, is not told. */
const taken = (): Answer =>
  problem(409, 'source-exists', {
    what: 'this id can’t be taken',
    why: 'It is in use, and not by a source that you may read.',
    next: 'Choose another id; the name may be anything.',
  });

const tooMany = (): Answer =>
  problem(409, 'too-many-sources', {
    what: 'there are too many sources',
    why: `An install has at most ${LIMITS.sourcesMax}.`,
    next: 'Remove one, or put several repositories into one source.',
  });

export type Judged =
  | { readonly kind: 'definition'; readonly definition: SourceDefinition; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly answer: Answer };

const refused = (answer: Answer): { readonly kind: 'refused'; readonly answer: Answer } => ({
  kind: 'refused',
  answer,
});

/** The body as a definition of a known kind. */
const readDefinition = async ({ deps, id, body }: GuardedContext): Promise<Parameters<SourceDefinition>> => {
  const read = bodyAs(definitionSchema, DEFINITION_FIELDS, body);
  if (read.kind === 'refused') {
    return read;
  }
  const { kind, name = id, config, redaction, workspace = GLOBAL_WORKSPACE, enabled = true } = read.value;
  const trouble = await deps.sourceKinds?.problemOf(kind, config);
  if (trouble !== undefined) {
    return refused(badConfig(trouble));
  }
  const definition: SourceDefinition = {
    id,
    kind,
    name,
    config,
    enabled,
    ...(redaction === undefined ? {} : { redaction }),
    ...(workspace === GLOBAL_WORKSPACE ? {} : { workspace }),
  };
  return { kind: 'read', value: definition };
};

/** Out of one workspace into another needs a word in both. */
const refusePlace = async (
  context: GuardedContext,
  definition: SourceDefinition,
  before: ConfiguredSource | undefined,
): Promise<Answer | undefined> => {
  for (const place of new Set([workspaceOf(definition), workspaceOf(before?.definition ?? definition)])) {
    const answer = await refuseManaging(context, place);
    if (answer !== undefined) {
      return answer;
    }
  }
  return undefined;
};

export const judgeDefinition = async (context: GuardedContext): Promise<Judged> => {
  const { deps, id, caller } = context;
  if (!isSourceId(id)) {
    return refused(badId());
  }
  const wanted = await readDefinition(context);
  if (wanted.kind === 'refused') {
    return wanted;
  }
  const read = await readSourceDefinitions(deps.workspaces, deps.ownSources ?? []);
  if (read.kind === 'failed') {
    return refused(unavailable(deps, 'records', read.failure));
  }
  const { sources } = read.value;
  const before = sources.find(({ definition }) => definition.id === id);
  if (before !== undefined && !isSourceAllowed(caller, id)) {
    return refused(taken());
  }
  if (before === undefined && sources.filter(({ purge }) => purge === undefined).length >= LIMITS.sourcesMax) {
    return refused(tooMany());
  }
  const answer = await refusePlace(context, wanted.value, before);
  return answer === undefined
    ? { kind: 'definition', definition: wanted.value, isNew: before === undefined || before.purge !== undefined }
    : refused(answer);
};
