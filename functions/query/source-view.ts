/**
 * What people are told of a source: what is configured, what the last commit says, what failed last in this Region and what to
 * do about it, and when it is read next. A source that was never committed is shown too, to whoever may read it.
 */
import { isSourceAllowed } from '../domain/access.ts';
import type { Failure } from '../domain/failure.ts';
import { type ConfiguredSource, displayUrl, workspaceOf } from '../domain/source-definition.ts';
import {
  nextRunOf,
  parseCheck,
  parseStatus,
  type SourceCheck,
  type SourceStatusItem,
  STATUS_PARTITION,
  checkKey,
} from '../domain/source-status.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { LocalItem } from '../stores/record-store.ts';
import { type DefinitionsRead, readSourceDefinitions } from '../stores/source-definitions.ts';
import type { SourceStanding } from './home-view.ts';
import type { ApiDependencies, GuardedContext } from './route.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One source, from all that is known of it. */
export interface ShownSource {
  readonly id: string;
  readonly configured: ConfiguredSource | undefined;
  readonly standing: SourceStanding | undefined;
  readonly status: SourceStatusItem | undefined;
}

export type SourcesRead =
  | {
      readonly kind: 'read';
      readonly sources: readonly ShownSource[];
      readonly degraded: readonly string[];
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

const NO_DEFINITIONS: DefinitionsRead = { sources: [], damaged: [] };

const readStatuses = async ({
  workspaces,
}: ApiDependencies): Promise<ReadonlyMap<string, SourceStatusItem> | undefined> => {
  const read = await readAllPages((after) => workspaces.queryLocal(STATUS_PARTITION, pageAfter(after)));
  return read.kind === 'failed'
    ? undefined
    : new Map(
        read.value.flatMap(({ sk, data }) => {
          const status = parseStatus(data);
          return status === undefined ? [] : [[sk, status] as const];
        }),
      );
};

const readLocal = async (
  { workspaces }: ApiDependencies,
  key: { pk: string; sk: string },
): Promise<LocalItem | undefined> => {
  const read = await workspaces.getLocal(key);
  return read.kind === 'done' ? read.value : undefined;
};

/** All that the caller may read. What this Region does not know of them is said, and hides none. */
export const readShownSources = async ({ deps, caller, view }: GuardedContext): Promise<SourcesRead> => {
  const [{ sources: standings }, definitions, statuses] = await Promise.all([
    view,
    readSourceDefinitions(deps.workspaces, deps.ownSources ?? []),
    readStatuses(deps),
  ]);
  if (standings?.kind === 'failed') {
    return standings;
  }
  const { sources: configured, damaged } = definitions.kind === 'done' ? definitions.value : NO_DEFINITIONS;
  const visible = (id: string): boolean => isSourceAllowed(caller, id);
  const byId = new Map(configured.map((one) => [one.definition.id, one]));
  const committed = new Map((standings?.value ?? []).map((one) => [one.payload.id, one]));
  const ids = [...new Set([...committed.keys(), ...byId.keys()])].filter((id) => visible(id)).toSorted();
  return {
    kind: 'read',
    sources: ids
      .map((id) => ({
        id,
        configured: byId.get(id),
        standing: committed.get(id),
        status: statuses?.get(id),
      }))
      // What was removed, and is gone, is no source any more.
      .filter((one) => one.configured?.purge === undefined || one.standing !== undefined),
    degraded: [
      ...(definitions.kind === 'done' ? [] : ['what is configured could not be read']),
      ...(statuses === undefined ? ['what failed last could not be read'] : []),
      ...damaged
        .filter((id) => visible(id))
        .map((id) => `the definition of ${id} is damaged: it is not read; put it again`),
    ],
  };
};

/** In one word, for people. */
export const stateOf = ({ configured, standing, status }: ShownSource): string => {
  if (configured?.purge !== undefined) {
    return 'removing';
  }
  if (configured?.definition.enabled === false) {
    return 'off';
  }
  if (status?.state === 'failing') {
    return status.failure?.trouble === 'refused' ? 'refused' : 'failing';
  }
  if (standing === undefined) {
    return 'new';
  }
  return standing.payload.failures === undefined && standing.payload.uncompared === undefined ? 'ok' : 'partial';
};

const NEVER_COMMITTED: Fields = {
  snapshot: null,
  cursor: null,
  counts: null,
  lastFullAt: null,
  held: null,
  f: null,
  v: null,
  cycle: null,
  failures: { count: 0, listed: [] },
  uncompared: null,
};

const committedFields = ({ payload, version, fence }: SourceStanding): Fields => ({
  snapshot: payload.snapshot,
  cursor: payload.cursor,
  counts: payload.counts,
  lastFullAt: payload.lastFullAt,
  held: payload.held ?? null,
  f: fence ?? null,
  v: version,
  cycle: payload.cycle,
  failures: payload.failures ?? { count: 0, listed: [] },
  uncompared: payload.uncompared ?? null,
});

/** What it is told to read; of one that the stack alone names, what its last commit says. */
const definedFields = ({ id, configured, standing }: ShownSource): Fields => {
  if (configured === undefined) {
    const { kind = '', name = id, url = '' } = standing?.payload ?? {};
    return { kind, name, url, workspace: workspaceOf({}), from: 'stack', enabled: true, redaction: 'credentials' };
  }
  const { definition, from } = configured;
  const { kind, name, enabled, redaction = 'credentials' } = definition;
  return { kind, name, url: displayUrl(definition), workspace: workspaceOf(definition), from, enabled, redaction };
};

/** The last try counts, whether it got through or not. */
const nextRunAt = (deps: ApiDependencies, { standing, status }: ShownSource): number | null => {
  const tries = [standing?.payload.cycle.finishedAt, status?.at].filter((at) => at !== undefined);
  return nextRunOf(tries.length === 0 ? undefined : Math.max(...tries), deps.scheduleMs, deps.now());
};

export const sourceItem = (deps: ApiDependencies, shown: ShownSource): Fields => {
  const { id, configured, standing, status } = shown;
  const isRead = configured?.definition.enabled !== false && configured?.purge === undefined;
  return {
    id,
    ...definedFields(shown),
    state: stateOf(shown),
    ...(standing === undefined ? NEVER_COMMITTED : committedFields(standing)),
    lastFailure: status?.state === 'failing' ? { ...status.failure, at: status.at } : null,
    nextRunAt: isRead ? nextRunAt(deps, shown) : null,
  };
};

/** The last check of a source in this Region. */
export const readCheck = async (deps: ApiDependencies, source: string): Promise<SourceCheck | undefined> => {
  const item = await readLocal(deps, checkKey(source));
  return item === undefined ? undefined : parseCheck(item.data);
};

export type OneRead =
  { readonly kind: 'read'; readonly shown: ShownSource | undefined } | Extract<SourcesRead, { kind: 'failed' }>;

/** The one of the address. */
export const readShownSource = async (context: GuardedContext): Promise<OneRead> => {
  const read = await readShownSources(context);
  return read.kind === 'failed' ? read : { kind: 'read', shown: read.sources.find(({ id }) => id === context.id) };
};
