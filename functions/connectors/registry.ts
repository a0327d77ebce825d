/** Every kind of source. A new connector is its own file, its stand-in and contract world, its name in the domain, and one line here. */
import { ConfigError } from '../domain/errors.ts';
import { SOURCE_KIND_NAMES, type SourceKindName } from '../domain/source-kinds.ts';
import { confluence } from './confluence/confluence.ts';
import type { Connector } from './connector.ts';
import { files } from './files/files.ts';
import { git } from './git/git-kind.ts';
import { github } from './github/github.ts';
import { gitlab } from './gitlab/gitlab.ts';
import { jira } from './jira/jira.ts';
import type { ConnectorKind, ConnectorSetting } from './kind.ts';
import { pagerduty } from './pagerduty/pagerduty.ts';
import { sharepoint } from './sharepoint/sharepoint.ts';

const KINDS: Readonly<Record<SourceKindName, ConnectorKind>> = {
  git,
  files,
  github,
  gitlab,
  confluence,
  jira,
  sharepoint,
  pagerduty,
};

export const CONNECTOR_KINDS: readonly ConnectorKind[] = SOURCE_KIND_NAMES.map((name) => KINDS[name]);

export const kindNamed = (name: string, kinds: readonly ConnectorKind[] = CONNECTOR_KINDS): ConnectorKind => {
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) {
    throw new ConfigError(
      `There is no kind of source "${name}". There are: ${kinds.map((one) => one.kind).join(', ')}.`,
    );
  }
  return kind;
};

export { configProblem } from './kind.ts';

/** Opens no connection; throws `ConfigError` for a kind or a configuration that is not valid. */
export const openSource = (
  source: { readonly kind: string; readonly config: unknown },
  setting: ConnectorSetting,
): Connector => kindNamed(source.kind).open(source.config, setting);
