/**
 * Who is in which workspace, and which workspace each source belongs to, as the home Region holds it: what a grant by membership
 * is made of. Everything that can't be read as what it should be gives nobody anything.
 */
import type { WorkspaceRole, WorkspaceRoles } from '../domain/access.ts';
import { SOURCES_PARTITION } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import {
  DEFINITIONS_PARTITION,
  GLOBAL_WORKSPACE,
  type SourceDefinition,
  workspaceOf,
} from '../domain/source-definition.ts';
import {
  GLOBAL,
  higherRole,
  MEMBERS_PARTITION,
  parseMemberPayload,
  parseWorkspacePayload,
  type SourceHome,
  sourcesOf,
  type Visibility,
  type Workspace,
  WORKSPACES_PARTITION,
} from '../domain/workspace.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { KeptReading } from './kept-reading.ts';

export interface Membership {
  readonly workspace: string;
  readonly member: string;
  readonly role: WorkspaceRole;
}

export interface Directory {
  readonly workspaces: ReadonlyMap<string, Workspace>;
  readonly memberships: readonly Membership[];
  /** Every source that is configured or was committed, with its workspace. */
  readonly homes: readonly SourceHome[];
}

export interface DirectoryOptions {
  /** The home Region's workspaces table, and its graph table. */
  readonly workspaces: Pick<RecordStore, 'query'>;
  readonly records: Pick<RecordStore, 'query'>;
  /** The sources that the stack names. */
  readonly own: readonly SourceDefinition[];
  readonly now: () => number;
}

interface Live {
  readonly sk: string;
  readonly data: string;
}

const readLive = async (store: Pick<RecordStore, 'query'>, pk: string): Promise<Result<readonly Live[]>> => {
  const read = await readAllPages((after) => store.query(pk, pageAfter(after)));
  return read.kind === 'failed' ? read : done(read.value.filter(({ del }) => del !== true));
};

/** There is one global workspace; a record that makes another one so is taken for private. */
const visibilityOf = (id: string, { visibility }: Pick<Workspace, 'visibility'>): Visibility => {
  if (id === GLOBAL_WORKSPACE) {
    return 'global';
  }
  return visibility === 'public' ? 'public' : 'private';
};

const workspacesIn = (records: readonly Live[]): ReadonlyMap<string, Workspace> => {
  const found = new Map<string, Workspace>([[GLOBAL.id, GLOBAL]]);
  for (const { sk, data } of records) {
    const payload = parseWorkspacePayload(data);
    if (payload !== undefined) {
      found.set(sk, { id: sk, name: payload.name, visibility: visibilityOf(sk, payload) });
    }
  }
  return found;
};

interface Definitions {
  readonly homes: readonly SourceHome[];
  /** Ids whose definition is damaged or gone: what is left of their corpus belongs to nobody. */
  readonly homeless: ReadonlySet<string>;
}

/** A source that was removed from a private workspace must not be everybody's while it is being purged. */
const readDefinitions = async ({
  workspaces,
  own,
}: Pick<DirectoryOptions, 'workspaces' | 'own'>): Promise<Result<Definitions>> => {
  const stored = await readAllPages((after) => workspaces.query(DEFINITIONS_PARTITION, pageAfter(after)));
  if (stored.kind === 'failed') {
    return stored;
  }
  const read = await readSourceDefinitions({ query: async () => done({ items: stored.value }) }, own);
  if (read.kind === 'failed') {
    return read;
  }
  const homes = read.value.sources.map(({ definition }) => ({
    source: definition.id,
    workspace: workspaceOf(definition),
  }));
  return done({ homes, homeless: new Set(stored.value.map(({ sk }) => sk)) });
};

/** A source that was committed and never defined by a person is the stack's: it belongs to everybody, like every source that names no workspace. */
const homesIn = ({ homes, homeless }: Definitions, committed: readonly Live[]): readonly SourceHome[] => {
  const defined = new Set(homes.map(({ source }) => source));
  const others = committed.filter(({ sk }) => !defined.has(sk) && !homeless.has(sk));
  return [...homes, ...others.map(({ sk }) => ({ source: sk, workspace: GLOBAL_WORKSPACE }))];
};

const readDirectory = async (options: DirectoryOptions): Promise<Result<Directory>> => {
  const { workspaces, records } = options;
  const [spaces, members, definitions, committed] = await Promise.all([
    readLive(workspaces, WORKSPACES_PARTITION),
    readLive(workspaces, MEMBERS_PARTITION),
    readDefinitions(options),
    readLive(records, SOURCES_PARTITION),
  ]);
  if (spaces.kind === 'failed') {
    return spaces;
  }
  if (members.kind === 'failed') {
    return members;
  }
  if (definitions.kind === 'failed') {
    return definitions;
  }
  if (committed.kind === 'failed') {
    return committed;
  }
  return done({
    workspaces: workspacesIn(spaces.value),
    memberships: members.value.flatMap(({ data }) => parseMemberPayload(data) ?? []),
    homes: homesIn(definitions.value, committed.value),
  });
};

/** Of workspaces that are there: a membership of one that is gone opens nothing. */
export const rolesIn = (
  { workspaces, memberships }: Directory,
  members: readonly string[],
  more: readonly Omit<Membership, 'member'>[] = [],
): WorkspaceRoles => {
  const roles = new Map<string, WorkspaceRole>();
  for (const { workspace, role } of [...memberships.filter(({ member }) => members.includes(member)), ...more]) {
    if (workspaces.has(workspace)) {
      roles.set(workspace, higherRole(roles.get(workspace), role));
    }
  }
  return Object.fromEntries(roles);
};

/** `isEverybodys`: a person of the organisation, who also reads what everybody reads; a key reads what it was made for. */
export const readableSources = (
  { workspaces, homes }: Directory,
  roles: WorkspaceRoles,
  isEverybodys: boolean,
): readonly string[] => sourcesOf(roles, workspaces, homes, isEverybodys);

export class KnownDirectory {
  readonly #reading: KeptReading<Directory>;

  constructor(options: DirectoryOptions) {
    this.#reading = new KeptReading(async () => readDirectory(options), options.now);
  }

  async find(): Promise<Result<Directory>> {
    return this.#reading.get();
  }
}
