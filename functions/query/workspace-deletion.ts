/**
 * Deletes a workspace: its sources are marked for the purge that the next cycles make under their fences, then its members and
 * settings go, and the workspace itself last, so that a deletion that was cut off, or is more than one request does, can be asked for
 * again. A workspace that is gone is nobody's: what is still being purged is shown to no member in the meantime, and no workspace of
 * the same id is made before it is gone.
 */
import { LIMITS } from '../domain/limits.ts';
import type { InteractiveConflict, InteractiveOutcome } from '../domain/interactive-write.ts';
import type { RecordKey } from '../domain/record.ts';
import { settingsPartition } from '../domain/settings.ts';
import {
  type DefinitionPayload,
  definitionKey,
  GLOBAL_WORKSPACE,
  type SourceDefinition,
  workspaceOf,
} from '../domain/source-definition.ts';
import { done, type Result } from '../domain/failure.ts';
import { MEMBERS_PARTITION, membersPrefix, workspaceKey } from '../domain/workspace.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { type Answer, problem } from './answer.ts';
import { mapLimited } from './map-limited.ts';
import { readPartition } from './read-partition.ts';
import type { GuardedContext } from './route.ts';
import { enterWorkspace, recordsFailed } from './workspace-view.ts';
import { auditChange, heldFields, type HeldOutcome, notHeldAnswer } from './write-answer.ts';

const stays = (): Answer =>
  problem(409, 'global-workspace', {
    what: 'the global workspace stays',
    why: 'Every source that names no workspace belongs to it.',
    next: 'Remove single sources: DELETE /v1/sources/{id}.',
  });

/** A workspace that went before its members would have them again where somebody makes one of its id. */
const unfinished = (members: number): Answer =>
  problem(409, 'unfinished', {
    what: 'this workspace is not deleted yet',
    why: `It has more members than one request removes; ${members} are removed now.`,
    next: 'Send the same request again, until it is answered with "deleted".',
  });

interface Contents {
  readonly sources: readonly SourceDefinition[];
  readonly members: readonly RecordKey[];
  /** Whether there are more members than these. */
  readonly isMore: boolean;
  readonly settings: readonly RecordKey[];
}

const keyOf = ({ pk, sk }: RecordKey): RecordKey => ({ pk, sk });

const readContents = async ({ deps, id }: GuardedContext): Promise<Result<Contents>> => {
  const [definitions, members, settings] = await Promise.all([
    readSourceDefinitions(deps.workspaces, deps.ownSources ?? []),
    readPartition(deps.workspaces, MEMBERS_PARTITION, {
      skPrefix: membersPrefix(id),
      recordsMax: LIMITS.workspaceMembersBuriedMax,
    }),
    readPartition(deps.workspaces, settingsPartition(id), { recordsMax: LIMITS.settingsListedMax }),
  ]);
  if (definitions.kind === 'failed') {
    return definitions;
  }
  if (members.kind === 'failed') {
    return members;
  }
  if (settings.kind === 'failed') {
    return settings;
  }
  const inside = definitions.value.sources.filter(
    ({ definition, purge }) => workspaceOf(definition) === id && purge === undefined,
  );
  return done({
    sources: inside.map(({ definition }) => definition),
    members: members.value.records.map((record) => keyOf(record)),
    isMore: !members.value.isWhole,
    settings: settings.value.records.map((record) => keyOf(record)),
  });
};

type Write = InteractiveOutcome | InteractiveConflict;

const markForPurge = async ({ deps, caller }: GuardedContext, source: SourceDefinition): Promise<Write> => {
  const at = deps.now();
  const payload: DefinitionPayload = { ...source, purge: { by: caller.id, at }, updatedBy: caller.id, updatedAt: at };
  return deps.writes.write({
    table: 'workspaces',
    key: definitionKey(source.id),
    content: { kind: 'payload', payload },
  });
};

const bury = async ({ deps }: GuardedContext, key: RecordKey): Promise<Write> =>
  deps.writes.write({ table: 'workspaces', key, content: { kind: 'tombstone' } });

const isHeld = (outcome: Write): outcome is HeldOutcome => outcome.kind === 'held';

type NotHeld = Exclude<Write, { kind: 'held' }>;

/** The first write that no Region took, where there is one. */
const failedOf = (outcomes: readonly Write[]): NotHeld | undefined =>
  outcomes.find((outcome): outcome is NotHeld => !isHeld(outcome));

const isOwed = (outcomes: readonly Write[]): boolean =>
  outcomes.some((outcome) => isHeld(outcome) && outcome.replication === 'owed');

export const deleteWorkspace = async (context: GuardedContext): Promise<Answer> => {
  const { id, op, deps } = context;
  const entered = await enterWorkspace(context, 'workspaces:manage');
  if (entered.kind === 'refused') {
    return entered.answer;
  }
  if (id === GLOBAL_WORKSPACE) {
    return stays();
  }
  const contents = await readContents(context);
  if (contents.kind === 'failed') {
    return recordsFailed(context, contents.failure);
  }
  const { sources, members, settings, isMore } = contents.value;
  const inFlight = LIMITS.searchReadsInFlightMax;
  const inside = [
    ...(await mapLimited(sources, inFlight, async (source) => markForPurge(context, source))),
    ...(await mapLimited([...members, ...settings], inFlight, async (key) => bury(context, key))),
  ];
  const failed = failedOf(inside);
  if (failed !== undefined) {
    return notHeldAnswer(context, failed);
  }
  if (isMore) {
    const details = { members: members.length };
    await auditChange(context, { action: 'workspace.member-removed', target: `workspace:${id}`, details });
    return unfinished(members.length);
  }
  const outcome = await deps.writes.write({
    table: 'workspaces',
    key: workspaceKey(id),
    content: { kind: 'tombstone' },
    ...(op === undefined ? {} : { op }),
  });
  if (outcome.kind !== 'held') {
    return notHeldAnswer(context, outcome);
  }
  const audit = await auditChange(context, {
    action: 'workspace.deleted',
    target: `workspace:${id}`,
    details: { sources: sources.map((source) => source.id).join(','), members: members.length },
  });
  const replication = isOwed([...inside, outcome]) ? 'owed' : outcome.replication;
  return {
    status: 200,
    fields: {
      id,
      deleted: true,
      sources: sources.map((source) => source.id),
      members: members.length,
      ...heldFields(outcome),
      replication,
      audit,
    },
  };
};
