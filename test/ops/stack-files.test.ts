/** Edits of stack files: the bytes that were asked for change, and no others; both files are written, or none. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { editStackFile, type SettingEdits } from '../../ops/stack-files/edit.ts';
import { KEYS, readStackPair } from '../../ops/stack-files/gate-values.ts';
import { parseStackFile, readStackFile } from '../../ops/stack-files/stack-file.ts';
import { type FileEdit, writeStackFiles } from '../../ops/stack-files/write.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

const edit = (text: string, edits: SettingEdits): string =>
  editStackFile(parseStackFile('primary', 'Pulumi.primary.yaml', text), edits, KEYS.active).text;

const EPOCH_2 = { [KEYS.epoch]: 2 };

describe('an edit', () => {
  it.each<readonly [what: string, before: string, edits: SettingEdits, after: string]>([
    [
      'keeps comments, blank lines and spaces',
      '# top\nconfig:\n\n  # the gate\n  twinmap:gateEpoch:   1   # raise me\n\n  b: 2\n',
      EPOCH_2,
      '# top\nconfig:\n\n  # the gate\n  twinmap:gateEpoch:   2   # raise me\n\n  b: 2\n',
    ],
    ['keeps double quotes', 'config:\n  twinmap:gateEpoch: "1"\n', EPOCH_2, 'config:\n  twinmap:gateEpoch: "2"\n'],
    [
      'keeps line ends of Windows',
      'config:\r\n  twinmap:gateEpoch: 1\r\n',
      EPOCH_2,
      'config:\r\n  twinmap:gateEpoch: 2\r\n',
    ],
    ['keeps a missing last line end', 'config:\n  twinmap:gateEpoch: 1', EPOCH_2, 'config:\n  twinmap:gateEpoch: 2'],
    [
      'changes a value in braces',
      'config: {twinmap:gateEpoch: 1, b: 2}\n',
      EPOCH_2,
      'config: {twinmap:gateEpoch: 2, b: 2}\n',
    ],
    [
      'quotes what another reader would take for something else',
      'config:\n  twinmap:gateReason: first\n',
      { [KEYS.reason]: 'no' },
      "config:\n  twinmap:gateReason: 'no'\n",
    ],
    [
      'escapes quotes and colons',
      'config:\n  twinmap:gateReason: first\n',
      { [KEYS.reason]: "it's: a # test" },
      "config:\n  twinmap:gateReason: 'it''s: a # test'\n",
    ],
    [
      'replaces a folded text',
      'config:\n  twinmap:gateReason: >-\n    first\n    deployment\n  b: 2\n',
      { [KEYS.reason]: 'second' },
      'config:\n  twinmap:gateReason: second\n  b: 2\n',
    ],
    [
      'puts a missing setting beside the gate',
      'config:\n    twinmap:isActiveForScheduledWork: true # who\n    b: 2\n',
      { [KEYS.peerWrites]: 'deferred' },
      'config:\n    twinmap:isActiveForScheduledWork: true # who\n    twinmap:peerWrites: deferred\n    b: 2\n',
    ],
    [
      'puts a freeze into a file without a last line end',
      'config:\n  a: 1',
      { [KEYS.freeze]: { reason: 'failover', by: 'me' } },
      "config:\n  a: 1\n  twinmap:freeze:\n    reason: 'failover'\n    by: 'me'\n",
    ],
    [
      'replaces an empty freeze',
      'config:\n  twinmap:freeze: {}\n  a: 1\n',
      { [KEYS.freeze]: { reason: 'failover' } },
      "config:\n  twinmap:freeze:\n    reason: 'failover'\n  a: 1\n",
    ],
    [
      'takes a freeze out with all of its lines',
      'config:\n  a: 1\n  twinmap:freeze:\n    reason: failover\n    by: me\n  # c\n  b: 2\n',
      { [KEYS.freeze]: undefined },
      'config:\n  a: 1\n  # c\n  b: 2\n',
    ],
  ])('%s', (_what, before, edits, after) => {
    expect(edit(before, edits)).toBe(after);
  });

  it('keeps what Pulumi itself writes into a stack file', () => {
    const text =
      'secretsprovider: awskms://alias/x?region=us-east-2\nencryptedkey: AQ==\nconfig:\n  twinmap:gateEpoch: 1\n';
    expect(edit(text, EPOCH_2)).toBe(text.replace('Epoch: 1', 'Epoch: 2'));
  });

  it.each<readonly [what: string, text: string, edits: SettingEdits, message: RegExp]>([
    ['a setting that is a list', 'config:\n  twinmap:gateEpoch: [1]\n', EPOCH_2, /holds no plain value/u],
    [
      'a value that another one refers to',
      'config:\n  twinmap:gateEpoch: &e 1\n  b: *e\n',
      EPOCH_2,
      /anchors and aliases/u,
    ],
    ['a new setting in braces', 'config: {a: 1}\n', EPOCH_2, /write one setting a line/u],
  ])('of %s is refused', (_what, text, edits, message) => {
    expect(() => edit(text, edits)).toThrow(message);
  });
});

describe('both stack files', () => {
  let directory: string;
  const fileOf = (role: string): string => path.join(directory, `Pulumi.${role}.yaml`);
  const textOf = (role: string): string => readFileSync(fileOf(role), 'utf8');
  const change = (role: string, from: string, to: string): void => {
    writeFileSync(fileOf(role), textOf(role).replace(from, to));
  };

  const editBoth = async (): Promise<readonly FileEdit[]> => {
    const { primary, secondary } = await readStackPair(directory);
    return [primary, secondary].map(({ file }) => ({ before: file, after: editStackFile(file, EPOCH_2, KEYS.active) }));
  };

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'twinmap-stacks-'));
    for (const role of ['primary', 'secondary']) {
      writeFileSync(fileOf(role), readFileSync(path.join(ROOT, `Pulumi.${role}.yaml`)));
    }
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('are written together, with their modes, and leave nothing beside them', async () => {
    chmodSync(fileOf('primary'), 0o640);
    await writeStackFiles(await editBoth());
    expect([textOf('primary'), textOf('secondary')].map((text) => /gateEpoch: (\d+)/u.exec(text)?.[1])).toStrictEqual([
      '2',
      '2',
    ]);
    expect(statSync(fileOf('primary')).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory)).toStrictEqual(['Pulumi.primary.yaml', 'Pulumi.secondary.yaml']);
  });

  it('are as they were when the second one can not be put in place', async () => {
    const before = [textOf('primary'), textOf('secondary')];
    const moved: string[] = [];
    const breaking = async (from: string, to: string): Promise<void> => {
      if (to.endsWith('secondary.yaml')) {
        throw new Error('the disk is gone');
      }
      moved.push(to);
      await rename(from, to);
    };
    await expect(writeStackFiles(await editBoth(), breaking)).rejects.toThrow(/are as they were: the disk is gone/u);
    expect(moved).toHaveLength(2);
    expect([textOf('primary'), textOf('secondary')]).toStrictEqual(before);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('are not written over what somebody has changed meanwhile', async () => {
    const edits = await editBoth();
    change('secondary', 'rate(1 hour)', 'rate(2 hours)');
    await expect(writeStackFiles(edits)).rejects.toThrow(/Pulumi\.secondary\.yaml was changed by somebody/u);
    expect(textOf('primary')).toContain('gateEpoch: 1');
  });

  it('stay links where they are links', async () => {
    const real = path.join(directory, 'real.yaml');
    writeFileSync(real, textOf('primary'));
    rmSync(fileOf('primary'));
    symlinkSync(real, fileOf('primary'));
    await writeStackFiles(await editBoth());
    expect(readFileSync(real, 'utf8')).toContain('gateEpoch: 2');
    expect(textOf('primary')).toContain('gateEpoch: 2');
  });

  it.each<readonly [what: string, role: string, from: string, to: string, message: RegExp]>([
    [
      'a duplicate key',
      'primary',
      'twinmap:schedule:',
      'twinmap:gateEpoch: 9\n  twinmap:schedule:',
      /primary\.yaml can't be used: Map keys must be unique/u,
    ],
    ['broken YAML', 'secondary', 'config:', 'config: [', /secondary\.yaml can't be used/u],
    ['no settings', 'primary', 'config:', 'settings:', /primary\.yaml has no settings/u],
    ['the role of the other stack', 'secondary', 'role: secondary', 'role: primary', /says twinmap:role primary/u],
    ['another peer', 'secondary', 'peerRegion: us-east-2', 'peerRegion: us-east-1', /these two files are no pair/u],
    ['no peer', 'primary', 'twinmap:peerRegion: us-west-2', '', /single-Region install, which has nothing to toggle/u],
    [
      'no epoch',
      'primary',
      'twinmap:gateEpoch: 1',
      '',
      /twinmap:gateEpoch is missing.*pulumi config set --stack primary/u,
    ],
    ['an epoch that is none', 'primary', 'gateEpoch: 1', 'gateEpoch: soon', /twinmap:gateEpoch is "soon"/u],
    [
      'a word for active',
      'primary',
      'Work: true',
      'Work: yes',
      /isActiveForScheduledWork is "yes", and it must be true or false/u,
    ],
    [
      'an alias',
      'primary',
      'Epoch: 1',
      'Epoch: *x',
      /has an alias \(\*x\) as twinmap:gateEpoch; write the value itself/u,
    ],
  ])('with %s are refused', async (_what, role, from, to, message) => {
    change(role, from, to);
    await expect(readStackPair(directory)).rejects.toThrow(message);
  });

  it('must both be there', async () => {
    rmSync(fileOf('secondary'));
    await expect(readStackPair(directory)).rejects.toThrow(/there is no Pulumi\.secondary\.yaml in .*--directory/u);
    await expect(readStackFile(directory, 'primary')).resolves.toMatchObject({ role: 'primary' });
  });

  it('are read as the Pulumi command writes them, numbers and booleans as text', async () => {
    change('primary', 'gateEpoch: 1', 'gateEpoch: "7"');
    change('primary', 'Work: true', 'Work: "false"');
    await expect(readStackPair(directory)).resolves.toMatchObject({ primary: { epoch: 7, active: false } });
  });
});
