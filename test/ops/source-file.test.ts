/** `sources.yaml`: the example of the docs reads as it stands, and a mistake is named by source and field, never by its value. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../functions/domain/errors.ts';
import { parseSources, readSourcesFile } from '../../ops/source-file.ts';

const DOCS = readFileSync(path.join(import.meta.dirname, '../../docs/connectors.md'), 'utf8');
const [, EXAMPLE = ''] = /```yaml sources\.yaml\n([\s\S]*?)```/u.exec(DOCS) ?? [];

describe('sources.yaml', () => {
  it('of the docs reads as it stands', () => {
    const written = parseSources(EXAMPLE, '/work/sources.yaml');
    expect(written.map(({ definition }) => [definition.id, definition.kind])).toEqual([
      ['handbook', 'git'],
      ['platform', 'git'],
      ['wiki', 'confluence'],
      ['tickets', 'jira'],
    ]);
    expect(written[0]).toMatchObject({ directory: '/work/handbook' });
    expect(written[3]?.definition).toMatchObject({ enabled: false, workspace: 'payments' });
  });

  it.each([
    ['text that is no YAML', 'sources: [', /is not YAML/u],
    ['no list', 'repositories: []', /sources/u],
    [
      'a field that nobody knows',
      'sources: [{id: a, url: "https://x.example/a", brnach: b}]',
      /the source a: .*brnach/u,
    ],
    ['an unknown kind', 'sources: [{id: a, kind: gopher, config: {}}]', /the source a: .*no kind of source "gopher"/u],
    ['a field of a kind that is missing', 'sources: [{id: a, kind: jira, config: {}}]', /the source a: "url"/u],
    ['two forms at once', 'sources: [{id: a, url: "https://x.example/a", config: {}}]', /the source a: takes one of/u],
    [
      'the short form of another kind',
      'sources: [{id: a, kind: jira, url: "https://x"}]',
      /the kind jira takes "config"/u,
    ],
    ['an id twice', 'sources: [{id: a, path: x}, {id: a, path: y}]', /the source a stands twice/u],
  ])('with %s is refused in one sentence', (_what, yaml, message) => {
    const parse = (): unknown => parseSources(yaml, 'sources.yaml');
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
  });

  it('with a secret in place of its reference is refused without it', () => {
    const config = '{url: "https://x.atlassian.net", projects: [A], email: "a@example.com", token: hunter2}';
    const parse = (): unknown => parseSources(`sources: [{id: a, kind: jira, config: ${config}}]`, 'sources.yaml');
    expect(parse).toThrow(/the source a: "token"/u);
    expect(parse).not.toThrow(/hunter2/u);
  });

  it('that is not there is named', async () => {
    await expect(readSourcesFile('/nowhere/sources.yaml')).rejects.toThrow(/\/nowhere\/sources\.yaml can't be read/u);
  });
});
