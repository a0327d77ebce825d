/** Markup of three services as text with its headings, and markup that nobody meant to be read. */
import { describe, expect, it } from 'vitest';

import { adfToText } from '../../../../functions/connectors/text/adf-text.ts';
import { htmlToText } from '../../../../functions/connectors/text/html-text.ts';
import { pathName, titledText } from '../../../../functions/connectors/text/titled.ts';

describe('HTML and the storage format', () => {
  it.each([
    ['headings, paragraphs and breaks', '<h1>One</h1><p>a<br/>b</p><h3>Three</h3>', '# One\n\na\nb\n\n### Three'],
    ['lists', '<ul><li>one</li><li><p>two</p></li></ul>', '- one\n- two'],
    [
      'tables',
      '<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>',
      'a | b\n1 | 2',
    ],
    ['entities', '<p>a &amp; b &lt; c &nbsp;&rarr; d</p>', 'a & b < c → d'],
    [
      'code in a macro, with what HTML would end it at',
      '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">ts</ac:parameter><ac:plain-text-body><![CDATA[if (a > b) {\n  run();\n}]]></ac:plain-text-body></ac:structured-macro><p>after</p>',
      '```\nif (a > b) {\n  run();\n}\n```\n\nafter',
    ],
    [
      'a link to a page, which is not closed as HTML would have it',
      '<p>See <ac:link><ri:page ri:content-title="Runbook"/></ac:link> first.</p><p>Then go.</p>',
      'See Runbook first.\n\nThen go.',
    ],
    ['nothing of scripts', '<script>alert(1)</script><style>p{}</style><p>text</p>', 'text'],
    ['what is not closed', '<p>one<p>two<b>three', 'one\n\ntwothree'],
  ])('%s', (_title, html, text) => {
    expect(htmlToText(html)).toBe(text);
  });

  it('nesting without end is survived', () => {
    expect(htmlToText(`${'<div>'.repeat(20_000)}deep`)).toBe('');
    expect(htmlToText(`${'<b>'.repeat(50)}near`)).toBe('near');
  });
});

describe('the Atlassian Document Format', () => {
  const text = (words: string): unknown => ({ type: 'text', text: words });

  it('headings, lists, code, tables and mentions', () => {
    const document = {
      type: 'doc',
      content: [
        { type: 'heading', attrs: { level: 2 }, content: [text('Steps')] },
        {
          type: 'bulletList',
          content: [
            { type: 'listItem', content: [{ type: 'paragraph', content: [text('one')] }] },
            { type: 'listItem', content: [{ type: 'paragraph', content: [text('two')] }] },
          ],
        },
        { type: 'codeBlock', attrs: { language: 'sh' }, content: [text('restart')] },
        { type: 'paragraph', content: [{ type: 'mention', attrs: { text: '@Ada' } }, text(' knows')] },
        { type: 'somethingNew', content: [{ type: 'paragraph', content: [text('still read')] }] },
      ],
    };
    expect(adfToText(document)).toBe('## Steps\n\n- one\n- two\n\n```sh\nrestart\n```\n\n@Ada knows\n\nstill read');
  });

  it.each([
    ['nothing', null, ''],
    ['plain text', 'as it was', 'as it was'],
    ['no document at all', { odd: true }, ''],
  ])('%s', (_title, value, expected) => {
    expect(adfToText(value)).toBe(expected);
  });
});

describe('titles and names', () => {
  it('a title is one line, empty facts are left out', () => {
    expect(
      titledText(
        'a\nb',
        [
          ['State', 'open'],
          ['Labels', ''],
        ],
        ' body ',
      ),
    ).toBe('# a b\n\n- State: open\n\nbody');
  });

  it.each([
    ['a/b', 'a∕b'],
    ['  \u0000x\n y ', 'x y'],
    ['', 'untitled'],
  ])('%j may stand in a path as %j', (title, name) => {
    expect(pathName(title)).toBe(name);
  });
});
