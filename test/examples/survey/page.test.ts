/** The page as a file: nothing from elsewhere, nothing that its policy does not name, and small. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { beforeAll, describe, expect, it } from 'vitest';

import { buildPage } from '../../../examples/survey/page/build-page.ts';

const CONFIG = {
  survey: 'lunch',
  question: 'Soup & "salad" <b>?</b>',
  choices: [{ id: 'soup', label: '</script><b>Soup</b>' }],
  regions: [
    { id: 'us-east-2', endpoint: 'https://twinmap1.example.com' },
    { id: 'us-west-2', endpoint: 'https://twinmap2.example.com:8443/' },
  ],
};

let html = '';

const between = (start: string, end: string): string => html.split(start)[1]?.split(end)[0] ?? '';
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

beforeAll(async () => {
  html = await buildPage(CONFIG);
});

describe('the page', () => {
  it('lets its own script and style run, the two Regions be asked, and nothing else', () => {
    const policy = between('http-equiv="content-security-policy" content="', '"');
    expect(policy).toContain(`script-src ${hashOf(between('<script type="module">', '</script>'))};`);
    expect(policy).toContain(`style-src ${hashOf(between('<style>', '</style>'))};`);
    expect(policy).toContain('connect-src https://twinmap1.example.com https://twinmap2.example.com:8443;');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('takes nothing from anywhere, and shows what it is given as text', () => {
    expect([...html.matchAll(/\b(?:src|href)=/gu)]).toHaveLength(0);
    expect(between('<h1>', '</h1>')).toBe('Soup &amp; &quot;salad&quot; &lt;b>?&lt;/b>');
    expect([...html.matchAll(/<\/script>/gu)]).toHaveLength(1);
  });

  it('is under 10 kB on the wire, the fetch client included', () => {
    expect(gzipSync(html).length).toBeLessThan(10_000);
  });
});
