/** Settings as the CLI would hand them over, from files in a temporary folder. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadStackConfig } from '../../../local/monitor/stack-config.ts';

const PROJECT = `
name: twinmap
config:
  pulumi:disable-default-providers: { value: ["aws"] }
  role: { type: string }
  schedule: { type: string, default: rate(1 hour) }
  sources: { type: array, default: [] }
  dimensions: { type: integer, default: 256 }
`;

let rootDirectory: string;

const write = async (name: string, text: string): Promise<void> => writeFile(path.join(rootDirectory, name), text);

beforeEach(async () => {
  rootDirectory = await mkdtemp(path.join(tmpdir(), 'twinmap stack '));
  await write('Pulumi.yaml', PROJECT);
});

afterEach(async () => {
  await rm(rootDirectory, { recursive: true, force: true });
});

describe('loadStackConfig', () => {
  it('lays the stack file over the defaults and the overrides over both, all as text', async () => {
    await write(
      'Pulumi.primary.yaml',
      'config:\n  twinmap:role: primary\n  twinmap:active: true\n  twinmap:dimensions: 128\n  twinmap:names: [a, b]\n',
    );
    const overrides = { 'twinmap:schedule': 'rate(5 minutes)' };
    await expect(loadStackConfig({ rootDirectory, stack: 'primary', overrides })).resolves.toEqual({
      project: 'twinmap',
      stack: 'primary',
      config: {
        'pulumi:disable-default-providers': '["aws"]',
        'twinmap:schedule': 'rate(5 minutes)',
        'twinmap:sources': '[]',
        'twinmap:dimensions': '128',
        'twinmap:role': 'primary',
        'twinmap:active': 'true',
        'twinmap:names': '["a","b"]',
      },
    });
  });

  it('takes a stack file without settings', async () => {
    await write('Pulumi.primary.yaml', 'config: {}\n');
    const { config } = await loadStackConfig({ rootDirectory, stack: 'primary' });
    expect(config['twinmap:role']).toBeUndefined();
  });

  it.each([
    ['a missing stack file', 'other', '', /Pulumi\.other\.yaml can't be read/u],
    ['a file that is not YAML', 'primary', 'config: [', /Pulumi\.primary\.yaml is not YAML/u],
    ['a list in place of settings', 'primary', 'config: [1]', /Pulumi\.primary\.yaml is not a Pulumi file: config/u],
    ['a key without namespace', 'primary', 'config:\n  role: primary\n', /write twinmap:role/u],
    ['an encrypted value', 'primary', 'config:\n  twinmap:role: { secure: v1abc }\n', /twinmap:role encrypted/u],
  ])('refuses %s', async (_what, stack, text, message) => {
    await write('Pulumi.primary.yaml', text);
    await expect(loadStackConfig({ rootDirectory, stack })).rejects.toThrow(message);
  });
});
