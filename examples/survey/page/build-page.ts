/**
 * Makes the page: one HTML file with script, style and the Regions' addresses in it, for any static host or none. Its policy
 * lets exactly this script run and exactly these addresses be asked.
 *
 *   node examples/survey/page/build-page.ts --region us-east-2=https://twinmap1.example.com \
 *     --region us-west-2=https://twinmap2.example.com --survey lunch --question "Lunch?" --choice soup=Soup --out survey.html
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import type { PageConfig } from './page.ts';

const read = async (name: string): Promise<string> => readFile(path.join(import.meta.dirname, name), 'utf8');

const bundle = async (config: PageConfig): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'page.ts')],
    define: { CONFIG: JSON.stringify(config) },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    tsconfigRaw: {},
  });
  return outputFiles[0]?.text ?? '';
};

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const htmlText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export const buildPage = async (config: PageConfig): Promise<string> => {
  const [script, style, html] = await Promise.all([bundle(config), read('page.css'), read('page.html')]);
  const origins = config.regions.map(({ endpoint }) => new URL(endpoint).origin).join(' ');
  const parts: Readonly<Record<string, string>> = {
    POLICY: `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; connect-src ${origins}; base-uri 'none'; form-action 'none'`,
    QUESTION: htmlText(config.question),
    STYLE: style,
    SCRIPT: script,
  };
  // The hashes are of the exact bytes between the tags, so the template's own indentation goes.
  return html.replaceAll(/\s*__(?<part>STYLE|SCRIPT)__;?\s*|__(?<text>POLICY|QUESTION)__/gu, (_all, part, text) =>
    String(parts[String(part ?? text)]),
  );
};

const pairsOf = (texts: readonly string[]): readonly (readonly [string, string])[] =>
  texts.map((text) => {
    const [name = '', ...rest] = text.split('=');
    return [name, rest.join('=') || name];
  });

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      region: { type: 'string', multiple: true, default: [] },
      survey: { type: 'string', default: 'lunch' },
      question: { type: 'string', default: 'What shall we have for lunch?' },
      choice: { type: 'string', multiple: true, default: ['soup=Soup', 'salad=Salad', 'pizza=Pizza'] },
      out: { type: 'string', default: 'survey.html' },
    },
  });
  const { survey, question, out } = values;
  const regions = pairsOf(values.region).map(([id, endpoint]) => ({ id, endpoint }));
  const choices = pairsOf(values.choice).map(([id, label]) => ({ id, label }));
  if (regions.length === 0 || regions.some(({ endpoint }) => !URL.canParse(endpoint))) {
    process.stderr.write('Write --region us-east-2=https://… for each Region, the preferred one first.\n');
    process.exitCode = 64;
    return;
  }
  await writeFile(out, await buildPage({ survey, question, choices, regions }));
};

if (import.meta.main) {
  await main();
}
