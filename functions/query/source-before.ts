/** What an id of a source stands for before it is put: nobody takes what was read for somebody else by naming its id. */
import { sourceKey } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { GLOBAL_WORKSPACE, workspaceOf } from '../domain/source-definition.ts';
import type { DefinitionsRead } from '../stores/source-definitions.ts';
import { isLeft } from '../stores/source-left.ts';
import { mapLimited } from './map-limited.ts';
import type { GuardedContext } from './route.ts';
import { readWorkspace } from './workspace-view.ts';

export type Before =
  | { readonly kind: 'nothing' }
  /** A source, by its definition; or one of which only what was read of it is left, which only whoever reads everything may read. */
  | { readonly kind: 'source'; readonly workspace: string; readonly isRemoved: boolean }
  /** Its workspace is gone, and its corpus is not yet: whoever takes the id now would be shown it. */
  | { readonly kind: 'purging' }
  /** Nobody can say whose it is. */
  | { readonly kind: 'damaged' };

const isThere = async ({ deps }: Pick<GuardedContext, 'deps'>, id: string): Promise<Result<boolean>> => {
  const read = await deps.records.readSource(sourceKey(id));
  return read.kind === 'failed' ? read : done(isLeft(read.value));
};

/** A corpus without a definition must not become that of whoever names its id. */
const readUndefined = async (context: GuardedContext): Promise<Result<Before>> => {
  const corpus = await isThere(context, context.id);
  if (corpus.kind === 'failed') {
    return corpus;
  }
  return done(corpus.value ? { kind: 'source', workspace: GLOBAL_WORKSPACE, isRemoved: false } : { kind: 'nothing' });
};

/** Of a source that went with its workspace, and is purged, nothing is left but its mark: the id is free again. */
const readRemoved = async (context: GuardedContext, workspace: string): Promise<Result<Before>> => {
  const [place, corpus] = await Promise.all([readWorkspace(context, workspace), isThere(context, context.id)]);
  if (place.kind === 'failed') {
    return place;
  }
  if (corpus.kind === 'failed') {
    return corpus;
  }
  if (place.value !== undefined) {
    return done({ kind: 'source', workspace, isRemoved: true });
  }
  return done({ kind: corpus.value ? 'purging' : 'nothing' });
};

export const readBefore = async (
  context: GuardedContext,
  { sources, damaged }: DefinitionsRead,
): Promise<Result<Before>> => {
  const { id } = context;
  if (damaged.includes(id)) {
    return done({ kind: 'damaged' });
  }
  const found = sources.find(({ definition }) => definition.id === id);
  if (found === undefined) {
    return readUndefined(context);
  }
  const workspace = workspaceOf(found.definition);
  return found.purge === undefined
    ? done({ kind: 'source', workspace, isRemoved: false })
    : readRemoved(context, workspace);
};

/** Of a workspace's removed sources those whose corpus is still there. */
export const readPurging = async (
  context: Pick<GuardedContext, 'deps'>,
  { sources }: DefinitionsRead,
  workspace: string,
): Promise<Result<readonly string[]>> => {
  const removed = sources.filter(
    ({ definition, purge }) => purge !== undefined && workspaceOf(definition) === workspace,
  );
  const purging: string[] = [];
  for (const { id, corpus } of await mapLimited(removed, LIMITS.searchReadsInFlightMax, async ({ definition }) => ({
    id: definition.id,
    corpus: await isThere(context, definition.id),
  }))) {
    if (corpus.kind === 'failed') {
      return corpus;
    }
    purging.push(...(corpus.value ? [id] : []));
  }
  return done(purging);
};
