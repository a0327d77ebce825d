/** Markdown and plain text: cut by heading, blocks kept whole, breadcrumbs that say where a chunk stands. */
import { describe, expect, it } from 'vitest';

import { splitDocument, type SplitChunk } from '../../../../functions/ingest/split/split-document.ts';

const words = (chars: number): string =>
  'lorem ipsum '
    .repeat(Math.ceil(chars / 12))
    .slice(0, chars - 1)
    .concat('.');

const split = (text: string, path = 'docs/guide.md'): readonly SplitChunk[] =>
  splitDocument({ sourceName: 'shop', path, text }).chunks;

const breadcrumbs = (text: string, path?: string): readonly string[] =>
  split(text, path).map((chunk) => chunk.breadcrumb);

const title = (text: string, path = 'docs/guide.md'): string => splitDocument({ sourceName: '', path, text }).title;

const longHeading = (level: number): string => `${'#'.repeat(level)} ${'h'.repeat(70)}${level}\n\n`;

describe('a Markdown document', () => {
  it('is one chunk when it is short', () => {
    expect(split('# Guide\n\nHello.\n\n## Setup\n\nRun it.\n')).toEqual([
      {
        breadcrumb: 'shop > docs/guide.md > Guide',
        heading: 'Guide',
        text: '# Guide\n\nHello.\n\n## Setup\n\nRun it.',
        startLine: 1,
        endLine: 7,
      },
    ]);
  });

  it('is cut by its headings, each chunk under its own path', () => {
    const text = `# Guide\n\n${words(900)}\n\n## Setup\n\n${words(900)}\n\n### Keys\n\n${words(900)}\n\n## Use\n\n${words(900)}\n`;
    expect(breadcrumbs(text)).toEqual([
      'shop > docs/guide.md > Guide',
      'shop > docs/guide.md > Guide > Setup',
      'shop > docs/guide.md > Guide > Setup > Keys',
      'shop > docs/guide.md > Guide > Use',
    ]);
  });

  it('names the small sections that share a chunk', () => {
    const text = `# G\n\n${words(1400)}\n\n## A\n\n${words(500)}\n\n## B\n\n${words(500)}\n\n## C\n\n${words(1500)}\n`;
    expect(breadcrumbs(text)).toEqual([
      'shop > docs/guide.md > G',
      'shop > docs/guide.md > G > A, B',
      'shop > docs/guide.md > G > C',
    ]);
  });

  it.each([
    ['ATX', '## Setup ##'],
    ['indented ATX', '   ## Setup'],
    ['setext', 'Setup\n-----'],
    ['marked-up', '## **Setup** '],
    ['linked', '## [Setup](https://example.com/a_b)'],
  ])('knows an %s heading', (_form, heading) => {
    const text = `# Guide\n\n${words(1500)}\n\n${heading}\n\n${words(1500)}\n`;
    expect(breadcrumbs(text).at(-1)).toBe('shop > docs/guide.md > Guide > Setup');
  });

  it.each([
    ['a fence', '```sh\n# not a heading\n```'],
    ['a fence of tildes with backticks in it', '~~~\n```\n# not a heading\n~~~'],
    ['an HTML comment', '<!--\n# not a heading\n-->'],
    ['indented code', '    # not a heading'],
    ['a hashtag', '#not a heading'],
    ['a table', '| a |\n|---|'],
  ])('sees no heading in %s', (_where, block) => {
    const text = `# Guide\n\n${words(1500)}\n\n${block}\n\n${words(1500)}\n`;
    expect(new Set(breadcrumbs(text))).toEqual(new Set(['shop > docs/guide.md > Guide']));
  });

  it('keeps a fence whole where a chunk can hold it', () => {
    const fence = `\`\`\`ts\n${'const a = 1;\n\n'.repeat(150)}\`\`\``;
    expect(fence.length).toBeGreaterThan(1600);
    const holding = split(`# G\n\n${words(1200)}\n\n${fence}\n\n${words(1200)}\n`).filter(({ text }) =>
      text.includes('const a'),
    );
    expect(holding).toHaveLength(1);
    expect(holding[0]?.text).toContain(fence);
  });

  it('cuts a fence that no chunk can hold between its lines', () => {
    const chunks = split(`\`\`\`\n${'a line of code that is not short\n'.repeat(300)}\`\`\`\n`);
    expect(chunks.length).toBeGreaterThan(3);
    for (const { text } of chunks) {
      expect(text).toMatch(
        /^(?:```|a line of code that is not short)(?:\n(?:```|a line of code that is not short))*$/u,
      );
    }
  });

  it('keeps a table whole where a chunk can hold it', () => {
    const table = `| name | owner |\n|---|---|\n${'| orders | team blue, on call by day |\n'.repeat(50)}`.trimEnd();
    const holding = split(`# G\n\n${words(1500)}\n\n${table}\n\n${words(1500)}\n`).filter(({ text }) =>
      text.includes('| orders |'),
    );
    expect(holding.map(({ text }) => text.includes(table))).toEqual([true]);
  });

  it('keeps a heading with the text below it', () => {
    for (const { text } of split(`# G\n\n${words(1599)}\n\n## A\n\n${words(1599)}\n\n${words(1599)}\n`)) {
      expect(text).not.toMatch(/^#+ \w$/u);
      expect(text).not.toMatch(/\n#+ \w$/u);
    }
  });

  it('keeps a block with the line that announces it', () => {
    const block = `\`\`\`\n${words(1000)}\n\`\`\``;
    const text = `# G\n\n${words(1000)}\n\n${words(560)}\n\nFor instance:\n\n${block}\n`;
    expect(split(text).at(-1)?.text).toBe(`For instance:\n\n${block}`);
  });

  it('cuts long prose between paragraphs and not inside them', () => {
    const paragraphs = Array.from({ length: 12 }, (_none, at) => `${at} ${words(700)}`);
    for (const { text } of split(paragraphs.join('\n\n'))) {
      expect(text.split('\n\n').every((paragraph) => paragraphs.includes(paragraph))).toBe(true);
    }
  });

  it('leaves no stub at its end', () => {
    expect(split(`# G\n\n${words(1500)}\n\n${words(300)}\n`)).toHaveLength(1);
    expect(split(`# G\n\n${words(1500)}\n\n${words(900)}\n`)).toHaveLength(2);
  });

  it('takes its title from front matter, then from its first heading, then from its name', () => {
    expect(title('---\ntitle: "From the front"\ntags: [a]\n---\n# Heading\n')).toBe('From the front');
    expect(title('Some words.\n\n# The `Heading` #\n')).toBe('The Heading');
    expect(title('Heading\n=======\n\ntext')).toBe('Heading');
    expect(title('## Only a part\n')).toBe('guide.md');
    expect(title('---\nnever closed\n')).toBe('guide.md');
  });

  it('has no chunk when nothing is in it', () => {
    expect(split('')).toEqual([]);
    expect(split('\n \n\t\r\n\n')).toEqual([]);
    expect(split('\uFEFF')).toEqual([]);
  });

  it('is read without the byte order mark before it', () => {
    expect(split('\uFEFF# Guide\n\ntext')[0]).toMatchObject({ heading: 'Guide', text: '# Guide\n\ntext' });
  });

  it('numbers lines as an editor does, blank lines and CRLF included', () => {
    const text = `\r\n\r\n# A\r\n\r\n${words(1500)}\r\n\r\n\r\n# B\r\n\r\n${words(1500)}\r\n`;
    expect(split(text).map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
      [3, 5],
      [8, 10],
    ]);
  });
});

