/** Decision records: which documents are some, and what status they have in the forms that people write. */
import { describe, expect, it } from 'vitest';

import { splitDocument, type SplitDocument } from '../../../../functions/ingest/split/split-document.ts';

const read = (path: string, text: string): SplitDocument => splitDocument({ sourceName: 'shop', path, text });

const BODY = '\n## Context\n\nWe need one.\n\n## Decision\n\nThis one.\n\n## Consequences\n\nWork.\n';

describe('the status of a decision record', () => {
  it.each([
    ['MADR 4 front matter', '---\nstatus: accepted\ndate: 2026-01-01\n---\n# Use queues\n', 'Accepted'],
    ['quoted front matter', '---\nstatus: "proposed"\n---\n# Use queues\n', 'Proposed'],
    ['front matter with a successor', '---\nstatus: superseded by [ADR-0005](0005-x.md)\n---\n# A\n', 'Superseded'],
    ['MADR 2 list item', '# Use queues\n\n* Status: rejected\n* Date: 2020-01-01\n', 'Rejected'],
    ['list item with dashes', '# Use queues\n\n- Status: deprecated\n', 'Deprecated'],
    ['bold word', '# Use queues\n\n**Status:** Accepted\n', 'Accepted'],
    ['bold word, colon outside', '# Use queues\n\n**Status**: Draft\n', 'Draft'],
    ['plain line', '# Use queues\n\nStatus: Approved\n', 'Accepted'],
    ['table', '# Use queues\n\n| Status | Accepted |\n|---|---|\n', 'Accepted'],
    ['Nygard heading', '# 1. Use queues\n\nDate: 2020-01-01\n\n## Status\n\nAccepted\n', 'Accepted'],
    ['Nygard heading, numbered', '# Use queues\n\n## 2. Status\n\nProposed\n', 'Proposed'],
    ['superseded by adr-tools', '# 1. A\n\n## Status\n\nSuperseded by [9. B](0009-b.md)\n', 'Superseded'],
    [
      'accepted, superseded later',
      '# 1. A\n\n## Status\n\nAccepted\n\nSuperseded by [9. B](0009-b.md)\n',
      'Superseded',
    ],
    [
      'accepted, and supersedes another',
      '# 9. B\n\n## Status\n\nAccepted\n\nSupersedes [1. A](0001-a.md)\n',
      'Accepted',
    ],
    ['struck out', '# 1. A\n\n## Status\n\n~~Proposed~~ Accepted\n', 'Accepted'],
    ['setext heading', 'Use queues\n==========\n\nStatus\n------\n\nAccepted\n', 'Accepted'],
    ['none', '# Use queues\n', undefined],
    ['a template left as it was', '# A\n\nStatus: {proposed | rejected | accepted}\n', undefined],
    ['a list of all that it may be', '# A\n\nStatus: proposed, accepted, rejected or superseded\n', undefined],
    ['a status of another section', '# A\n\n## Status\n\n## Context\n\nIt was accepted by many.\n', undefined],
  ])('is read from %s', (_form, head, status) => {
    const document = read('docs/decisions/0001-use-queues.md', head + BODY);
    expect(document.kind).toBe('decision');
    expect(document.status).toBe(status);
  });
});

describe('a decision record', () => {
  it.each([
    'docs/decisions/0001-use-queues.md',
    'doc/adr/0001-use-queues.md',
    'adr/1-use-queues.md',
    'services/pay/docs/adr/use-queues.md',
    'docs/architecture/decisions/0001-use-queues.md',
    'notes/0012-use-queues.md',
    'notes/adr-0012-use-queues.md',
    'notes/use-queues.md',
  ])('is known at %s', (path) => {
    expect(read(path, `# Use queues\n\n## Status\n\nAccepted\n${BODY}`)).toMatchObject({
      kind: 'decision',
      title: 'Use queues',
      status: 'Accepted',
    });
  });

  it.each([
    ['the index of its folder', 'docs/decisions/README.md', '# Decisions\n\n- [one](0001-one.md)\n'],
    ['a template', 'docs/decisions/adr-template.md', `# Title\n\n## Status\n\nAccepted\n${BODY}`],
    ['a dated note', 'notes/2026-10-01-standup.md', '# Standup\n\nWe talked.\n'],
    ['a guide with a status', 'docs/guide.md', '# Guide\n\nStatus: accepted\n'],
  ])('is not %s', (_what, path, text) => {
    const document = read(path, text);
    expect(document.kind).toBe('markdown');
    expect(document.status).toBeUndefined();
  });

  it('is known by place and number even before it has a status', () => {
    expect(read('docs/decisions/0001-use-queues.md', '# Use queues\n\nBecause.\n').kind).toBe('decision');
  });

  it('is split like the document that it is', () => {
    const chunks = read('adr/0001-a.md', `# A\n\n## Status\n\nAccepted\n${BODY}`).chunks;
    expect(chunks.map(({ breadcrumb }) => breadcrumb)).toEqual(['shop > adr/0001-a.md > A']);
  });
});
