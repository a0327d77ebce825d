/** The form of a source: it offers what can be added here, changes nothing by the way, and its hints are what the API takes. */
import { beforeAll, describe, expect, it } from 'vitest';

import { REDACTION_MODES } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { SourceDefinition } from '../../../functions/domain/source-definition.ts';
import { kindNamesOf } from '../../../functions/domain/source-kinds.ts';
import { sourceKinds } from '../../../functions/handlers/source-kinds.ts';
import { requestOf } from '../query/api-stage.ts';
import { ConsoleStage, pageOf } from './console-stage.ts';

const stage = new ConsoleStage();
let operator = '';

const folderOf = (workspace: string): SourceDefinition => ({
  id: 'folder',
  kind: 'files',
  name: 'A folder',
  config: { path: '/srv' },
  workspace,
  enabled: false,
});

/** What is offered in a field, with a mark at what is chosen. */
const offered = (text: string, name: string): readonly string[] => {
  const [, inner = ''] = new RegExp(`<select id="${name}"[^>]*>(?<inner>[^]*?)</select>`, 'u').exec(text) ?? [];
  return [...inner.matchAll(/<option(?<more>[^>]*)>(?<label>[^<]*)</gu)].map(
    ({ groups }) => `${groups?.['label'] ?? ''}${groups?.['more']?.includes('selected') === true ? '!' : ''}`,
  );
};

const written = (text: string): string =>
  (/<textarea[^>]*>(?<config>[^]*?)<\/textarea>/u.exec(text)?.groups?.['config'] ?? '').replaceAll('&quot;', '"');

beforeAll(async () => {
  operator = await stage.cookie(['org-admin']);
  stage.api.ownSources = [folderOf('team')];
  const token = operator.slice(operator.indexOf('=') + 1);
  await stage.api
    .app()
    .request('/v1/workspaces', requestOf({ method: 'POST', token, body: { id: 'team', name: 'Team' } }));
});

describe('the form of a source', () => {
  it('offers the kinds that can be added here, and in a Region no folder of a machine', async () => {
    const { text } = await pageOf(stage.app(), '/console/source-edit', operator);
    const [first, ...others] = kindNamesOf(false);
    expect(offered(text, 'kind')).toStrictEqual([`${first ?? ''}!`, ...others]);
    expect(offered(text, 'kind')).not.toContain('files');
    expect(sourceKinds(false).names).toStrictEqual(kindNamesOf(false));
    expect(sourceKinds(true).names).toContain('files');
  });

  it('offers every redaction, and says what each takes out', async () => {
    const { text } = await pageOf(stage.app(), '/console/source-edit', operator);
    const modes = offered(text, 'redaction').map((label) => label.split(':')[0]);
    expect(modes).toStrictEqual([...REDACTION_MODES]);
    expect(text).toContain('<option value="credentials" selected>credentials: passwords, keys and tokens</option>');
  });

  it('shows a configuration and a name of a secret that its kind takes', async () => {
    const { text } = await pageOf(stage.app(), '/console/source-edit', operator);
    const config = JSON.parse(written(text).replace('https://', 'https://git.example/shop')) as object;
    const named = /"token": "(?<secret>[^"]+)"/u.exec(text)?.groups?.['secret'] ?? '';
    const token = named.replace('WORKSPACE', 'global');
    expect(token).toBe('secretsmanager:twinmap/global/NAME');
    expect(await sourceKinds(false).problemOf('git', { ...config, credentials: { token } })).toBeUndefined();
    expect(text).toContain(`maxlength="${LIMITS.sourceNameCharsMax}"`);
  });

  it('keeps the kind and the workspace of a source that could not be added here', async () => {
    const app = stage.app({ ownSources: stage.api.ownSources });
    const { response, text } = await pageOf(app, '/console/source-edit?id=folder', operator);
    expect(response.status).toBe(200);
    expect(offered(text, 'kind').at(-1)).toBe('files!');
    expect(JSON.parse(written(text))).toStrictEqual({ path: '/srv' });
    expect(text).toContain('secretsmanager:twinmap/team/NAME');
    expect(text).not.toMatch(/id="enabled"[^>]*checked/u);
  });

  it('shows no configuration, and none to send by mistake, to whoever may not change it', async () => {
    const reader = await stage.cookie(['reader']);
    const app = stage.app({ ownSources: [folderOf('global')] });
    const { text } = await pageOf(app, '/console/source-edit?id=folder', reader);
    expect(text).toContain('Change folder');
    expect(written(text).trim()).toBe('');
  });
});
