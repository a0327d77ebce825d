/**
 * Sets of English prose from what a Debian machine has: its manual pages and the descriptions of packages. What a page says of
 * itself in one line is the question, the rest of the page is the document, and only that page is relevant: nothing of the search
 * took part in the judgement. As `paragraphs`, the question is a whole paragraph that was taken out of its document.
 */
import { createReadStream } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';

export interface Page {
  readonly id: string;
  /** What it says of itself in one line. */
  readonly line: string;
  readonly paragraphs: readonly string[];
}

export interface MadeSet {
  readonly documents: readonly { readonly _id: string; readonly title: string; readonly text: string }[];
  readonly questions: readonly { readonly _id: string; readonly text: string }[];
  readonly relevant: readonly (readonly [question: string, document: string])[];
}

/** `\fBtar\fR \-\-list` is `tar --list`. */
const plainRoff = (line: string): string =>
  line
    .replaceAll(/\\f(?:\[[^\]]*\]|\(..|.)/gu, '')
    .replaceAll(/\\s[-+]?\d+/gu, '')
    .replaceAll(/\\\*?\((?:aq|cq|oq)/gu, "'")
    .replaceAll(/\\\((?:lq|rq|dq)/gu, '"')
    .replaceAll(/\\\*?(?:\[[^\]]*\]|\(..)/gu, ' ')
    .replaceAll(/\\[&|^/,:%c]/gu, '')
    .replaceAll(/\\(?<kept>[-e .'`])/gu, '$<kept>')
    .replaceAll(/\\"[^\n]*/gu, '');

const FONTED = /^\.(?:B|I|BR|BI|IB|IR|RB|RI|SB|SM|Nm|Nd|Fl|Ar|Pa|Cm|Xr|Dq|Sq|Em|Sy|Li|Op)\s+(?<words>.+)$/u;
const HEADING = /^\.S[HShs]\s+(?<name>.+)$/u;
const BREAK = /^\.(?:PP|P|LP|sp|TP|IP|Pp|It|HP|RS|RE|br)\b/u;

const unquoted = (text: string): string => text.replaceAll('"', '').trim();

/** The text of a page in manual macros, by section. Tables and drawings are left out. */
const readSections = (source: string): ReadonlyMap<string, readonly string[]> => {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  let open = '';
  const close = (): void => {
    if (open.trim() !== '') {
      current.push(open.trim());
    }
    open = '';
  };
  for (const line of source.split('\n')) {
    const heading = HEADING.exec(line)?.groups?.['name'];
    const words = FONTED.exec(line)?.groups?.['words'] ?? (/^[.']/u.test(line) ? undefined : line);
    if (heading !== undefined) {
      close();
      const name = unquoted(plainRoff(heading));
      current = /^\.S[Hh]/u.test(line) ? [] : current;
      sections.set(/^\.S[Hh]/u.test(line) ? name.toUpperCase() : `${sections.size}`, current);
    } else if (BREAK.test(line) || line.trim() === '') {
      close();
    } else if (words !== undefined) {
      open += ` ${unquoted(plainRoff(words))}`;
    }
  }
  close();
  return sections;
};

const DESCRIBED = /\s-+\s+(?<line>.+)$/u;

const readManual = (id: string, source: string): Page | undefined => {
  const sections = readSections(source);
  const line = DESCRIBED.exec((sections.get('NAME') ?? []).join(' '))?.groups?.['line'];
  const paragraphs = [...new Set([...sections].filter(([name]) => name !== 'NAME').flatMap(([, own]) => own))];
  return line === undefined || paragraphs.length === 0 ? undefined : { id, line, paragraphs };
};

/** Pages of one program family with thousands of members would be half of the set. */
const FAMILY_MAX = 150;

export const readManuals = async (folder: string): Promise<readonly Page[]> => {
  const files: string[] = [];
  for await (const file of glob('man[1-8]/*.gz', { cwd: folder })) {
    files.push(file);
  }
  const families = new Map<string, number>();
  const pages: Page[] = [];
  for (const file of files.toSorted()) {
    const family = /\/(?<name>[^_.-]+)/u.exec(file)?.groups?.['name'] ?? file;
    const count = (families.get(family) ?? 0) + 1;
    families.set(family, count);
    const page =
      count > FAMILY_MAX
        ? undefined
        : readManual(file.replace(/\.gz$/u, ''), gunzipSync(await readFile(`${folder}/${file}`)).toString('utf8'));
    if (page !== undefined) {
      pages.push(page);
    }
  }
  return pages;
};

/** `Package:`, `Description-en:` and its indented lines, as `Translation-en` and `apt-cache show` have them. */
export const readPackages = async (file: string): Promise<readonly Page[]> => {
  const pages: Page[] = [];
  let id = '';
  let line = '';
  let paragraphs: string[] = [''];
  const close = (): void => {
    const own = paragraphs.map((one) => one.trim()).filter((one) => one !== '');
    if (id !== '' && line !== '' && own.length > 0) {
      pages.push({ id, line, paragraphs: own });
    }
    [id, line, paragraphs] = ['', '', ['']];
  };
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const [, name, value] = /^(?<name>[A-Za-z0-9-]+): (?<value>.*)$/u.exec(text) ?? [];
    if (text === '') {
      close();
    } else if (name === 'Package') {
      id = value ?? '';
    } else if (name?.startsWith('Description-en') === true || name === 'Description') {
      line = value ?? '';
    } else if (text === ' .') {
      paragraphs.push('');
    } else if (text.startsWith(' ') && line !== '') {
      paragraphs[paragraphs.length - 1] += `${text.slice(text.startsWith('  ') ? 0 : 1)}\n`;
    }
  }
  close();
  return pages;
};

/** Packages of one source and pages of one command repeat each other: of those that begin alike the first is kept. */
const withoutTwins = (pages: readonly Page[]): readonly Page[] => {
  const seen = new Set<string>();
  return pages.filter(({ line, paragraphs }) => {
    const names = [line, (paragraphs[0] ?? '').slice(0, 120)];
    const isTwin = names.some((name) => seen.has(name));
    for (const name of names) {
      seen.add(name);
    }
    return !isTwin;
  });
};

const PARAGRAPH_WORDS_MIN = 60;
const LINE_WORDS_MIN = 3;

const wordsIn = (text: string): number => text.split(/\s+/u).length;

/** A stride, not a chance: the same questions every time. */
const spread = <T>(all: readonly T[], countMax: number): readonly T[] =>
  all.filter((_, at) => Math.floor((at * countMax) / all.length) !== Math.floor(((at - 1) * countMax) / all.length));

export const makeSet = (all: readonly Page[], asked: 'lines' | 'paragraphs', questionsMax: number): MadeSet => {
  const pages = withoutTwins(all);
  const partOf = ({ line, paragraphs }: Page): string | undefined => {
    if (asked === 'lines') {
      return wordsIn(line) < LINE_WORDS_MIN ? undefined : line;
    }
    return paragraphs.length < 2 ? undefined : paragraphs.find((one) => wordsIn(one) >= PARAGRAPH_WORDS_MIN);
  };
  const picked = spread(
    pages.flatMap((page) => {
      const text = partOf(page);
      return text === undefined ? [] : [{ page, text }];
    }),
    questionsMax,
  );
  const taken = new Map(picked.map(({ page, text }) => [page.id, text]));
  return {
    documents: pages.map((page) => ({
      _id: page.id,
      title: '',
      text: page.paragraphs.filter((one) => one !== taken.get(page.id)).join('\n\n'),
    })),
    questions: picked.map(({ page, text }) => ({ _id: `q-${page.id}`, text })),
    relevant: picked.map(({ page }) => [`q-${page.id}`, page.id]),
  };
};
