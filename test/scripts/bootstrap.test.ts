/** `npm run bootstrap` with an `aws` and a `pulumi` that write down what they are told, and remember what they have made. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseRegion } from '../../functions/domain/region.ts';
import { bootstrapSteps, stateNamesOf } from '../../scripts/bootstrap/plan.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Like the real ones where it counts: checks fail before a thing is made, answers go to stdout, `$FAIL` breaks a command. */
const FAKE = `#!/bin/sh
name=$(basename "$0")
printf '%s %s\\n' "$name" "$*" >> "$FAKE_DIR/calls"
if [ -n "$FAIL" ]; then case "$*" in *"$FAIL"*) echo "broken: $FAIL" >&2; exit 254;; esac; fi
case "$*" in
  *get-caller-identity*) echo "\${FAKE_ACCOUNT:-111122223333}";;
  *get-resources*) if [ -e "$FAKE_DIR/key" ]; then echo arn:aws:kms:us-east-2:111122223333:key/k1; else echo None; fi;;
  *create-key*) touch "$FAKE_DIR/key"; echo arn:aws:kms:us-east-2:111122223333:key/k1;;
  *describe-key*) [ -e "$FAKE_DIR/alias" ] || exit 254;;
  *create-alias*) touch "$FAKE_DIR/alias";;
  *head-bucket*) [ -e "$FAKE_DIR/bucket" ] || exit 254;;
  *create-bucket*) touch "$FAKE_DIR/bucket";;
  *"stack select"*) [ -e "$FAKE_DIR/stack" ] || exit 255;;
  *"stack init"*) touch "$FAKE_DIR/stack";;
esac
`;

let directory: string;
let bin: string;

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> => {
  const ended = Promise.withResolvers<Ran>();
  const env = { PATH: `${bin}:/usr/bin:/bin`, FAKE_DIR: directory, ...environment };
  const script = path.join(ROOT, 'scripts/bootstrap.ts');
  execFile(process.execPath, [script, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
    ended.resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
  });
  return ended.promise;
};

const calls = (): readonly string[] => {
  const file = path.join(directory, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
};

const outcomesOf = ({ stdout }: Ran): readonly string[] => {
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
    steps: { title: string; outcome: string }[];
  };
  return report.steps.map(({ outcome }) => outcome);
};

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-bootstrap-'));
  bin = path.join(directory, 'bin');
  mkdirSync(bin);
  for (const name of ['aws', 'pulumi']) {
    writeFileSync(path.join(bin, name), FAKE);
    chmodSync(path.join(bin, name), 0o755);
  }
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const place = (stack: 'primary' | 'secondary', name: string) => {
  const region = parseRegion(name);
  if (region === undefined) {
    throw new Error(`${name} is no Region`);
  }
  return { stack, region, accountId: '111122223333' };
};

describe('the steps', () => {
  it.each(['us-east-1', 'us-east-2', 'us-gov-west-1'])('name %s in every command, and no other Region', (name) => {
    for (const step of bootstrapSteps(place('primary', name))) {
      for (const words of [step.run, ...(step.check === undefined ? [] : [step.check])]) {
        const text = words.join(' ');
        const regions = new Set(text.match(/\bus-(?:gov-)?(?:east|west)-\d\b/gu));
        expect([...regions], text).toStrictEqual(text.startsWith('pulumi stack select') ? [] : [name]);
      }
    }
  });

  it('make a bucket that carries account and Region, versioned, encrypted, closed, and a key beside it', () => {
    const steps = bootstrapSteps(place('secondary', 'us-west-2')).map((step) => step.run.join(' '));
    expect(stateNamesOf(place('secondary', 'us-west-2')).bucket).toBe('twinmap-state-111122223333-us-west-2');
    for (const wanted of [
      'create-bucket --bucket twinmap-state-111122223333-us-west-2 --create-bucket-configuration LocationConstraint=us-west-2',
      'put-bucket-versioning',
      '"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"$KEY_ARN"',
      'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true',
      'kms enable-key-rotation',
      'pulumi login s3://twinmap-state-111122223333-us-west-2?region=us-west-2',
      'stack init secondary --secrets-provider awskms://alias/twinmap-state-us-west-2?region=us-west-2',
    ]) {
      expect(
        steps.some((step) => step.includes(wanted)),
        wanted,
      ).toBe(true);
    }
  });

  it('name no location in us-east-1, and the right partition elsewhere', () => {
    const textOf = (name: string): string => JSON.stringify(bootstrapSteps(place('primary', name)));
    expect(textOf('us-east-1')).not.toContain('LocationConstraint');
    expect(textOf('us-gov-west-1')).toContain('arn:aws-us-gov:s3:::');
  });
});

