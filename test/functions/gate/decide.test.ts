/** The gate's decision table, row by row: unknown is passive, the highest epoch rules, and every answer has its reason. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import { decideGate, type DocumentReading, type RecordReading } from '../../../functions/gate/decide.ts';
import { type GateDocument, parseGateDocument } from '../../../functions/gate/document.ts';

const failure: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };

const gate = (epoch: number, active: boolean, peerWrites: 'required' | 'deferred' = 'required'): GateDocument => ({
  is_active_for_scheduled_work: active,
  peer_writes: peerWrites,
  epoch,
  changed_at: '2026-01-01T00:00:00Z',
  changed_by: 'stack config',
  reason: 'test',
});

const read = (document: GateDocument): DocumentReading => ({ kind: 'document', document });
const kept = (document: GateDocument): RecordReading => ({ kind: 'recorded', document });
const raised = (epoch: number): RecordReading => ({ kind: 'raised', document: gate(epoch, false) });

const rows: readonly (readonly [string, DocumentReading, RecordReading, string, string, boolean])[] = [
  ['an active document is obeyed', read(gate(7, true)), kept(gate(7, true)), 'active', 'document-active', false],
  ['a passive document is obeyed', read(gate(7, false)), kept(gate(7, false)), 'passive', 'document-passive', false],
  ['a first document is obeyed', read(gate(1, true)), { kind: 'none' }, 'active', 'document-active', false],
  ['a higher epoch wins', read(gate(8, false)), kept(gate(7, true)), 'passive', 'document-passive', false],
  ['a lower epoch is ignored', read(gate(6, true)), kept(gate(7, false)), 'passive', 'stale-document', true],
  [
    'a lower epoch cannot stop the survivor',
    read(gate(6, false)),
    kept(gate(7, true)),
    'active',
    'stale-document',
    true,
  ],
  ['a reused epoch is passive', read(gate(7, true)), kept(gate(7, false)), 'passive', 'epoch-reused', true],
  [
    'an epoch reused for peer writes is passive',
    read(gate(7, true, 'deferred')),
    kept(gate(7, true)),
    'passive',
    'epoch-reused',
    true,
  ],
  ['a fence is above an older active document', read(gate(7, true)), raised(8), 'passive', 'fenced', true],
  ['a fence is above an older passive document', read(gate(7, false)), raised(8), 'passive', 'fenced', true],
  ['a fence is above an active document of its own epoch', read(gate(8, true)), raised(8), 'passive', 'fenced', true],
  [
    'the winner’s own epoch, deployed here too, is no reuse',
    read(gate(8, false, 'deferred')),
    raised(8),
    'passive',
    'document-passive',
    false,
  ],
  ['a later document wins over a fence', read(gate(9, true)), raised(8), 'active', 'document-active', false],
  [
    'an unreadable document is passive',
    { kind: 'unreadable', failure },
    kept(gate(7, true)),
    'passive',
    'document-unreadable',
    false,
  ],
  [
    'an invalid document is passive',
    { kind: 'invalid', why: 'epoch' },
    kept(gate(7, true)),
    'passive',
    'document-invalid',
    true,
  ],
  [
    'an unreadable record is passive',
    read(gate(7, true)),
    { kind: 'unreadable', failure },
    'passive',
    'record-unreadable',
    false,
  ],
  [
    'a damaged record is passive',
    read(gate(7, true)),
    { kind: 'invalid', why: 'x' },
    'passive',
    'record-invalid',
    true,
  ],
];

describe('decideGate', () => {
  it.each(rows)('%s', (_title, document, recorded, state, reason, alarm) => {
    expect(decideGate(document, recorded)).toMatchObject({ state, reason, alarm });
  });

  it('keeps exactly the documents that raise the epoch', () => {
    const document = fc.record({ epoch: fc.integer({ min: 1, max: 5 }), active: fc.boolean() });
    fc.assert(
      fc.property(document, document, (next, before) => {
        const decision = decideGate(read(gate(next.epoch, next.active)), kept(gate(before.epoch, before.active)));
        expect(decision.keep?.epoch).toBe(next.epoch > before.epoch ? next.epoch : undefined);
        expect(decision.inForce?.epoch ?? before.epoch).toBe(Math.max(next.epoch, before.epoch));
      }),
    );
  });

  it('keeps the floor of a fence in force, and tells the command that takes over', () => {
    const decision = decideGate(read(gate(7, true)), raised(8));
    expect(decision.inForce).toEqual(gate(8, false));
    expect(decision.keep).toBeUndefined();
    expect(decision.detail).toContain('pulumi config set twinmap:gateEpoch 9');
    expect(decideGate(read(gate(9, true)), raised(8)).keep).toEqual(gate(9, true));
  });

  it('tells the command that mends a reused epoch', () => {
    expect(decideGate(read(gate(7, true)), kept(gate(7, false))).detail).toContain(
      'pulumi config set twinmap:gateEpoch 8',
    );
  });
});

describe('parseGateDocument', () => {
  it('takes the document that the stack deploys', () => {
    expect(parseGateDocument(JSON.stringify(gate(3, true)))).toStrictEqual({ kind: 'valid', document: gate(3, true) });
  });

  it.each([
    ['text that is not JSON', '{'],
    ['an unknown key', JSON.stringify({ ...gate(1, true), extra: 1 })],
    ['a missing epoch', JSON.stringify({ ...gate(1, true), epoch: undefined })],
    ['an epoch of zero', JSON.stringify(gate(0, true))],
    ['a flag that is a string', JSON.stringify({ ...gate(1, true), is_active_for_scheduled_work: 'true' })],
  ])('refuses %s', (_what, text) => {
    expect(parseGateDocument(text).kind).toBe('invalid');
  });
});
