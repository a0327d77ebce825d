/** `twinmap toggle` on copies of the example stacks: what it shows, what it writes, which epoch it takes, what it refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { readStackPair } from '../../ops/stack-files/gate-values.ts';
import { toggle } from '../../ops/toggle.ts';
import { nextEpoch } from '../../ops/toggle-epoch.ts';
import { lineChanges } from '../../ops/toggle-lines.ts';
import { planOrder } from '../../ops/toggle-plan.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

let directory: string;
const fileOf = (role: string): string => path.join(directory, `Pulumi.${role}.yaml`);
const textOf = (role: string): string => readFileSync(fileOf(role), 'utf8');
const change = (role: string, from: string, to: string): void => {
  writeFileSync(fileOf(role), textOf(role).replace(from, to));
};
const gateIn = (role: string): Record<string, unknown> =>
  (parse(textOf(role)) as { config: Record<string, unknown> }).config;

interface Ran {
  readonly exitCode: number;
  readonly text: string;
  readonly given: unknown;
}

const run = async (options: Readonly<Record<string, string | boolean>>): Promise<Ran> => {
  const lines: string[] = [];
  let given: unknown;
  const exitCode = await toggle.run({
    words: [],
    options: { directory, data: path.join(directory, 'no-data'), ...options },
    say: (line) => lines.push(line),
    give: (value) => {
      given = value;
    },
  });
  return { exitCode, text: lines.join('\n'), given };
};

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-toggle-'));
  for (const role of ['primary', 'secondary']) {
    writeFileSync(fileOf(role), readFileSync(path.join(ROOT, `Pulumi.${role}.yaml`)));
  }
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('twinmap toggle', () => {
  it('shows the change and writes nothing where nobody said yes', async () => {
    const before = textOf('primary');
    const { exitCode, text, given } = await run({ active: 'secondary' });
    expect(exitCode).toBe(0);
    expect(text).toContain('secondary (us-west-2) becomes active under epoch 2');
    expect(text).toContain('+   twinmap:gateEpoch: 2');
    expect(text).toContain('nothing was written; --yes writes it');
    expect(given).toMatchObject({ outcome: 'planned', active: 'secondary', region: 'us-west-2', epoch: 2 });
    expect(textOf('primary')).toBe(before);
  });

  it('writes both files under one new epoch, and changes no other line', async () => {
    const before = { primary: textOf('primary'), secondary: textOf('secondary') };
    const { text } = await run({ active: 'secondary', yes: true, by: 'Ada', reason: 'maintenance in us-east-2' });
    expect([gateIn('primary'), gateIn('secondary')]).toMatchObject([
      { 'twinmap:isActiveForScheduledWork': false, 'twinmap:gateEpoch': 2, 'twinmap:gateChangedBy': 'Ada' },
      {
        'twinmap:isActiveForScheduledWork': true,
        'twinmap:gateEpoch': 2,
        'twinmap:gateReason': 'maintenance in us-east-2',
      },
    ]);
    for (const role of ['primary', 'secondary'] as const) {
      expect(lineChanges(before[role], textOf(role)).filter(({ sign }) => sign === '+')).toHaveLength(5);
    }
    const next = text.split('\n').filter((line) => line.trim().startsWith('pulumi up'));
    expect(next.map((line) => line.trim())).toStrictEqual(['pulumi up --stack primary', 'pulumi up --stack secondary']);
  });

  it('deploys the one that becomes passive first', async () => {
    await run({ active: 'secondary', yes: true });
    const { given } = await run({ active: 'primary' });
    expect(given).toMatchObject({
      next: {
        pulumi: ['pulumi up --stack secondary', 'pulumi up --stack primary'],
        local: ['npm run local:up -- secondary', 'npm run local:up -- primary'],
      },
    });
  });

  it('takes an epoch above the higher one of two files that differ, and says that they do', async () => {
    change('secondary', 'gateEpoch: 1', 'gateEpoch: 41');
    const { given } = await run({ active: 'primary' });
    expect(given).toMatchObject({ epoch: 42 });
    expect(JSON.stringify(given)).toContain('the files have different epochs (1 and 41)');
  });

  it('takes a new epoch for what the files say already, which mends a forgotten one', async () => {
    const { given } = await run({ active: 'primary', yes: true });
    expect(given).toMatchObject({ outcome: 'written', epoch: 2 });
    expect(JSON.stringify(given)).toContain('the files say so already');
  });

  it('changes peer writes alone, under a new epoch, and leaves who is active', async () => {
    await run({ peerWrites: 'deferred', yes: true });
    expect(gateIn('primary')).toMatchObject({
      'twinmap:isActiveForScheduledWork': true,
      'twinmap:peerWrites': 'deferred',
      'twinmap:gateEpoch': 2,
    });
    const { given } = await run({ active: 'secondary' });
    expect(given).toMatchObject({ peerWrites: 'deferred', epoch: 3 });
  });

  it('refuses a frozen stack with the reason, and lifts the freeze in both files', async () => {
    const before = textOf('secondary');
    for (const role of ['primary', 'secondary']) {
      writeFileSync(fileOf(role), `${textOf(role)}  twinmap:freeze:\n    reason: failover to us-west-2\n    by: Ada\n`);
    }
    await expect(run({ active: 'secondary', yes: true })).rejects.toThrow(
      /Pulumi\.primary\.yaml is frozen by Ada \(failover to us-west-2\).*--unfreeze/u,
    );
    const { given } = await run({ unfreeze: true, yes: true });
    expect(given).toMatchObject({ outcome: 'written' });
    expect(textOf('secondary')).toBe(before);
    await expect(run({ unfreeze: true, yes: true })).resolves.toMatchObject({
      exitCode: 0,
      given: { outcome: 'unchanged' },
    });
  });

  it('lifts a freeze and toggles in one go', async () => {
    change('primary', 'twinmap:schedule', 'twinmap:freeze: by hand\n  twinmap:schedule');
    await run({ active: 'secondary', unfreeze: true, yes: true });
    expect(gateIn('primary')).toMatchObject({ 'twinmap:gateEpoch': 2 });
    expect(textOf('primary')).not.toContain('freeze');
  });

  it.each<readonly [what: string, options: Readonly<Record<string, string | boolean>>]>([
    ['nothing to do', {}],
    ['a Region for a role', { active: 'us-east-2' }],
    ['an unknown mode', { peerWrites: 'optional' }],
    ['a reason of two lines', { active: 'primary', reason: 'a\nb' }],
    ['an empty name', { active: 'primary', by: ' ' }],
    ['yes and no at once', { active: 'primary', yes: true, dryRun: true }],
  ])('ends with 64 for %s', async (_what, options) => {
    await expect(run(options)).resolves.toMatchObject({ exitCode: 64, given: { code: 'TM_USAGE' } });
    expect(textOf('primary')).toContain('gateEpoch: 1');
  });

  it('asks for a Region where the files have two active ones', async () => {
    change('secondary', 'Work: false', 'Work: true');
    await expect(run({ peerWrites: 'deferred' })).rejects.toThrow(
      /do not agree on one active Region; say which with --active/u,
    );
    await expect(run({ active: 'primary' })).resolves.toMatchObject({ given: { epoch: 2 } });
  });
});

const region = (name: string): RegionName => {
  const parsed = parseRegion(name);
  if (parsed === undefined) {
    throw new Error(`${name} is no Region`);
  }
  return parsed;
};

const NOON = Date.UTC(2026, 0, 31, 12);
const MINUTES_AT_NOON = 569_520;

describe('the next epoch', () => {
  it.each<readonly [what: string, files: readonly number[], live: readonly (number | undefined)[], epoch: number]>([
    ['is one above the files', [1, 3], [], 4],
    ['is one above the highest that a Region has seen', [1, 1], [7, 5], 8],
    ['is at least the minutes since 2025 where a Region is silent', [1, 1], [7, undefined], MINUTES_AT_NOON],
    ['is above what was seen also then', [600_000, 1], [undefined, undefined], 600_001],
  ])('%s', (_what, files, live, epoch) => {
    const epochs = live.map((seen, at) => ({ region: region(at === 0 ? 'us-east-2' : 'us-west-2'), epoch: seen }));
    expect(nextEpoch(files, epochs, NOON)).toBe(epoch);
  });

  it('names the Region that is silent', async () => {
    const order = {
      active: 'secondary',
      unfreeze: false,
      reason: undefined,
      by: 'x',
      at: '2026-01-31T12:00:00Z',
    } as const;
    const live = [
      { region: region('us-east-2'), epoch: undefined },
      { region: region('us-west-2'), epoch: 5 },
    ];
    const plan = planOrder(await readStackPair(directory), order, live, NOON);
    expect(plan).toMatchObject({ kind: 'toggle', epoch: MINUTES_AT_NOON });
    expect(JSON.stringify(plan)).toContain('us-east-2 did not answer');
  });

  it('never leaves the range that the gate document allows', async () => {
    change('primary', 'gateEpoch: 1', 'gateEpoch: 99999999');
    await expect(run({ active: 'primary' })).rejects.toThrow(/99999999 is the highest/u);
  });
});