describe('npm run bootstrap', () => {
  it('prints the commands and runs none without --yes', async () => {
    const { exitCode, stdout } = await run(['--stack', 'primary']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('KEY_ARN=$(aws resourcegroupstaggingapi get-resources');
    expect(stdout).toContain('pulumi login');
    expect(calls()).toStrictEqual([]);
  });

  it('prints what a shell runs to the same end', async () => {
    const { stdout } = await run(['--stack', 'primary']);
    const shell = Promise.withResolvers<string>();
    const env = { PATH: `${bin}:/usr/bin:/bin`, FAKE_DIR: directory };
    execFile('/bin/sh', ['-e', '-c', stdout.split('\n').slice(1).join('\n')], { env }, (error, _out, stderr) => {
      shell.resolve(error === null ? 'done' : stderr);
    });
    await expect(shell.promise).resolves.toBe('done');
    const printed = calls();
    rmSync(path.join(directory, 'calls'));
    for (const made of ['key', 'alias', 'bucket', 'stack']) {
      rmSync(path.join(directory, made));
    }
    await run(['--stack', 'primary', '--yes']);
    expect(calls()).toStrictEqual(printed);
  });

  it('runs every step once, and does nothing twice', async () => {
    const first = await run(['--stack', 'primary', '--yes', '--json']);
    expect(first.exitCode).toBe(0);
    expect(new Set(outcomesOf(first))).toStrictEqual(new Set(['done']));
    expect(calls().some((call) => call.includes('KEY_ARN'))).toBe(false);
    const second = await run(['--stack', 'primary', '--yes', '--json']);
    expect(outcomesOf(second).filter((outcome) => outcome === 'already')).toHaveLength(4);
    for (const once of ['create-key', 'create-alias', 'create-bucket', 'stack init']) {
      expect(
        calls().filter((call) => call.includes(once)),
        once,
      ).toHaveLength(1);
    }
  });

  it('stops where a step fails, says why, and goes on from there', async () => {
    const broken = await run(['--stack', 'primary', '--yes', '--json'], { FAIL: 'create-alias' });
    expect(broken.exitCode).toBe(1);
    expect(broken.stderr).toContain('its name: broken: create-alias');
    expect(outcomesOf(broken).slice(0, 5)).toStrictEqual(['done', 'done', 'done', 'failed', 'planned']);
    expect(calls().some((call) => call.includes('create-bucket'))).toBe(false);
    const mended = await run(['--stack', 'primary', '--yes', '--json']);
    expect(mended.exitCode).toBe(0);
    expect(calls().filter((call) => call.includes('create-key'))).toHaveLength(1);
  });

  it('changes nothing with credentials of another account', async () => {
    const { exitCode, stdout } = await run(['--stack', 'primary', '--yes'], { FAKE_ACCOUNT: '999999999999' });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('these credentials are of the account 999999999999, not of 111122223333');
    expect(calls()).toHaveLength(1);
  });

  it('names what is not installed, before the first step', async () => {
    rmSync(path.join(bin, 'pulumi'));
    const { exitCode, stderr } = await run(['--stack', 'primary', '--yes'], { PATH: bin });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('not on PATH: pulumi (the Pulumi CLI)');
    expect(calls()).toStrictEqual([]);
  });

  it.each([
    ['no stack', [], 64],
    ['an unknown stack', ['--stack', 'third'], 64],
    ['a folder without stack files', ['--stack', 'primary', '--directory', tmpdir()], 1],
  ] as const)('refuses %s', async (_what, args, exitCode) => {
    await expect(run(args)).resolves.toMatchObject({ exitCode });
  });
});
