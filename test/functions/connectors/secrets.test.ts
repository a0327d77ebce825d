/** Credentials by reference: what is configured is a name, and what was read shows itself to nobody. */
import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { openSecretSource } from '../../../functions/aws/secret-source.ts';
import { CONNECTOR_KINDS, kindNamed, openSource } from '../../../functions/connectors/registry.ts';
import {
  environmentSecrets,
  openSecret,
  Secret,
  secretReferenceSchema,
} from '../../../functions/connectors/secrets.ts';
import { parseSecretReference } from '../../../functions/domain/secret-reference.ts';
import { ConfigError, RegionUnavailableError } from '../../../functions/domain/errors.ts';
import { type FakeReply, type FakeRequest, FakeServer } from '../../../local/fakes/fake-server.ts';
import { settingFor } from './worlds/fake-world.ts';

const { signal } = new AbortController();

class SecretsManager extends FakeServer {
  readonly held = new Map<string, string>();

  protected override answer({ headers, body }: FakeRequest): FakeReply {
    const { SecretId: id } = JSON.parse(body) as { SecretId: string };
    const text = this.held.get(id);
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue' || text === undefined) {
      return { status: 400, json: { __type: 'ResourceNotFoundException', Message: 'no' } };
    }
    return { json: { SecretString: text } };
  }
}

let service: SecretsManager | null = null;

afterEach(async () => {
  await service?.close();
  service = null;
});

describe('a secret', () => {
  it('shows itself to nobody who prints it', () => {
    const secret = new Secret('hunter2');
    const printed = [String(secret), secret.toString(), JSON.stringify({ secret }), inspect({ secret }, { depth: 9 })];
    expect(printed.join(' ')).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });

  it('a field of a stored object, without the line break of an editor', () => {
    expect(openSecret('{"token":"abc\\n"}', 'secretsmanager:x#token').reveal()).toBe('abc');
    expect(openSecret('abc\n', 'secretsmanager:x').reveal()).toBe('abc');
    expect(() => openSecret('{"token":1}', 'secretsmanager:x#token')).toThrow(ConfigError);
    expect(() => openSecret('plain', 'secretsmanager:x#token')).toThrow(/not JSON/u);
  });
});

describe('a reference', () => {
  it.each(['env:TOKEN', 'secretsmanager:twinmap/jira', 'secretsmanager:twinmap/jira#token'])('%s is one', (text) => {
    expect(parseSecretReference(text)).toBeDefined();
  });

  it.each(['ghp_sekrit', 'vault:x', 'env:', 'secretsmanager:a b', 'env:A#'])(
    '%s is none, and is not repeated',
    (text) => {
      const parsed = secretReferenceSchema.safeParse(text);
      expect(parsed.success).toBe(false);
      expect(inspect(parsed.error)).not.toContain('sekrit');
    },
  );

  it('a secret where a reference belongs is refused without being repeated', () => {
    const config = { url: 'https://x.atlassian.net', spaces: ['A'], email: 'a@b.example', token: 'ghp_sekrit' };
    const open = (): unknown => openSource({ kind: 'confluence', config }, settingFor('http://127.0.0.1:1', {}));
    expect(open).toThrow(/"token": must be a reference/u);
    expect(open).not.toThrow(/sekrit/u);
  });
});

describe('kinds', () => {
  it('every kind has its own name and refuses a configuration that is empty or has a word too many', () => {
    const setting = settingFor('http://127.0.0.1:1', {});
    expect(new Set(CONNECTOR_KINDS.map(({ kind }) => kind)).size).toBe(CONNECTOR_KINDS.length);
    for (const kind of CONNECTOR_KINDS) {
      expect(() => kind.open({}, setting), kind.kind).toThrow(ConfigError);
      expect(() => kind.open({ surprise: true }, setting), kind.kind).toThrow(ConfigError);
    }
  });

  it('an unknown kind is answered with the known ones', () => {
    expect(() => kindNamed('sharepont')).toThrow(/git, github.*sharepoint.*files/u);
  });
});

describe('where secrets are read', () => {
  it('a local run reads its environment, and only that', async () => {
    const secrets = environmentSecrets({ TOKEN: 'abc', EMPTY: '' });
    expect((await secrets.read('env:TOKEN', signal)).reveal()).toBe('abc');
    for (const reference of ['env:EMPTY', 'env:OTHER', 'secretsmanager:TOKEN']) {
      await expect(secrets.read(reference, signal)).rejects.toThrow(ConfigError);
    }
  });

  it("a Region reads its own Secrets Manager, keeps what it read for a while, and never another place's", async () => {
    service = await new SecretsManager().start();
    service.held.set('twinmap/jira', '{"token":"abc"}');
    let now = 0;
    const bounds = { connectTimeoutMs: 1000, callTimeoutMs: 5000, attemptsMax: 1 };
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
    const source = openSecretSource({
      target: { region: 'eu-west-1', endpoint: service.origin, bounds },
      now: () => now,
    });
    expect((await source.read('secretsmanager:twinmap/jira#token', signal)).reveal()).toBe('abc');
    await source.read('secretsmanager:twinmap/jira#token', signal);
    expect(service.seen).toHaveLength(1);
    service.held.set('twinmap/jira', '{"token":"rotated"}');
    now += 600_000;
    expect((await source.read('secretsmanager:twinmap/jira#token', signal)).reveal()).toBe('rotated');
    await expect(source.read('env:TOKEN', signal)).rejects.toThrow(ConfigError);
    const missing = source.read('secretsmanager:twinmap/none', signal);
    await expect(missing).rejects.toThrow(/twinmap\/none.*eu-west-1/u);
    service.fault = () => ({ kind: 'status', status: 500 });
    await expect(source.read('secretsmanager:twinmap/other', signal)).rejects.toBeInstanceOf(RegionUnavailableError);
  });
});
