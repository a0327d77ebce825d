/** Runbooks and decision records: prose that somebody needs in an incident. It is linked to components and makes no dependency. */
import { componentId } from '../facts/vocabulary.ts';
import { cutExpression } from '../facts/expression-text.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';

const ENDING = /\.(?:md|markdown|mdx|adoc|asciidoc|rst|txt)$/iu;
const RUNBOOK =
  /(?:^|\/)(?:run-?books?|play-?books?|operations|oncall|on-call|sops?)\/|(?:^|\/)[^/]*(?:run-?book|play-?book|failover|disaster-recovery)[^/]*$/iu;
const DECISION =
  /(?:^|\/)(?:adrs?|decisions?|decision-records|architecture-decisions|rfcs?)\/|(?:^|\/)adr-?\d+[^/]*$/iu;

export const isDocumentPath = (path: string): boolean =>
  ENDING.test(path) &&
  (RUNBOOK.test(path) || DECISION.test(path)) &&
  !/(?:^|\/)(?:readme|index|template|0000-)[^/]*$/iu.test(path);

const HEAD_LINES = 60;
const LINE_CHARS_MAX = 500;

const titleOf = (lines: readonly string[]): string | undefined => {
  const heading = lines.findIndex(
    (line, at) => /^(?:#|=)\s+\S/u.test(line) || /^(?:={3,}|-{3,}|\*{3,})\s*$/u.test(lines[at + 1] ?? ''),
  );
  return heading === -1 ? undefined : lines[heading]?.replace(/^[#=]+\s*/u, '').trim();
};

const frontMatter = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const end = /^---\s*$/u.test(lines[0] ?? '') ? lines.findIndex((line, at) => at > 0 && /^---\s*$/u.test(line)) : -1;
  return new Map(
    lines.slice(1, Math.max(1, end)).flatMap((line): [string, string][] => {
      const { key, value } = /^(?<key>[\w-]+):\s*(?<value>.*)$/u.exec(line)?.groups ?? {};
      return key === undefined ? [] : [[key.toLowerCase(), (value ?? '').trim()]];
    }),
  );
};

/** `Status: Accepted`, `* Status: accepted`, or a heading with the word below it. */
const statusOf = (lines: readonly string[], fields: ReadonlyMap<string, string>): string | undefined => {
  const inline = lines
    .map((line) => /^\W*status\W*[:|]\W*(?<status>[A-Za-z][\w -]*)/iu.exec(line)?.groups?.['status'])
    .find((status) => status !== undefined);
  const heading = lines.findIndex((line) => /^[#=]+\s*status\s*$/iu.test(line));
  const below = heading === -1 ? undefined : lines.slice(heading + 1).find((line) => line.trim() !== '');
  return fields.get('status') ?? inline ?? below?.trim();
};

const listOf = (text: string): readonly string[] =>
  text
    .replaceAll(/[[\]"']/gu, '')
    .split(/[,\s]+/u)
    .filter((word) => word !== '');

const ABOUT = ['component', 'components', 'service', 'services', 'applies-to'];

/** What the document says it is about; else its own component; and in a repository of runbooks, the one it is named after. */
const subjectsOf = (context: Context, path: string, fields: ReadonlyMap<string, string>): readonly string[] => {
  const named = ABOUT.flatMap((key) => listOf(fields.get(key) ?? '')).map((name) =>
    context.owners.named(name.replace(/^component:(?:default\/)?/u, '')),
  );
  if (named.length > 0) {
    return named;
  }
  const base = (path.split('/').at(-1) ?? '')
    .replace(ENDING, '')
    .toLowerCase()
    .replaceAll(/[-_. ]?(?:run-?book|play-?book|failover)[-_. ]?/gu, '');
  const own = context.owners.of(path);
  return base === '' || !/^[a-z][\w-]*$/u.test(base) ? [own] : [own, componentId(base)];
};

const WORKAROUND =
  /^(?:#+|=+)\s*(?<heading>.*(?:work-?around|fail-?over|mitigation|degraded|region|when .* (?:is down|fails)).*)$/iu;

export const emitDocument = (context: Context, { path, text }: RepositoryFile): void => {
  const lines = text.split('\n').map((line) => line.slice(0, LINE_CHARS_MAX));
  const head = lines.slice(0, HEAD_LINES);
  const fields = frontMatter(head);
  const kind = DECISION.test(path) && !RUNBOOK.test(path) ? 'decision' : 'runbook';
  const id = `${kind}:${context.input.repository}/${path}`;
  const section = lines.findIndex((line) => WORKAROUND.test(line));
  const status = kind === 'decision' ? statusOf(head, fields) : fields.get('status');
  const facts = context.facts(path);
  facts.node({
    id,
    name: cutExpression(fields.get('title') ?? titleOf(head) ?? path),
    attributes: {
      path,
      repository: context.input.repository,
      status: status === undefined ? undefined : cutExpression(status),
      section:
        section === -1 ? undefined : cutExpression(WORKAROUND.exec(lines[section] ?? '')?.groups?.['heading'] ?? ''),
      sectionLine: section === -1 ? undefined : String(section + 1),
    },
    at: { line: 1 },
  });
  for (const subject of subjectsOf(context, path, fields)) {
    facts.edge(id, 'documents', subject, 'prose', [{ line: 1 }]);
  }
};
