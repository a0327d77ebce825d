/**
 * HTML, and Confluence's storage format which is HTML with macros, as Markdown-like text: headings, lists, tables and code keep
 * their form, because the splitter cuts along headings. Pure; markup that is not closed or nested without end is survived.
 */
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';

type Node = DefaultTreeAdapterTypes.ChildNode;
type Element = DefaultTreeAdapterTypes.Element;

const DEPTH_MAX = 200;
const DROPPED: ReadonlySet<string> = new Set(['script', 'style', 'template', 'head', 'ac:parameter', 'ac:placeholder']);
const BLOCKS: ReadonlySet<string> = new Set(
  (
    'p div section article header footer main aside figure blockquote table tbody thead tr ul ol dl dt dd pre hr ' +
    'ac:structured-macro ac:rich-text-body ac:layout ac:layout-section ac:layout-cell ac:task-list ac:task'
  ).split(' '),
);
const HEADING = /^h[1-6]$/u;

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Storage format is XML: HTML's parser would end a CDATA section at its first `>` and never close `<ri:page/>`.
 */
const storageToHtml = (source: string): string =>
  source
    .replaceAll(/<!\[CDATA\[([\s\S]*?)\]\]>/gu, (_whole, text: string) => `<pre>${escapeText(text)}</pre>`)
    .replaceAll(/<((?:ac|ri|at):[a-z-]+)((?:\s[^<>]*)?)\/>/gu, '<$1$2></$1>');

class Writer {
  #text = '';

  /** A paragraph right behind its bullet stays on the bullet's line. */
  get #atBullet(): boolean {
    return this.#text === '- ' || this.#text.endsWith('\n- ');
  }

  block(): void {
    if (this.#text !== '' && !this.#text.endsWith('\n') && !this.#atBullet) {
      this.#text += '\n';
    }
  }

  gap(): void {
    this.block();
    if (this.#text !== '' && !this.#text.endsWith('\n\n') && !this.#atBullet) {
      this.#text += '\n';
    }
  }

  add(text: string): void {
    this.#text += text;
  }

  words(text: string): void {
    const plain = text.replaceAll(/\s+/gu, ' ');
    const atStart = this.#text === '' || /[\s]$/u.test(this.#text);
    this.#text += atStart ? plain.trimStart() : plain;
  }

  toString(): string {
    return this.#text
      .replaceAll(/[ \t]+\n/gu, '\n')
      .replaceAll(/\n{3,}/gu, '\n\n')
      .trim();
  }
}

const plainTextOf = (node: Node, depth = 0): string => {
  if ('value' in node) {
    return node.value;
  }
  return 'childNodes' in node && depth < DEPTH_MAX
    ? node.childNodes.map((child) => plainTextOf(child, depth + 1)).join('')
    : '';
};

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();

const cellsOf = (row: Element): string =>
  row.childNodes
    .filter((child) => child.nodeName === 'td' || child.nodeName === 'th')
    .map((cell) => oneLine(plainTextOf(cell)))
    .join(' | ');

const attributeOf = (element: Element, name: string): string =>
  element.attrs.find((attribute) => attribute.name === name)?.value ?? '';

const FENCE = '```';

const writeChildren = (writer: Writer, nodes: readonly Node[], depth: number): void => {
  for (const node of nodes) {
    writeNode(writer, node, depth);
  }
};

const writeElement = (writer: Writer, element: Element, depth: number): void => {
  const name = element.tagName;
  if (HEADING.test(name)) {
    writer.gap();
    writer.add(`${'#'.repeat(Number(name.slice(1)))} ${oneLine(plainTextOf(element))}`);
    writer.gap();
  } else if (name === 'pre') {
    writer.gap();
    writer.add(`${FENCE}\n${plainTextOf(element).replace(/\n$/u, '')}\n${FENCE}`);
    writer.gap();
  } else if (name === 'li') {
    writer.block();
    writer.add('- ');
    writeChildren(writer, element.childNodes, depth);
    writer.block();
  } else if (name === 'tr') {
    writer.block();
    writer.add(cellsOf(element));
    writer.block();
  } else if (name === 'br') {
    writer.add('\n');
  } else if (name === 'ri:page' && element.childNodes.length === 0) {
    writer.words(attributeOf(element, 'ri:content-title'));
  } else if (BLOCKS.has(name)) {
    writer.gap();
    writeChildren(writer, element.childNodes, depth);
    writer.gap();
  } else {
    writeChildren(writer, element.childNodes, depth);
  }
};

const writeNode = (writer: Writer, node: Node, depth: number): void => {
  if (node.nodeName === '#text' && 'value' in node) {
    writer.words(node.value);
  } else if ('tagName' in node && !DROPPED.has(node.tagName) && depth < DEPTH_MAX) {
    writeElement(writer, node, depth + 1);
  }
};

export const htmlToText = (source: string): string => {
  const writer = new Writer();
  writeChildren(writer, parseFragment(storageToHtml(source)).childNodes, 0);
  return writer.toString();
};
