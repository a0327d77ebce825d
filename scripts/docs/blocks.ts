/** Generated parts of hand-written pages: what stands between two comments is replaced, everything else is left alone. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import { ConfigError } from '../../functions/domain/errors.ts';
import { countsOf } from './cost-model.ts';
import { costText } from './cost-text.ts';
import { drillText, LAST_DRILL } from './drill-text.ts';
import { roleText } from './role-text.ts';

const begin = (name: string): string => `<!-- generated: ${name} (npm run docs) -->`;
const end = (name: string): string => `<!-- end: ${name} -->`;

export const replaceBlock = (page: string, name: string, body: string): string => {
  const [from, to] = [page.indexOf(begin(name)), page.indexOf(end(name))];
  if (from === -1 || to < from) {
    throw new ConfigError(`the page has no part between "${begin(name)}" and "${end(name)}"`);
  }
  return `${page.slice(0, from)}${begin(name)}\n\n${body}\n\n${page.slice(to)}`;
};

interface Block {
  readonly file: string;
  readonly name: string;
  readonly body: (root: string) => Promise<string>;
  /** A page that may do without it. */
  readonly isOptional?: boolean;
}

/** Undefined where no drill is recorded. */
const lastDrill = async (root: string): Promise<string | undefined> => {
  try {
    return await readFile(path.join(root, LAST_DRILL), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
};

const BLOCKS: readonly Block[] = [
  {
    file: 'docs/deploy.md',
    name: 'costs',
    body: async (root) => costText(countsOf(await readFile(path.join(root, 'docs/inventory.md'), 'utf8'))),
  },
  { file: 'docs/security.md', name: 'roles', body: async () => roleText() },
  { file: 'docs/drill.md', name: 'drill', body: async (root) => drillText(await lastDrill(root)) },
  { file: 'README.md', name: 'drill', isOptional: true, body: async (root) => drillText(await lastDrill(root)) },
];

export interface GeneratedPage {
  readonly file: string;
  readonly text: string;
  readonly isStale: boolean;
}

/** The pages as they have to be. */
export const generatePages = async (root: string): Promise<readonly GeneratedPage[]> =>
  Promise.all(
    BLOCKS.map(async ({ file, name, body, isOptional = false }) => {
      const full = path.join(root, file);
      const page = await readFile(full, 'utf8');
      if (isOptional && !page.includes(begin(name))) {
        return { file, text: page, isStale: false };
      }
      const options = (await resolveConfig(full)) ?? {};
      const text = await format(replaceBlock(page, name, await body(root)), { ...options, filepath: full });
      return { file, text, isStale: text !== page };
    }),
  );
