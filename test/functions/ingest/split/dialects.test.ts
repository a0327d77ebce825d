/** AsciiDoc and reStructuredText: their headings, and blocks and tables that stay whole. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../../functions/domain/limits.ts';
import { splitDocument, type SplitDocument } from '../../../../functions/ingest/split/split-document.ts';

const split = (path: string, text: string): SplitDocument => splitDocument({ sourceName: 'shop', path, text });

const PARAGRAPH = `${'Orders wait in a queue until they are paid. '.repeat(30)}\n`;
const LISTING = Array.from({ length: 40 }, (_, line) => `step ${line} = run(--all, "${line}")`).join('\n');

const inOne = ({ chunks }: SplitDocument, text: string): boolean => chunks.some((chunk) => chunk.text.includes(text));

describe('AsciiDoc', () => {
  const text = `= Runbook of orders\n\n${PARAGRAPH}\n== Failover\n\n${PARAGRAPH}\n[source,sh]\n----\n${LISTING}\n\n== not a heading\n----\n\n=== Back again\n\n|===\n|a |b\n\n|c |d\n|===\n`;

  it('has headings', () => {
    const { title, chunks, kind } = split('docs/orders.adoc', text);
    expect([title, kind]).toEqual(['Runbook of orders', 'text']);
    expect(chunks.map(({ breadcrumb }) => breadcrumb)).toContainEqual(
      expect.stringContaining('Runbook of orders > Failover'),
    );
    expect(chunks.some(({ heading }) => heading === 'not a heading')).toBe(false);
  });

  it('keeps a listing and a table whole', () => {
    const found = split('docs/orders.adoc', text);
    expect(inOne(found, LISTING)).toBe(true);
    expect(inOne(found, '|===\n|a |b\n\n|c |d\n|===')).toBe(true);
  });
});

describe('reStructuredText', () => {
  const indented = LISTING.replaceAll(/^/gmu, '    ');
  const table = '+----+----+\n| a  | b  |\n+====+====+\n| c  | d  |\n+----+----+';
  const text = `Orders\n======\n\n${PARAGRAPH}\nFailover\n--------\n\n${PARAGRAPH}\n.. code-block:: sh\n\n${indented}\n\nAfterwards\n~~~~~~~~~~\n\n${PARAGRAPH}\nLike this::\n\n    # no heading\n\n    more\n\n${table}\n`;

  it('has headings', () => {
    const { title, chunks } = split('docs/orders.rst', text);
    expect(title).toBe('Orders');
    const crumbs = chunks.map(({ breadcrumb }) => breadcrumb);
    expect(crumbs).toContainEqual(expect.stringContaining('Orders > Failover'));
    expect(crumbs).toContainEqual(expect.stringContaining('Failover > Afterwards'));
  });

  it('keeps a code block and a table whole', () => {
    const found = split('docs/orders.rst', text);
    expect(inOne(found, indented)).toBe(true);
    expect(inOne(found, table)).toBe(true);
    expect(found.chunks.every((chunk) => chunk.text.length <= LIMITS.chunkCharsMax)).toBe(true);
  });
});
