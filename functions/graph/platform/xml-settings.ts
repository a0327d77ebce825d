/** Settings in XML: `Web.config` of .NET, the contexts of Spring. Read line by line, so that a broken file still says what it says. */
import { type Context, give, place, type RepositoryFile } from '../repository/context.ts';
import { emitLiterals, emitUnresolved, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { emitHosts } from './hosts.ts';

export const isXmlSettings = (path: string): boolean =>
  /(?:^|\/)(?:web|app)(?:\.(?!debug|development|local|tests?)\w+)?\.config$|(?:^|\/)src\/main\/(?:resources|webapp)\/(?:[\w.-]+\/)*[\w.-]+\.xml$|(?:^|\/)(?:applicationContext|beans|spring)[\w.-]*\.xml$/iu.test(
    path,
  );

const LINE_CHARS_MAX = 4000;
const ATTRIBUTES =
  /\b(?:key|name|id)\s*=\s*["'](?<key>[\w.-]{1,100})["'][^<>]{0,200}?\bvalue\s*=\s*["'](?<value>[^"']{1,200})["']/u;
const ELEMENT = /<(?<key>[\w.:-]{1,100})>\s*(?<value>[^<>]{1,200}?)\s*<\//u;
const OWN = /\b(?<key>[\w-]*[Rr]egion[\w-]*)\s*=\s*["'](?<value>[^"']{1,200})["']/u;

/** Comments become empty lines, so that lines keep their numbers. */
const withoutComments = (text: string): string => {
  let rest = text;
  let found = '';
  for (let start = rest.indexOf('<!--'); start !== -1; start = rest.indexOf('<!--')) {
    const end = rest.indexOf('-->', start);
    const comment = end === -1 ? rest.slice(start) : rest.slice(start, end + 3);
    found += rest.slice(0, start) + comment.replaceAll(/[^\n]/gu, '');
    rest = end === -1 ? '' : rest.slice(end + 3);
  }
  return found + rest;
};

export const emitXmlSettings = (context: Context, { path, text }: RepositoryFile): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  withoutComments(text)
    .split('\n')
    .forEach((raw, index) => {
      const content = raw.slice(0, LINE_CHARS_MAX);
      const line = index + 1;
      const { key = '', value = '' } =
        [ATTRIBUTES, ELEMENT, OWN].map((pattern) => pattern.exec(content)?.groups).find((one) => one !== undefined) ??
        {};
      const region = regionOfSetting(key, value);
      if (region !== undefined) {
        facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [{ line }] });
        place(context, component, region);
        give(context, component, key);
      } else if (isRegionKey(key) && value.includes('${')) {
        emitUnresolved(context, facts, component, { expression: cutExpression(content.trim()), value, line });
      }
      emitLiterals(context, facts, content, line, { component });
      emitHosts(facts, component, content, line);
    });
};
