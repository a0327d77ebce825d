/** Whether a definition may be stored: by its form, its kind, its place, and who asks. */
import { isSourceAllowed } from '../domain/access.ts';
import { LIMITS } from '../domain/limits.ts';
import { byOrganisation, foreignSecretsIn, ownSecretsPrefix } from '../domain/secret-reference.ts';
import {
  type ConfiguredSource,
  GLOBAL_WORKSPACE,
  isSourceId,
  SOURCE_ID_RULE,
  type SourceDefinition,
  workspaceOf,
} from '../domain/source-definition.ts';
import { isPermittedIn, isWorkspaceVisible } from '../domain/workspace.ts';
import { canonicalText } from '../stores/envelope.ts';
import { type DefinitionsRead, readSourceDefinitions } from '../stores/source-definitions.ts';
import { type Answer, problem } from './answer.ts';
import { type Parameters, shownText } from './parameters.ts';
import { bodyAs } from './request-body.ts';
import { type GuardedContext, unavailable } from './route.ts';
import { type Before, readBefore } from './source-before.ts';
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

const isGoing = (): Answer =>
  problem(409, 'source-purging', {
    what: 'this id can’t be taken yet',
    why: 'It was a source of a workspace that was deleted, and what was read of it is still being purged.',
    next: 'Try again after the next cycles, or choose another id; the name may be anything.',
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

const foreignSecret = (workspace: string, [reference = '']: readonly string[]): Answer =>
  problem(403, 'foreign-secret', {
    what: `a source of the workspace "${workspace}" may not name the secret ${shownText(reference)}`,
    why: `Its own secrets are those under ${ownSecretsPrefix(workspace)}; only an org-admin names another one.`,
    next: 'Put the credential under such a name in both Regions, or ask an org-admin to PUT this source.',
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

const isOrgAdmin = ({ caller }: GuardedContext): boolean => caller.roles.includes('org-admin');

const accepted = (value: SourceDefinition): Parameters<SourceDefinition> => ({ kind: 'read', value });

/** What is read, where, with which secrets, and for whom. */
const boundOf = ({ kind, config, workspace = GLOBAL_WORKSPACE }: SourceDefinition): string =>
  canonicalText({ kind, config, workspace });

/**
 * The function that syncs reads every secret that is meant for sources: who may name which is decided here. The organisation's word is
 * for the whole of what a source is told: with another address the same secret would be sent to whoever chose it.
 */
const judgeSecrets = (
  context: GuardedContext,
  definition: SourceDefinition,
  before: ConfiguredSource | undefined,
): Parameters<SourceDefinition> => {
  if (isOrgAdmin(context)) {
    return accepted(byOrganisation(definition));
  }
  const foreign = foreignSecretsIn(definition);
  if (foreign.length === 0) {
    return accepted(definition);
  }
  const isKept =
    before?.purge === undefined &&
    before?.definition.secretsBy === 'organisation' &&
    boundOf(before.definition) === boundOf(definition);
  return isKept ? accepted(byOrganisation(definition)) : refused(foreignSecret(workspaceOf(definition), foreign));
};

/** Out of one workspace into another needs a word in both; an org-admin's word counts where a workspace is gone. */
const refusePlace = async (
  context: GuardedContext,
  definition: SourceDefinition,
  before: Before,
): Promise<Answer | undefined> => {
  const isOnlyNew = before.kind !== 'source' || isOrgAdmin(context);
  const places = isOnlyNew ? [workspaceOf(definition)] : [workspaceOf(definition), before.workspace];
  for (const place of new Set(places)) {
    const answer = await refuseManaging(context, place);
    if (answer !== undefined) {
      return answer;
    }
  }
  return undefined;
};

/** Whose an id is: nobody takes what they may not read, and nobody but an org-admin what somebody else's may be. */
const refuseId = (context: GuardedContext, before: Before): Answer | undefined => {
  const isOthers = before.kind === 'source' && !isSourceAllowed(context.caller, context.id);
  const mayBeOthers = before.kind === 'damaged' || before.kind === 'purging';
  if (isOthers || (mayBeOthers && !isOrgAdmin(context))) {
    return taken();
  }
  return before.kind === 'purging' ? isGoing() : undefined;
};

const isOverfull = ({ sources }: DefinitionsRead, id: string): boolean =>
  !sources.some(({ definition }) => definition.id === id) &&
  sources.filter(({ purge }) => purge === undefined).length >= LIMITS.sourcesMax;

export const judgeDefinition = async (context: GuardedContext): Promise<Judged> => {
  const { deps, id } = context;
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
  const before = await readBefore(context, read.value);
  if (before.kind === 'failed') {
    return refused(unavailable(deps, 'records', before.failure));
  }
  const answer = refuseId(context, before.value) ?? (isOverfull(read.value, id) ? tooMany() : undefined);
  const misplaced = answer ?? (await refusePlace(context, wanted.value, before.value));
  if (misplaced !== undefined) {
    return refused(misplaced);
  }
  const configured = read.value.sources.find(({ definition }) => definition.id === id);
  const judged = judgeSecrets(context, wanted.value, configured);
  const isNew = before.value.kind !== 'source' || before.value.isRemoved;
  return judged.kind === 'refused' ? judged : { kind: 'definition', definition: judged.value, isNew };
};
