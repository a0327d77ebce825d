/** Which addresses may be a source, and which machines a request may reach. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../functions/domain/errors.ts';
import { parseGitSource, redactAddress, redirectTarget } from '../../../../functions/connectors/git/git-source.ts';
import {
  checkDestination,
  createGuardedLookup,
  type GitHostRules,
  isAllowedAddress,
} from '../../../../functions/connectors/git/host-guard.ts';

const RULES: GitHostRules = {
  gitHosts: ['git.example.com:443', '*.forge.example', 'code.example.com:8443', '127.0.0.1', '10.1.2.3', '[::1]'],
};

const messageOf = (call: () => unknown): string => {
  try {
    call();
    return 'no error';
  } catch (error) {
    expect(error).toBeInstanceOf(SourceError);
    return error instanceof Error ? error.message : '';
  }
};

describe('the address of a git source', () => {
  it.each([
    ['https://git.example.com/team/repo.git', 'https://git.example.com/team/repo.git'],
    ['  https://GIT.example.com/team/repo/  ', 'https://git.example.com/team/repo'],
    ['https://eu.forge.example/r', 'https://eu.forge.example/r'],
    ['https://code.example.com:8443/r', 'https://code.example.com:8443/r'],
    ['https://git.example.com:443/r', 'https://git.example.com/r'],
  ])('%s is read', (address, display) => {
    expect(parseGitSource(address, RULES)).toMatchObject({ display, loopback: false });
  });

  it.each([
    ['ext::sh -c "touch /tmp/pwned"', /would run a program/u],
    ['fd::17', /would run a program/u],
    ['ssh://git@git.example.com/team/repo.git', /ssh address/u],
    ['git@git.example.com:team/repo.git', /ssh address/u],
    ['git.example.com:team/repo.git', /ssh address|not an https/u],
    ['git://git.example.com/repo.git', /unencrypted/u],
    ['http://git.example.com/repo.git', /not encrypted/u],
    ['file:///srv/repo.git', /npm start/u],
    ['/srv/repo.git', /npm start/u],
    ['../repo', /npm start/u],
    ['ftp://git.example.com/repo.git', /protocol/u],
    ['', /not an https/u],
    ['https://other.example.com/repo.git', /not an allowed host/u],
    ['https://forge.example/repo.git', /not an allowed host/u],
    ['https://evilforge.example/repo.git', /not an allowed host/u],
    ['https://git.example.com.evil.test/repo.git', /not an allowed host/u],
    ['https://git.example.com:9000/repo.git', /not an allowed host/u],
    ['https://code.example.com/repo.git', /not an allowed host/u],
    ['https://git.example.com/', /names no repository/u],
    ['https://git.example.com/r?service=x', /query or fragment/u],
    ['https://git.example.com/r#frag', /query or fragment/u],
    ['https://127.0.0.1/repo.git', /private, loopback or link-local/u],
    ['https://2130706433/repo.git', /private, loopback or link-local/u],
    ['https://10.1.2.3/repo.git', /private, loopback or link-local/u],
    ['http://127.0.0.1:4711/repo.git', /not encrypted/u],
  ])('%s is refused with a reason', (address, reason) => {
    expect(messageOf(() => parseGitSource(address, RULES))).toMatch(reason);
  });

  it('credentials are refused and never repeated', () => {
    const addresses = [
      'https://user:s3cret@git.example.com/r',
      'https://s3cret@git.example.com/r',
      'ssh://user:s3cret@git.example.com/r',
      'http://x:s3cret@git.example.com/r?token=s3cret',
      'user:s3cret@host:path',
      'ext::https://u:s3cret@git.example.com/r',
    ];
    for (const address of addresses) {
      expect(messageOf(() => parseGitSource(address, RULES))).not.toContain('s3cret');
      expect(redactAddress(address)).not.toContain('s3cret');
    }
  });

  it('a loopback origin counts only when it is exactly the configured one, and only as an address', () => {
    const rules = { gitHosts: [], loopbackOrigin: 'http://127.0.0.1:4711' };
    expect(parseGitSource('http://127.0.0.1:4711/r.git', rules).loopback).toBe(true);
    expect(messageOf(() => parseGitSource('http://127.0.0.1:4712/r.git', rules))).toMatch(/not encrypted/u);
    expect(messageOf(() => parseGitSource('http://127.0.0.1.nip.test:4711/r', rules))).toMatch(/not encrypted/u);
    const named = { gitHosts: [], loopbackOrigin: 'http://metadata.internal' };
    expect(messageOf(() => parseGitSource('http://metadata.internal/r', named))).toMatch(/not encrypted/u);
  });
});

describe('a redirect of an https source', () => {
  const from = new URL('https://git.example.com/r.git/info/refs?service=git-upload-pack');
  const follow = (location: string): URL => {
    const rules = { ...RULES, loopbackOrigin: 'http://127.0.0.1:4711' };
    return redirectTarget(parseGitSource('https://git.example.com/r.git', rules), rules, from, location);
  };

  it('may lead to another path or another allowed host', () => {
    expect(follow('/team/r.git/info/refs?service=git-upload-pack').href).toContain(
      'https://git.example.com/team/r.git/',
    );
    expect(follow('https://eu.forge.example/r/info/refs').host).toBe('eu.forge.example');
  });

  it.each([
    'http://git.example.com/r.git/info/refs',
    'http://127.0.0.1:4711/r.git/info/refs',
    'https://127.0.0.1/info/refs',
    'https://10.1.2.3/info/refs',
    'https://[::1]/info/refs',
    'https://169.254.169.254/latest/meta-data/info/refs',
    'https://other.example/r/info/refs',
    'https://user:s3cret@git.example.com/r/info/refs',
    'file:///etc/passwd/info/refs',
    'https://git.example.com/sign-in',
  ])('to %s is refused', (location) => {
    expect(messageOf(() => follow(location))).not.toMatch(/no error|s3cret/u);
  });
});

describe('addresses that a request may reach', () => {
  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])(
    '%s is public',
    (address) => {
      expect(isAllowedAddress(address, false)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.9.9',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    'not an address',
  ])('%s is refused', (address) => {
    expect(isAllowedAddress(address, false)).toBe(false);
  });

  it('private addresses can be expected, loopback and link-local ones never', () => {
    expect(['10.0.0.1', 'fd00::1', '192.168.0.9'].map((address) => isAllowedAddress(address, true))).toEqual([
      true,
      true,
      true,
    ]);
    const never = ['127.0.0.1', '::1', '169.254.169.254', 'fe80::1', '0.0.0.0', '::ffff:127.0.0.1'];
    expect(never.filter((address) => isAllowedAddress(address, true))).toEqual([]);
  });

  it('a literal private address needs its host to be listed twice', () => {
    const url = new URL('https://10.1.2.3/r');
    expect(() => {
      checkDestination(url, RULES);
    }).toThrow(/private/u);
    expect(() => {
      checkDestination(url, { ...RULES, privateGitHosts: ['10.1.2.3'] });
    }).not.toThrow();
  });
});

const look = async (addresses: readonly string[], all: boolean, allowPrivate = false): Promise<unknown> => {
  const resolve = async (): Promise<{ address: string; family: number }[]> =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const { promise, resolve: settle } = Promise.withResolvers<unknown>();
  createGuardedLookup(resolve, allowPrivate)('git.example.com', { all }, (error, found) => {
    settle(error ?? found);
  });
  return promise;
};

describe('the guarded lookup', () => {
  it('hands on the very addresses that it checked', async () => {
    expect(await look(['93.184.216.34'], false)).toBe('93.184.216.34');
    expect(await look(['93.184.216.34'], true)).toEqual([{ address: '93.184.216.34', family: 4 }]);
  });

  it('one private address among public ones refuses them all', async () => {
    const answer = await look(['93.184.216.34', '169.254.169.254'], true);
    expect(answer).toBeInstanceOf(SourceError);
    expect(String(answer)).not.toContain('169.254');
  });

  it('an empty answer is refused', async () => {
    expect(await look([], true)).toBeInstanceOf(SourceError);
  });

  it('an expected private address passes, a loopback one does not', async () => {
    expect(await look(['10.0.0.7'], false, true)).toBe('10.0.0.7');
    expect(await look(['127.0.0.1'], false, true)).toBeInstanceOf(SourceError);
  });
});
