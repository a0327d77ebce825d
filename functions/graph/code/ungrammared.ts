/**
 * Source code of languages that no parser here reads: Kotlin, Scala, Groovy, Swift and others. ARNs and hosts mean the same in
 * every language; that a client is told a Region is only guessed from the line, so it is UNKNOWN with that Region as a hint.
 */
import { cutExpression } from '../facts/expression-text.ts';
import { emitHosts } from '../platform/hosts.ts';
import { isRegion, REGION_PATTERN, regionOfConstant } from '../region/names.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';

export const isUngrammaredPath = (path: string): boolean =>
  /\.(?:kt|scala|groovy|swift|dart|exs?|clj|fs|vb|cpp|cc)$/u.test(path);

const AWS = /\baws|amazon/iu;
const LINE_CHARS_MAX = 2000;
const STRINGS = /"(?<inner>[^"\\]{3,512})"/gu;
const NAMED = /\b(?:Regions?|RegionEndpoint)(?:\.|::)(?<name>[A-Za-z]\w{4,})/gu;
const QUOTED = new RegExp(`["':](?<region>${REGION_PATTERN})(?![\\w-])`, 'gu');
const TELLER = /\b(?:log|logger|println|print|info|warn|error|debug|trace|require|check|assert\w*)\b\s*[(.{]/iu;

/** Lines without what is only remarked; a comment may go over many. */
const withoutComments = (text: string): readonly string[] => {
  let isInside = false;
  return text.split('\n').map((raw) => {
    const line = raw.length > LINE_CHARS_MAX ? '' : raw;
    const opened = isInside ? 0 : line.indexOf('/*');
    const closed = opened < 0 ? -1 : line.indexOf('*/', opened);
    const before = opened < 0 ? line : line.slice(0, opened);
    isInside = opened >= 0 && closed < 0;
    return `${before}${closed < 0 ? '' : line.slice(closed + 2)}`.replace(/(?:^|\s)(?:\/\/|#|;;).*$/u, '');
  });
};

/** The one Region that a line tells somebody; of a list nobody knows. */
const toldIn = (line: string): string | undefined => {
  const named = [...line.matchAll(NAMED)].flatMap(({ groups }) => regionOfConstant(groups?.['name'] ?? '') ?? []);
  const quoted = [...line.matchAll(QUOTED)].map(({ groups }) => groups?.['region'] ?? '').filter(isRegion);
  const isOption = named.length > 0 || /region/iu.test(line);
  const all = [...new Set([...named, ...quoted])];
  return isOption && all.length === 1 && !TELLER.test(line) ? all[0] : undefined;
};

export const emitUngrammared = (context: Context, { path, text }: RepositoryFile): void => {
  if (!AWS.test(text)) {
    return;
  }
  const facts = context.facts(path);
  const component = context.owners.of(path);
  withoutComments(text).forEach((content, index) => {
    const line = index + 1;
    const hint = toldIn(content);
    if (hint !== undefined) {
      const expression = cutExpression(content.trim());
      const at = [{ line }];
      facts.tie({ from: component, region: undefined, tie: 'runtime', level: 'literal', at, expression, hint });
    }
    for (const { groups } of content.matchAll(STRINGS)) {
      emitLiterals(context, facts, groups?.['inner'] ?? '', line, { component });
      emitHosts(facts, component, groups?.['inner'] ?? '', line);
    }
  });
};
