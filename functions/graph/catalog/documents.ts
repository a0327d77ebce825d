/** Runbooks and decision records: prose that somebody needs in an incident. It is linked to components and makes no dependency. */
import { cutExpression } from '../facts/expression-text.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { isRegion, withoutRegion } from '../region/names.ts';

const ENDING = /\.(?:md|markdown|mdx|adoc|asciidoc|rst|txt)$/iu;
const RUNBOOK =
  /(?:^|\/)(?:run-?books?|play-?books?|operations|ops|oncall|on-call|sops?|incidents?|procedures?|emergency|disaster-recovery|dr|notfall[\w-]*|betrieb[\w-]*|workarounds?)\/|(?:^|\/)[^/]*(?:run-?book|play-?book|failover|disaster-recovery|workaround|notfall|ausfall)[^/]*$/iu;
const DECISION =
  /(?:^|\/)(?:adrs?|decisions?|decision-records|architecture-decisions|rfcs?|entscheidungen)\/|(?:^|\/)adr-?\d+[^/]*$/iu;

export const isDocumentPath = (path: string): boolean =>
  ENDING.test(path) &&
  (RUNBOOK.test(path) || DECISION.test(path)) &&
  !/(?:^|\/)(?:readme|index|template|0000-)[^/]*$/iu.test(path);

const HEAD_LINES = 60;
const LINE_CHARS_MAX = 500;

interface Heading {
  readonly text: string;
  /** From 0. */
  readonly at: number;
  /** Where what stands below it begins. */
  readonly below: number;
}

