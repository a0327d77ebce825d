/** `twinmap sync-config`: the stack files against what is in force, without a Region: the comparison and what it writes. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Role } from '../../../functions/domain/region.ts';
import { decideGate, type GateDecision } from '../../../functions/gate/decide.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { lineChanges } from '../../../ops/toggle-lines.ts';
import { readStackPair, type StackPair } from '../../../ops/stack-files/gate-values.ts';
import { compareGate } from '../../../ops/sync-config/compare.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

let directory: string;
let files: StackPair;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-sync-config-'));
  for (const role of ['primary', 'secondary']) {
    cpSync(path.join(ROOT, `Pulumi.${role}.yaml`), path.join(directory, `Pulumi.${role}.yaml`));
  }
  files = await readStackPair(directory);
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const document = (changes: Partial<GateDocument> = {}): GateDocument => ({
  is_active_for_scheduled_work: true,
  peer_writes: 'required',
  epoch: 1,
  changed_at: '2026-01-31T09:00:00Z',
  changed_by: 'platform team',
  reason: 'first deployment',
  ...changes,
});

const inForce = (live: GateDocument, record: GateDocument = live): GateDecision =>
  decideGate({ kind: 'document', document: live }, { kind: 'recorded', document: record });

const compare = (decision: GateDecision, role: Role = 'primary') =>
  compareGate(files[role], { role, region: 'us-east-2', decision });

describe('sync-config', () => {
  it('files that say what is in force are the same, and writing them changes no byte', () => {
    const compared = compare(inForce(document()));
    expect(compared.kind).toBe('same');
    expect(compared.kind === 'unknown' ? '' : compared.edit.after.text).toBe(files.primary.file.text);
  });

  it('a flip that only life has seen is named, and written without touching any other line', () => {
    const live = document({
      is_active_for_scheduled_work: false,
      epoch: 7,
      changed_by: 'ada',
      reason: 'DNS in us-east-2',
    });
    const compared = compare(inForce(live));
    expect(compared).toMatchObject({
      kind: 'different',
      differences: [
        { key: 'twinmap:isActiveForScheduledWork', file: 'true', live: 'false' },
        { key: 'twinmap:gateEpoch', file: '1', live: '7' },
      ],
    });
    const changed = compared.kind === 'unknown' ? [] : lineChanges(compared.edit.before.text, compared.edit.after.text);
    expect(changed.filter(({ sign }) => sign === '+').map(({ text }) => text.trim())).toStrictEqual([
      'twinmap:isActiveForScheduledWork: false',
      'twinmap:gateEpoch: 7',
      'twinmap:gateChangedBy: ada',
      'twinmap:gateReason: DNS in us-east-2',
    ]);
  });

  it('what a break-glass flip wrote counts, although AppConfig serves an older document', () => {
    const compared = compare(inForce(document(), document({ epoch: 9, is_active_for_scheduled_work: false })));
    expect(compared).toMatchObject({ kind: 'different' });
  });

  it('a Region that does not say what is in force is not compared', () => {
    const failure = { reason: 'unreachable', code: 'ENOTFOUND', message: '' } as const;
    const decision = decideGate({ kind: 'unreadable', failure }, { kind: 'unreadable', failure });
    expect(compare(decision)).toMatchObject({ kind: 'unknown' });
  });
});
