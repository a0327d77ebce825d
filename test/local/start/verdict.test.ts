/** The verdict of a sync: which exit code, and which sentences a person reads. */
import { describe, expect, it } from 'vitest';

import type { ProofSummary } from '../../../functions/repair/proof-service.ts';
import { watchCycles } from '../../../local/start/cycle-watch.ts';
import { judge, reportOf, type SyncResult } from '../../../local/start/verdict.ts';

const tree = { root: 'r', count: 1 };

const proofOf = (root: string, damaged: readonly string[] = []): ProofSummary => ({
  kind: 'proof',
  region: 'us-east-2',
  role: 'primary',
  root,
  stores: { workspaces: tree, audit: tree, graph: tree, vectors: tree },
  documents: 3,
  chunks: 5,
  vectors: 5,
  damaged,
});

const resultOf = (changes: Partial<SyncResult> = {}): SyncResult => ({
  regions: [
    { role: 'primary', region: 'us-east-2', endpoint: 'http://a', proof: proofOf('same') },
    { role: 'secondary', region: 'us-west-2', endpoint: 'http://b', proof: proofOf('same') },
  ],
  ends: [{ source: 'shop', outcome: 'acknowledged', fields: { mode: 'unchanged', documents: 3 } }],
  expected: ['shop'],
  dispatches: [
    { region: 'us-east-2', end: { kind: 'dispatched', reason: '', detail: '' } },
    { region: 'us-west-2', end: { kind: 'passive', reason: 'document-passive', detail: 'epoch 1 says passive' } },
  ],
  differences: [],
  failures: [],
  durationMs: 12.4,
  ...changes,
});

const failing = (reason: string): SyncResult['ends'] => [
  {
    source: 'shop',
    outcome: 'not-acknowledged',
    fields: { side: 'peer', step: 'write', reason, code: 'ECONNREFUSED' },
  },
];

const degraded: SyncResult['ends'] = [
  { source: 'shop', outcome: 'deferred', fields: { owedRecords: 7, owedOldestAgeMs: 61_000 } },
];

const withRoots = (left: string, right: string): SyncResult['regions'] => [
  { role: 'primary', region: 'us-east-2', endpoint: 'http://a', proof: proofOf(left) },
  { role: 'secondary', region: 'us-west-2', endpoint: 'http://b', proof: proofOf(right) },
];

const unreachable: SyncResult['regions'] = [
  { role: 'primary', region: 'us-east-2', endpoint: 'http://a', proof: proofOf('x') },
  { role: 'secondary', region: 'us-west-2', endpoint: 'http://b', unproven: 'no answer', unreachable: true },
];

const passive = (reason: string): SyncResult['dispatches'] => [
  { region: 'us-east-2', end: { kind: 'passive', reason, detail: 'why' } },
  { region: 'us-west-2', end: { kind: 'passive', reason: 'document-passive', detail: 'why' } },
];

const queueFailed: SyncResult['dispatches'] = [
  { region: 'us-east-2', end: { kind: 'queue-failed', reason: 'unreachable', detail: 'the sync queue' } },
];

const unproven: SyncResult['regions'] = [
  { role: 'primary', region: 'us-east-2', endpoint: 'http://a', proof: proofOf('x') },
  { role: 'secondary', region: 'us-west-2', endpoint: 'http://b', unproven: 'out of memory', unreachable: false },
];

describe('judge', () => {
  it.each([
    ['acknowledged and equal', {}, 0, true, true],
    ['acknowledged, different roots', { regions: withRoots('a', 'b') }, 2, true, false],
    ['a declared outage of the peer', { ends: degraded, regions: withRoots('a', 'b') }, 2, false, false],
    ['a declared outage of a peer that is dead', { ends: degraded, regions: unreachable }, 4, false, false],
    ['an unreachable peer', { ends: failing('unreachable') }, 4, false, true],
    ['a throttled peer', { ends: failing('throttled') }, 4, false, true],
    ['a refused write', { ends: failing('refused') }, 1, false, true],
    ['a Region that proves nothing', { regions: unreachable }, 4, true, false],
    ['no active Region', { dispatches: passive('document-passive'), ends: [] }, 5, false, true],
    ['a gate that is not known', { dispatches: passive('document-unreadable'), ends: [] }, 4, false, true],
    ['a queue that takes nothing', { dispatches: queueFailed, ends: [] }, 4, false, true],
    ['a proof that failed', { regions: unproven }, 1, true, false],
    [
      'the end of a source of another start',
      { ends: [...resultOf().ends, { source: 'old', outcome: 'rejected', fields: {} }] },
      0,
      true,
      true,
    ],
    ['a source that did not end', { ends: [] }, 1, false, true],
    [
      'damaged bytes',
      {
        regions: [
          { role: 'primary' as const, region: 'us-east-2', endpoint: 'http://a', proof: proofOf('same', ['k']) },
          { role: 'secondary' as const, region: 'us-west-2', endpoint: 'http://b', proof: proofOf('same', ['k']) },
        ],
      },
      2,
      true,
      false,
    ],
  ])('%s', (_what, changes, exitCode, acknowledged, identical) => {
    expect(judge(resultOf(changes))).toMatchObject({ exitCode, acknowledged, identical });
  });

  it('says in words that a deferred sync is degraded, and what is owed', () => {
    const result = resultOf({ ends: degraded });
    const verdict = judge(result);
    expect(verdict.findings.join('\n')).toContain('degraded, not acknowledged');
    expect(verdict.findings.join('\n')).toContain('owes the other 7 records, the oldest for 61 s');
    expect(reportOf(result, verdict)).toMatchObject({ acknowledged: false, degraded: true });
    expect(reportOf(resultOf(), judge(resultOf()))).toMatchObject({ degraded: false });
  });

  it('names every key that differs', () => {
    const differences = [{ store: 'graph', key: 'source#shop / document#x', kind: 'older in us-west-2', owed: false }];
    const { findings } = judge(resultOf({ regions: withRoots('a', 'b'), differences }));
    expect(findings.join('\n')).toContain('differs (older in us-west-2) in graph: source#shop / document#x');
  });

  it('gives the figures that scripts read', () => {
    const result = resultOf();
    expect(reportOf(result, judge(result))).toMatchObject({
      acknowledged: true,
      identical: true,
      durationMs: 12,
      regions: {
        primary: { region: 'us-east-2', endpoint: 'http://a', documents: 3, chunks: 5, vectors: 5, root: 'same' },
        secondary: { region: 'us-west-2', root: 'same' },
      },
    });
  });
});

describe('watchCycles', () => {
  it('keeps the last end of each source, and no hand-over', () => {
    const watch = watchCycles();
    const line = (fields: object): string => JSON.stringify({ event: 'cycle.finished', source: 'shop', ...fields });
    watch.take(line({ outcome: 'handed-over' }));
    expect(watch.ends()).toStrictEqual([]);
    watch.take(line({ outcome: 'not-acknowledged' }));
    watch.take(line({ outcome: 'acknowledged' }));
    expect(watch.ends().map(({ outcome }) => outcome)).toStrictEqual(['acknowledged']);
  });

  it('takes lines that are no JSON for what they are', () => {
    expect(watchCycles().take('{ not json')).toBeUndefined();
    expect(watchCycles().take('REPORT RequestId: 1')).toBeUndefined();
  });
});
