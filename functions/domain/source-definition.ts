/**
 * What is read, as data: one interactive record for each source that people have added, beside those that the stack names. A
 * record wins over the stack's entry of the same id. Whoever removes a source leaves a mark: its corpus is purged under a fence,
 * and only because a person said so. Secrets are references; the configuration's own schema is the connector's.
 */
import { REDACTION_MODES, type RedactionMode } from './corpus.ts';
import { isJsonFields, type JsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

/** The workspace of a source that names none. */
export const GLOBAL_WORKSPACE = 'global';

export interface SourceDefinition {
  readonly id: string;
  /** Names a connector. */
  readonly kind: string;
  /** What people call it. */
  readonly name: string;
  /** The connector's own. */
  readonly config: JsonFields;
  /** What is taken out of its texts; absent means credentials. */
  readonly redaction?: RedactionMode;
  /** Absent: the global workspace. */
  readonly workspace?: string;
  /** Somebody who may name any secret has named one that is not its workspace's own: an org-admin, or whoever deploys. */
  readonly secretsBy?: 'organisation';
  /** One that is not is neither read nor removed. */
  readonly enabled: boolean;
}

/** A person's word that the source goes, with everything that was read of it. */
export interface SourcePurge {
  readonly by: string;
  /** In ms since 1970. */
  readonly at: number;
}

export interface DefinitionPayload extends SourceDefinition {
  readonly purge?: SourcePurge;
  readonly updatedBy: string;
  /** In ms since 1970. */
  readonly updatedAt: number;
}

/** A source as it is configured now. */
export interface ConfiguredSource {
  readonly definition: SourceDefinition;
  /** The stack's own, or added by a person. */
  readonly from: 'stack' | 'record';
  /** Set where it was removed: everything of it goes. */
  readonly purge?: SourcePurge;
}

export const DEFINITIONS_PARTITION = 'source-definitions';

export const definitionKey = (source: string): RecordKey => ({ pk: DEFINITIONS_PARTITION, sk: source });

const SOURCE_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/u;
const WORKSPACE_ID = /^[a-z0-9][a-z0-9-]{0,62}$/u;
const KIND = /^[a-z][a-z0-9-]{0,31}$/u;

export const SOURCE_ID_RULE = 'an id of lower-case letters, digits, dots and dashes, at most 63 characters';

export const isSourceId = (text: string): boolean => SOURCE_ID.test(text);

export const isWorkspaceId = (text: string): boolean => WORKSPACE_ID.test(text);

export const isKindName = (text: string): boolean => KIND.test(text);

export const workspaceOf = ({ workspace }: Pick<SourceDefinition, 'workspace'>): string =>
  workspace ?? GLOBAL_WORKSPACE;

const isText = (value: unknown): value is string => typeof value === 'string';

const isMoment = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isPurge = (value: unknown): boolean =>
  value === undefined || (isJsonFields(value) && isText(value['by']) && isMoment(value['at']));

const isDefinitionPayload = (value: unknown): value is DefinitionPayload =>
  isJsonFields(value) &&
  isText(value['id']) &&
  isSourceId(value['id']) &&
  isText(value['kind']) &&
  isText(value['name']) &&
  isJsonFields(value['config']) &&
  typeof value['enabled'] === 'boolean' &&
  (value['redaction'] === undefined || REDACTION_MODES.some((mode) => mode === value['redaction'])) &&
  (value['workspace'] === undefined || isText(value['workspace'])) &&
  (value['secretsBy'] === undefined || value['secretsBy'] === 'organisation') &&
  isPurge(value['purge']) &&
  isText(value['updatedBy']) &&
  isMoment(value['updatedAt']);

/** Undefined where the text is no such payload: such a source is neither read nor removed, and said to be damaged. */
export const parseDefinitionPayload = (data: string): DefinitionPayload | undefined =>
  parsePayload(data, isDefinitionPayload);

/** Of a payload, without who wrote it. */
export const definitionOf = (payload: SourceDefinition): SourceDefinition => {
  const { id, kind, name, config, redaction, workspace, secretsBy, enabled } = payload;
  return {
    id,
    kind,
    name,
    config,
    enabled,
    ...(redaction === undefined ? {} : { redaction }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(secretsBy === undefined ? {} : { secretsBy }),
  };
};

export interface StoredDefinition {
  readonly id: string;
  /** Absent where the record is damaged. */
  readonly payload: DefinitionPayload | undefined;
}

/** In the order of the stack, then of ids. A damaged record hides the stack's entry too: nobody knows what it says. */
export const mergeDefinitions = (
  own: readonly SourceDefinition[],
  stored: readonly StoredDefinition[],
): readonly ConfiguredSource[] => {
  const ids = new Set(stored.map(({ id }) => id));
  return [
    ...own.filter(({ id }) => !ids.has(id)).map((definition) => ({ definition, from: 'stack' as const })),
    ...stored.flatMap(({ payload }) =>
      payload === undefined
        ? []
        : [
            {
              definition: definitionOf(payload),
              from: 'record' as const,
              ...(payload.purge === undefined ? {} : { purge: payload.purge }),
            },
          ],
    ),
  ];
};

const textOf = (value: unknown): readonly string[] => (isText(value) && value !== '' ? [value] : []);

/** The addresses that a configuration names, as they stand in it. */
export const addressesIn = ({ config }: Pick<SourceDefinition, 'config'>): readonly string[] => {
  const { url, repositories } = config;
  const listed = Array.isArray(repositories) ? repositories : [];
  return [...textOf(url), ...listed.flatMap((one: unknown) => (isJsonFields(one) ? textOf(one['url']) : []))];
};

/** Without what may be a password: user, query and fragment. */
const bare = (address: string): string => {
  if (!URL.canParse(address)) {
    return '';
  }
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
};

const PUBLIC_ADDRESS: Readonly<Record<string, string>> = {
  github: 'https://github.com/',
  gitlab: 'https://gitlab.com/',
  pagerduty: 'https://api.pagerduty.com/',
  sharepoint: 'https://graph.microsoft.com/',
};

/** For people: where it is read from, without credentials; empty where that is no address. */
export const displayUrl = (definition: Pick<SourceDefinition, 'kind' | 'config'>): string => {
  const [first] = addressesIn(definition);
  return first === undefined ? (PUBLIC_ADDRESS[definition.kind] ?? '') : bare(first);
};

/** A repository by its address alone, as stacks and command lines name it. */
export const gitDefinition = ({
  id,
  name,
  url,
  branch,
}: {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly branch?: string;
}): SourceDefinition => ({
  id,
  kind: 'git',
  name,
  config: { repositories: [{ url, ...(branch === undefined ? {} : { branch }) }] },
  enabled: true,
});
