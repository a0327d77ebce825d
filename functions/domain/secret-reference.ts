/**
 * References to secrets, and whose they are. A workspace's own are those under `twinmap/<workspace>/`: whoever manages its sources may
 * name these and no others, because the function that reads sources may read them all, and a source sends what it reads to an address
 * that its manager chose. An org-admin, the command line and the stack may name any; that they did stands in the definition.
 */
import { isJsonFields } from './json-fields.ts';
import { GLOBAL_WORKSPACE, type SourceDefinition, workspaceOf } from './source-definition.ts';

export interface SecretReference {
  readonly store: 'secretsmanager' | 'env';
  readonly name: string;
  /** One field of a secret that is a JSON object. */
  readonly field: string | null;
}

const REFERENCE = /^(?<store>secretsmanager|env):(?<name>[\w/+=.@:-]{1,512})(?:#(?<field>[\w.-]{1,64}))?$/u;

export const parseSecretReference = (reference: string): SecretReference | undefined => {
  const { store, name, field } = REFERENCE.exec(reference)?.groups ?? {};
  return (store === 'secretsmanager' || store === 'env') && name !== undefined
    ? { store, name, field: field ?? null }
    : undefined;
};

/** Wherever in a configuration they stand: each kind has its own places for them. */
const referencesIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') {
    return parseSecretReference(value) === undefined ? [] : [value];
  }
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown) => referencesIn(one));
  }
  return isJsonFields(value) ? Object.values(value).flatMap((one) => referencesIn(one)) : [];
};

type Owned = Pick<SourceDefinition, 'workspace' | 'secretsBy'>;

/** How the names of a workspace's own secrets begin. */
export const ownSecretsPrefix = (workspace: string): string => `twinmap/${workspace}/`;

const isOwnSecret = (workspace: string, reference: string): boolean => {
  const parsed = parseSecretReference(reference);
  return parsed?.store === 'secretsmanager' && parsed.name.startsWith(ownSecretsPrefix(workspace));
};

/**
 * Asked again where a secret is read: a definition may have been stored before anybody judged it, or past whoever judges. Those of the
 * global workspace that are older than the rule are an org-admin's, and go on being read.
 */
export const mayReadSecret = (definition: Owned, reference: string): boolean => {
  const workspace = workspaceOf(definition);
  return workspace === GLOBAL_WORKSPACE || definition.secretsBy === 'organisation' || isOwnSecret(workspace, reference);
};

/** Those that somebody who manages this workspace alone may not name; whoever manages the global one may not name all either. */
export const foreignSecretsIn = (definition: Pick<SourceDefinition, 'workspace' | 'config'>): readonly string[] =>
  referencesIn(definition.config).filter((reference) => !isOwnSecret(workspaceOf(definition), reference));

/** The same definition, by the word of somebody who may name any secret; it says so only where it has to. */
export const byOrganisation = (definition: SourceDefinition): SourceDefinition =>
  foreignSecretsIn(definition).length === 0 ? definition : { ...definition, secretsBy: 'organisation' };