const UNDERLINE = /^(?:={3,}|-{3,}|\*{3,}|~{3,}|\^{3,}|#{3,})\s*$/u;

/** `# X` of Markdown, `== X` of AsciiDoc, and what is underlined in reStructuredText and Markdown. */
const headingsOf = (lines: readonly string[]): readonly Heading[] => {
  const start = endOfFrontMatter(lines) + 1;
  return lines.flatMap((line, at): Heading[] => {
    const marked = /^(?:#+|=+)\s+(?<text>\S.*)$/u.exec(line)?.groups?.['text'];
    if (at >= start && marked !== undefined) {
      return [{ text: marked.replace(/\s+#+\s*$/u, '').trim(), at, below: at + 1 }];
    }
    const isUnderlined = UNDERLINE.test(lines[at + 1] ?? '') && /^[^\s|>*-]/u.test(line);
    return at >= start && isUnderlined ? [{ text: line.trim(), at, below: at + 2 }] : [];
  });
};

const endOfFrontMatter = (lines: readonly string[]): number =>
  /^(?:---|\+\+\+)\s*$/u.test(lines[0] ?? '')
    ? lines.findIndex((line, at) => at > 0 && /^(?:---|\+\+\+)\s*$/u.test(line))
    : -1;

/** Items below a key, as YAML writes a list. */
const itemsBelow = (lines: readonly string[], key: number): string => {
  const items = lines.slice(key + 1);
  const end = items.findIndex((line) => !/^\s*-\s/u.test(line));
  return items
    .slice(0, end === -1 ? items.length : end)
    .map((line) => line.replace(/^\s*-\s+/u, ''))
    .join(', ');
};

/** Front matter; the attributes of AsciiDoc and the fields of reStructuredText, `:component: orders`; and `**Service:** orders`. */
const fieldsOf = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const end = endOfFrontMatter(lines);
  const front = lines.slice(0, Math.max(0, end));
  const found = front.flatMap((line, at): [string, string][] => {
    const { key, value = '' } = /^(?<key>[\w-]+)\s*[:=]\s*(?<value>.*)$/u.exec(line)?.groups ?? {};
    return key === undefined ? [] : [[key.toLowerCase(), value.trim() === '' ? itemsBelow(front, at) : value.trim()]];
  });
  const inline = lines.slice(Math.max(0, end + 1)).flatMap((line): [string, string][] => {
    const { key, value = '' } =
      /^:(?<key>[A-Za-z][\w-]*):\s+(?<value>\S.*)$/u.exec(line)?.groups ??
      /^[\s|*_-]*(?<key>[A-Za-zÄÖÜäöüß][\w-]*)(?:\*\*|__)?\s*[:|](?:\*\*|__)?\s*(?<value>[^|]*\S)/u.exec(line)
        ?.groups ??
      {};
    const word = key?.toLowerCase() ?? '';
    return line.startsWith(':') || ABOUT.has(word) ? [[word, value.trim()]] : [];
  });
  return new Map([...inline.toReversed(), ...found]);
};

/** `Status: Accepted`, `* Status: accepted`, or a heading with the word below it. */
const statusOf = (lines: readonly string[], fields: ReadonlyMap<string, string>): string | undefined => {
  const inline = lines
    .map((line) => /^\W*status\W*[:|]\W*(?<status>[\p{L}][^|]*)/iu.exec(line)?.groups?.['status'])
    .find((status) => status !== undefined);
  const heading = headingsOf(lines).find(({ text }) => /^status$/iu.test(text));
  const below = heading === undefined ? undefined : lines.slice(heading.below).find((line) => line.trim() !== '');
  return fields.get('status') ?? fields.get('statut') ?? inline?.trim() ?? below?.trim();
};

/** `superseded by [ADR-2](0002-x.md)` is read in one line: the name of the link is enough there. */
const withoutMarks = (text: string): string =>
  unquoted(text.replaceAll(/\[(?<name>[^\]]*)\]\([^)]*\)/gu, '$<name>').replaceAll(/[*`]/gu, '')).trim();

const unquoted = (text: string): string => text.replaceAll(/^["']|["']$/gu, '');

const listOf = (text: string): readonly string[] =>
  text
    .replaceAll(/[[\]"']/gu, '')
    .split(/[,\s]+/u)
    .filter((word) => word !== '');

const ABOUT: ReadonlySet<string> = new Set([
  'component',
  'components',
  'service',
  'services',
  'applies-to',
  'affects',
  'system',
  'komponente',
  'komponenten',
  'dienst',
  'dienste',
  'betrifft',
  'composant',
  'composants',
  'servicio',
  'servicios',
]);

const MENTIONS_MAX = 40;
const MENTION =
  /`(?<quoted>[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)`|(?<![\w./-])(?<plain>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)(?![\w/-])/gu;

/** Names in the text: of documents that stand in no component's repository, the only word on what they are about. */
const mentionsOf = (title: string, lines: readonly string[]): readonly string[] => {
  const words = title.toLowerCase().match(/[a-z][a-z0-9-]{2,}/gu) ?? [];
  const named = lines.flatMap((line) =>
    [...line.matchAll(MENTION)].map(({ groups }) => groups?.['quoted'] ?? groups?.['plain'] ?? ''),
  );
  return [...new Set([...words, ...named])].filter((name) => !isRegion(name)).slice(0, MENTIONS_MAX);
};

/** What the document says it is about; else its own component; and in a repository of runbooks, the one it is named after. */
const subjectsOf = (
  context: Context,
  path: string,
  fields: ReadonlyMap<string, string>,
  mentions: () => readonly string[],
): readonly string[] => {
  const named = [...ABOUT]
    .flatMap((key) => listOf(fields.get(key) ?? ''))
    .map((name) => context.owners.named(name.replaceAll(/^component:(?:default\/)?|^[`*]+|[`*]+$/gu, '')));
  if (named.length > 0) {
    return [...new Set(named)];
  }
  const base = withoutRegion(
    (path.split('/').at(-1) ?? '')
      .replace(ENDING, '')
      .toLowerCase()
      .replaceAll(/[-_. ]?(?:run-?book|play-?book|failover)[-_. ]?/gu, ''),
  );
  const own = context.owners.of(path);
  const more = context.owners.isDeclared(own) ? [] : mentions();
  const all = [...(/^[a-z][\w-]*$/u.test(base) ? [base] : []), ...more];
  return [...new Set([own, ...all.map((name) => context.owners.named(name))])];
};

const WORKAROUND =
  /work-?around|fail-?over|mitigation|degraded|region|when .* (?:is down|fails)|umgehung|ausfall|notfall|notbetrieb|ersatzbetrieb|contournement|bascul|panne|conmutaci|contingencia|contorno|回避|障害|故障|切换/iu;

export const emitDocument = (context: Context, { path, text }: RepositoryFile): void => {
  const lines = text.split('\n').map((line) => line.slice(0, LINE_CHARS_MAX));
  const head = lines.slice(0, HEAD_LINES);
  const fields = fieldsOf(head);
  const headings = headingsOf(lines);
  const kind = DECISION.test(path) && !RUNBOOK.test(path) ? 'decision' : 'runbook';
  const id = `${kind}:${context.input.repository}/${path}`;
  const [first] = headings;
  // The title names the document; a section of it is what somebody wants to be taken to.
  const section =
    headings.find((one) => one !== first && WORKAROUND.test(one.text)) ??
    headings.find((one) => WORKAROUND.test(one.text));
  const title = unquoted(fields.get('title') ?? '') || (first?.text ?? path);
  const status = kind === 'decision' ? statusOf(head, fields) : (fields.get('status') ?? fields.get('statut'));
  const facts = context.facts(path);
  facts.node({
    id,
    name: cutExpression(title),
    attributes: {
      path,
      repository: context.input.repository,
      status: status === undefined ? undefined : cutExpression(withoutMarks(status)),
      section: section === undefined ? undefined : cutExpression(section.text),
      sectionLine: section === undefined ? undefined : String(section.at + 1),
    },
    at: { line: 1 },
  });
  for (const subject of subjectsOf(context, path, fields, () => mentionsOf(title, lines))) {
    facts.edge(id, 'documents', subject, 'prose', [{ line: 1 }]);
  }
};
