/** The authority of a data folder: private, kept, and replaced when it can't be relied on any more. */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Authority, openAuthority } from '../../../local/services/authority.ts';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-authority-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const fileOf = (name: string): string => path.join(directory, 'ca', name);
const open = async (nowMs = NOW_MS): Promise<Authority> => openAuthority(path.join(directory, 'ca'), nowMs);

/** What a client that trusts the authority says to a server with this identity. */
const greet = async (authority: Authority, trusted: string, servername: string): Promise<string> => {
  const server = https.createServer(
    authority.issue(['dynamodb.us-east-2.twinmap.test', '127.0.0.1']),
    (_request, response) => response.end(),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const said = await new Promise<string>((resolve) => {
    https
      .get({ host: '127.0.0.1', port, servername, ca: trusted, agent: false }, (response) => {
        response.resume();
        resolve(String(response.statusCode));
      })
      .once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
  });
  server.close();
  return said;
};

describe('the authority', () => {
  it('vouches for the names that it issued, and for no other', async () => {
    const authority = await open();
    expect(await greet(authority, authority.certificate, 'dynamodb.us-east-2.twinmap.test')).toBe('200');
    expect(await greet(authority, authority.certificate, 'dynamodb.us-west-2.twinmap.test')).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('is not trusted by whoever trusts that of another folder', async () => {
    const authority = await open();
    const other = await openAuthority(path.join(directory, 'other'), NOW_MS);
    expect(await greet(authority, other.certificate, 'dynamodb.us-east-2.twinmap.test')).toMatch(/UNABLE|SELF_SIGNED/u);
    const both = `${other.certificate}${authority.certificate}`;
    expect(await greet(authority, both, 'dynamodb.us-east-2.twinmap.test')).toBe('200');
  });

  it('is kept from one start to the next, readable by its owner alone', async () => {
    const first = await open();
    expect((await open(NOW_MS + DAY_MS)).certificate).toBe(first.certificate);
    expect(readdirSync(path.join(directory, 'ca')).toSorted()).toEqual(['authority-key.pem', 'authority.pem']);
    for (const name of ['authority.pem', 'authority-key.pem']) {
      expect(statSync(fileOf(name)).mode % 0o1000).toBe(0o600);
    }
    expect(first.certificateFile).toBe(fileOf('authority.pem'));
  });

  it('may sign endpoints and nothing else', async () => {
    const authority = await open();
    expect(new X509Certificate(authority.certificate).ca).toBe(true);
    const issued = new X509Certificate(authority.issue(['a.twinmap.test']).cert);
    expect([issued.ca, issued.checkHost('a.twinmap.test')]).toEqual([false, 'a.twinmap.test']);
  });

  it('is replaced long before it ends', async () => {
    const first = await open();
    expect((await open(NOW_MS + 3284 * DAY_MS)).certificate).toBe(first.certificate);
    expect((await open(NOW_MS + 3286 * DAY_MS)).certificate).not.toBe(first.certificate);
  });

  it.each<[string, () => void]>([
    [
      'a certificate that is cut off',
      () => {
        writeFileSync(fileOf('authority.pem'), readFileSync(fileOf('authority.pem')).subarray(0, 100));
      },
    ],
    [
      'an empty key',
      () => {
        writeFileSync(fileOf('authority-key.pem'), '');
      },
    ],
    [
      'a key that is gone',
      () => {
        rmSync(fileOf('authority-key.pem'));
      },
    ],
    [
      'a key of another authority',
      () => {
        copyFileSync(path.join(directory, 'other', 'authority-key.pem'), fileOf('authority-key.pem'));
      },
    ],
  ])('is replaced after %s', async (_what, damage) => {
    const first = await open();
    await openAuthority(path.join(directory, 'other'), NOW_MS);
    damage();
    const next = await open();
    expect(next.certificate).not.toBe(first.certificate);
    expect(await greet(next, next.certificate, 'dynamodb.us-east-2.twinmap.test')).toBe('200');
    expect((await open()).certificate).toBe(next.certificate);
  });
});
