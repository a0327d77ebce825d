/**
 * Who is in which workspace, and which workspace each source belongs to, as the home Region holds it: what a grant by membership
 * is made of. Everything that can't be read as what it should be gives nobody anything.
 */
import type { WorkspaceRole, WorkspaceRoles } from '../domain/access.ts';
import { done, type Result } from '../domain/failure.ts';
import { GLOBAL_WORKSPACE, type SourceDefinition, workspaceOf } from '../domain/source-definition.ts';
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
  /** Every source that is configured, with its workspace. */
  readonly homes: readonly SourceHome[];
}

export interface DirectoryOptions {
  /** The home Region's workspaces table. */
  readonly workspaces: Pick<RecordStore, 'query'>;
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

/**
 * Whose each source is, by its definition and by nothing else: what is left of one that was removed, or that the stack names no more, is
 * nobody's. It may have been private, and nothing that was read of it says so.
 */
const readHomes = async ({
  workspaces,
  own,
}: Pick<DirectoryOptions, 'workspaces' | 'own'>): Promise<Result<readonly SourceHome[]>> => {
  const read = await readSourceDefinitions(workspaces, own);
  return read.kind === 'failed'
    ? read
    : done(read.value.sources.map(({ definition }) => ({ source: definition.id, workspace: workspaceOf(definition) })));
};

const readDirectory = async (options: DirectoryOptions): Promise<Result<Directory>> => {
  const { workspaces } = options;
  const [spaces, members, homes] = await Promise.all([
    readLive(workspaces, WORKSPACES_PARTITION),
    readLive(workspaces, MEMBERS_PARTITION),
    readHomes(options),
  ]);
  if (spaces.kind === 'failed') {
    return spaces;
  }
  if (members.kind === 'failed') {
    return members;
  }
  if (homes.kind === 'failed') {
    return homes;
  }
  return done({
    workspaces: workspacesIn(spaces.value),
    memberships: members.value.flatMap(({ data }) => parseMemberPayload(data) ?? []),
    homes: homes.value,
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
