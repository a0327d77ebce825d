/** infra/README.md can't lie: every file of the program is in it, and everything that it names exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { RULES } from '../../infra/policy/rules.ts';
import { REPOSITORY } from './complete-settings.ts';

const README = readFileSync(path.join(REPOSITORY, 'infra/README.md'), 'utf8');
const SCRIPTS = (
  JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

const byText = (left: string, right: string): number => left.localeCompare(right);

const rowsOf = (title: string): readonly (readonly string[])[] => {
  const [, section = ''] = README.split(`\n## ${title}\n`);
  const [body = ''] = section.split('\n## ');
  return body
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll(/^`|`$/gu, '')));
};

const files = readdirSync(path.join(REPOSITORY, 'infra'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(REPOSITORY, path.join(entry.parentPath, entry.name)))
  .filter((file) => file !== 'infra/README.md');

describe('infra/README.md', () => {
  it('names every file of the program once, with what it holds, and no other', () => {
    const rows = rowsOf('Layout');
    expect(rows.map(([, file = '']) => file).toSorted(byText)).toEqual(files.toSorted(byText));
    expect(rows.filter(([, , holds = '']) => holds.length < 5)).toEqual([]);
  });

  it('names every rule of the pack in its own words', () => {
    const rows = rowsOf('The policy pack').map(([, name, says]) => ({ name, description: says }));
    expect(rows).toEqual(RULES.map(({ name, description }) => ({ name, description })));
  });

  it('shows only scripts that exist', () => {
    const named = [...README.matchAll(/npm run (?<name>[\w:-]+)/gu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(new Set(named).size).toBeGreaterThan(3);
    expect(named.filter((name) => SCRIPTS[name] === undefined)).toEqual([]);
  });

  it('names only paths that exist, but for what is built', () => {
    const named = [...README.matchAll(/`(?<name>(?:infra|local|docs|Pulumi\.)[\w./-]*)`/gu)].map(
      ({ groups }) => groups?.['name'] ?? '',
    );
    expect(named.length).toBeGreaterThan(files.length);
    expect(named.filter((name) => !existsSync(path.join(REPOSITORY, name)))).toEqual([]);
  });
});
