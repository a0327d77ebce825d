/** CODEOWNERS: who owns a component where its catalog entry does not say. The last line that matches wins. */
import { groupId, userId } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';

export const isCodeowners = (path: string): boolean => /^(?:\.github\/|\.gitlab\/|docs\/)?CODEOWNERS$/u.test(path);

interface Rule {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
  readonly line: number;
}

const escape = (text: string): string => text.replaceAll(/[.+^${}()|[\]\\]/gu, String.raw`\$&`);

/** As `.gitignore` writes patterns, without ranges. */
const patternOf = (glob: string): RegExp => {
  const isAnchored = glob.replace(/\/$/u, '').includes('/');
  const body = escape(glob.replace(/^\//u, '').replace(/\/$/u, ''))
    .replaceAll(/\*{2,}\/?/gu, '\u0000')
    .replaceAll(/\*+/gu, '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\u0000', '.*');
  return new RegExp(`${isAnchored ? '^' : '(?:^|/)'}${body}(?:/|$)`, 'u');
};

const ownerId = (owner: string): string => {
  const name = owner.replace(/^@/u, '');
  return owner.startsWith('@') && name.includes('/') ? groupId(name.slice(name.indexOf('/') + 1)) : userId(name);
};

const RULES_MAX = 5000;

/** A section of GitLab's, or a pattern so long that it names nothing. */
const isOdd = (glob: string): boolean => /^\^?\[/u.test(glob) || glob.length > 200 || glob.split('*').length > 12;

const readRules = (text: string): readonly Rule[] =>
  text
    .split('\n')
    .slice(0, RULES_MAX)
    .flatMap((raw, index): Rule[] => {
      const [glob, ...owners] = raw
        .replace(/(?:^|\s)#.*$/u, '')
        .trim()
        .split(/\s+/u);
      return glob === undefined || glob === '' || isOdd(glob)
        ? []
        : [{ pattern: patternOf(glob), owners, line: index + 1 }];
    });

export const emitCodeowners = (context: Context, { path, text }: RepositoryFile): void => {
  const rules = readRules(text);
  const facts = context.facts(path);
  for (const { id, directory } of context.owners.all) {
    const file = directory === '' ? 'catalog-info.yaml' : `${directory}/catalog-info.yaml`;
    const rule = rules.findLast(({ pattern }) => pattern.test(file) || pattern.test(directory));
    for (const owner of rule?.owners ?? []) {
      facts.edge(id, 'ownedBy', ownerId(owner), 'declared', [{ line: rule?.line ?? 1 }], { via: 'CODEOWNERS' });
    }
  }
};
