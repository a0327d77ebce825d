/** The names of the kinds of sources, as data: what the connectors are registered under, and what a form offers. */

/** In the order in which people are offered them. */
export const SOURCE_KIND_NAMES = [
  'git',
  'github',
  'gitlab',
  'confluence',
  'jira',
  'sharepoint',
  'pagerduty',
  'files',
] as const;

export type SourceKindName = (typeof SOURCE_KIND_NAMES)[number];

/** They read what only a local run can: in a Region they are refused. */
const LOCAL_KIND_NAMES: ReadonlySet<string> = new Set(['files']);

export const isLocalKind = (name: string): boolean => LOCAL_KIND_NAMES.has(name);

/** Those that can be added. */
export const kindNamesOf = (isLocalRun: boolean): readonly SourceKindName[] =>
  SOURCE_KIND_NAMES.filter((name) => isLocalRun || !isLocalKind(name));