describe('plain text', () => {
  it.each([
    ['reStructuredText', 'Guide\n=====\n', 'Setup\n-----\n', 'guide.rst'],
    ['reStructuredText with overlines', '=====\nGuide\n=====\n', 'Setup\n-----\n', 'guide.rst'],
    ['AsciiDoc', '= Guide\n', '== Setup\n', 'guide.adoc'],
    ['a README', '# Guide\n', '## Setup\n', 'README'],
  ])('is cut by the headings of %s', (_form, one, two, path) => {
    const text = `${one}\n${words(1500)}\n\n${two}\n${words(1500)}\n`;
    const document = splitDocument({ sourceName: 'shop', path, text });
    expect(document).toMatchObject({ kind: 'text', title: 'Guide' });
    expect(document.chunks.map(({ breadcrumb }) => breadcrumb)).toEqual([
      `shop > ${path} > Guide`,
      `shop > ${path} > Guide > Setup`,
    ]);
  });

  it('without any structure is cut between lines', () => {
    const line = '2026-11-21 12:00:00 INFO order accepted by payments';
    const chunks = split(`${line}\n`.repeat(400), 'app.log');
    expect(chunks.length).toBeGreaterThan(10);
    for (const { text } of chunks) {
      expect(new Set(text.split('\n'))).toEqual(new Set([line]));
    }
  });

  it('on one long line is cut between words', () => {
    for (const { text } of split('orders payments '.repeat(2000), 'dump.txt')) {
      expect(text).toMatch(/^(?:(?:orders|payments) ?)+$/u);
    }
  });
});

describe('a breadcrumb', () => {
  it('keeps the end of a long path and the innermost headings', () => {
    const path = `${'very-long-folder-name/'.repeat(30)}file.md`;
    const text = [1, 2, 3, 4, 5, 6].map((level) => `${longHeading(level)}${words(1500)}\n`).join('\n');
    const last = split(text, path).at(-1)?.breadcrumb ?? '';
    expect(last.length).toBeLessThanOrEqual(400);
    expect(last).toMatch(/^shop > ….*very-long-folder-name\/file\.md > … > h{70}4 > h{70}5 > h{70}6$/u);
  });

  it('is one line whatever the path holds', () => {
    expect(breadcrumbs('text', 'docs/two\nlines\u202E.md')).toEqual(['shop > docs/two lines .md']);
  });
});
