/** Keys of the corpus, and the parsers that never take half of a payload for a whole one. */
import { describe, expect, it } from 'vitest';

import {
  chunkContent,
  chunkKey,
  chunkPartition,
  chunkPartitions,
  chunkPrefix,
  documentId,
  documentKey,
  parseChunkKey,
  parseChunkPayload,
  parseDocumentId,
  parseDocumentPayload,
  parseSourcePayload,
  sourceKey,
} from '../../../functions/domain/corpus.ts';

const HASH = 'f0'.repeat(32);
const ID = documentId('shop', HASH);

describe('keys', () => {
  it('are made of ids alone', () => {
    expect(ID).toBe(`shop~${'f0'.repeat(10)}`);
    expect(sourceKey('shop')).toEqual({ pk: 'sources', sk: 'shop' });
    expect(documentKey('shop', ID)).toEqual({ pk: 'source#shop', sk: `document#${ID}` });
    expect(chunkKey('shop', ID, 'c1')).toEqual({ pk: 'chunks#shop#f', sk: `${ID}#c1` });
    expect(chunkKey('shop', ID, 'c1').sk.startsWith(chunkPrefix(ID))).toBe(true);
    expect(parseChunkKey(chunkKey('shop', ID, 'c1').sk)).toEqual({ documentId: ID, chunkId: 'c1' });
  });

  it('of chunks lie in sixteen partitions, every one of them listed', () => {
    const digits = '0123456789abcdef'.split('');
    const partitions = digits.map((digit) => chunkPartition('shop', documentId('shop', digit.repeat(64))));
    expect(new Set(partitions).size).toBe(16);
    expect(chunkPartitions('shop')).toEqual(partitions);
  });

  it.each([
    [ID, { source: 'shop', hash: 'f0'.repeat(10) }],
    [`git.shop_1-a~${'0'.repeat(20)}`, { source: 'git.shop_1-a', hash: '0'.repeat(20) }],
    ['shop', undefined],
    [`~${'0'.repeat(20)}`, undefined],
    [`shop~${'0'.repeat(19)}`, undefined],
    [`shop~${'0'.repeat(21)}`, undefined],
    [`shop~${'G'.repeat(20)}`, undefined],
    [`a~b~${'0'.repeat(20)}`, undefined],
    [`a#b~${'0'.repeat(20)}`, undefined],
    [`a b~${'0'.repeat(20)}`, undefined],
    [`a\u0000~${'0'.repeat(20)}`, undefined],
    [`${'s'.repeat(65)}~${'0'.repeat(20)}`, undefined],
  ])('the document id "%s" is read as %j', (text, parts) => {
    expect(parseDocumentId(text)).toEqual(parts);
  });
});

const DOCUMENT = {
  id: ID,
  src: 'shop',
  path: 'a.md',
  rev: 'r1',
  index: 'i1',
  kind: 'markdown',
  title: 'A',
  chars: 12,
  chunks: [{ c: 'c1', k: 'k1', l: [1, 3] }],
};

const SOURCE = {
  id: 'shop',
  kind: 'git',
  name: 'Shop',
  url: 'https://git.example.com/shop',
  snapshot: 'abc',
  cursor: null,
  counts: { documents: 1, chunks: 2, skipped: 0 },
  lastFullAt: 5,
  index: 'i1',
  cycle: { op: 'o', epoch: 1, region: 'us-east-2', finishedAt: 5, changed: 1, deleted: 0 },
};

const CHUNK = { doc: ID, src: 'shop', breadcrumb: 'shop > a.md', text: 'text' };

const PARSERS = { document: parseDocumentPayload, source: parseSourcePayload, chunk: parseChunkPayload };

describe('a payload', () => {
  it.each([
    ['document', DOCUMENT],
    ['document', { ...DOCUMENT, status: 'Accepted', language: 'go', skipped: 'binary', chunks: [] }],
    ['source', SOURCE],
    ['source', { ...SOURCE, cursor: { commit: 'abc' } }],
    ['chunk', CHUNK],
    ['chunk', { ...CHUNK, heading: 'A' }],
  ] as const)('of a %s is read as it was written', (kind, payload) => {
    expect(PARSERS[kind](JSON.stringify(payload))).toEqual(payload);
  });

  it.each([
    ['document', { ...DOCUMENT, chunks: undefined }],
    ['document', { ...DOCUMENT, chunks: [{ c: 'c1', k: 'k1', l: [1] }] }],
    ['document', { ...DOCUMENT, chunks: [{ c: 'c1', k: 'k1', l: [1, '3'] }] }],
    ['document', { ...DOCUMENT, chunks: [{ c: 'c1', l: [1, 3] }] }],
    ['document', { ...DOCUMENT, chars: '12' }],
    ['document', { ...DOCUMENT, status: 1 }],
    ['source', { ...SOURCE, cursor: 'abc' }],
    ['source', { ...SOURCE, counts: { documents: 1, chunks: -2, skipped: 0 } }],
    ['source', { ...SOURCE, cycle: { ...SOURCE.cycle, epoch: null } }],
    ['chunk', { ...CHUNK, text: undefined }],
    ['chunk', { ...CHUNK, heading: null }],
    ['chunk', [CHUNK]],
    ['chunk', null],
  ] as const)('of a %s that is not whole is none: %j', (kind, payload) => {
    expect(PARSERS[kind](JSON.stringify(payload))).toBeUndefined();
  });

  it('of a tombstone, or cut short, is none', () => {
    expect(parseDocumentPayload('')).toBeUndefined();
    expect(parseDocumentPayload(JSON.stringify(DOCUMENT).slice(0, -1))).toBeUndefined();
  });

  it('of a chunk is embedded with the place where it stands', () => {
    expect(chunkContent(CHUNK)).toBe('shop > a.md\n\ntext');
  });
});
