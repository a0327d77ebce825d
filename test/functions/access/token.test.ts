/** Tokens: what is one, what is stored of it, and that comparing does not tell how much of a secret was right. */
import crypto from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSecretOf, newToken, parseToken, secretHash, tokenOf } from '../../../functions/access/token.ts';

const fresh = (): ReturnType<typeof newToken> => newToken((count) => crypto.randomBytes(count));

describe('a token', () => {
  it('is read back as the id and the secret that it was made of', () => {
    for (let at = 0; at < 200; at += 1) {
      const made = fresh();
      expect(parseToken(tokenOf(made))).toEqual(made);
    }
  });

  it('carries 256 bits that nobody stored', () => {
    const made = fresh();
    expect(Buffer.from(made.secret, 'base64url')).toHaveLength(32);
    expect(secretHash(made.secret)).toMatch(/^[0-9a-f]{64}$/u);
    expect(secretHash(made.secret)).not.toContain(made.secret);
  });

  it.each([
    ['nothing', ''],
    ['another prefix', `abc_${'a'.repeat(16)}_${'A'.repeat(43)}`],
    ['no secret', `twm_${'a'.repeat(16)}`],
    ['a short id', `twm_${'a'.repeat(15)}_${'A'.repeat(43)}`],
    ['a large letter in the id', `twm_${'A'.repeat(16)}_${'A'.repeat(43)}`],
    ['a short secret', `twm_${'a'.repeat(16)}_${'A'.repeat(42)}`],
    ['a long secret', `twm_${'a'.repeat(16)}_${'A'.repeat(44)}`],
    ['a space', `twm_${'a'.repeat(16)}_${'A'.repeat(42)} `],
    ['a line end', `twm_${'a'.repeat(16)}_${'A'.repeat(43)}\n`],
    ['another alphabet', `twm_${'a'.repeat(16)}_${'+'.repeat(43)}`],
  ])('with %s is none', (_what, text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  it('is none where any text is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseToken(text)).toBeUndefined();
      }),
    );
  });
});

describe('a secret', () => {
  it('is the one of its hash and of no other', () => {
    const { secret } = fresh();
    expect(isSecretOf(secret, secretHash(secret))).toBe(true);
    expect(isSecretOf(fresh().secret, secretHash(secret))).toBe(false);
  });

  it.each(['', 'abc', '00', 'z'.repeat(64), `${'0'.repeat(63)}g`, '0'.repeat(128)])(
    'is not the one of "%s", which is no hash',
    (hash) => {
      expect(isSecretOf(fresh().secret, hash)).toBe(false);
    },
  );

  it('with bytes behind its hash is not accepted', () => {
    const { secret } = fresh();
    expect(isSecretOf(secret, `${secretHash(secret)}00`)).toBe(false);
    expect(isSecretOf(secret, secretHash(secret).slice(0, 62))).toBe(false);
  });

  it('takes as long to refuse whether the first byte differs or the last', () => {
    const { secret } = fresh();
    const hash = secretHash(secret);
    const flipped = (at: number): string =>
      `${hash.slice(0, at)}${hash.charAt(at) === '0' ? '1' : '0'}${hash.slice(at + 1)}`;
    const spent = (other: string): number => {
      const startedAt = process.hrtime.bigint();
      for (let round = 0; round < 20; round += 1) {
        isSecretOf(secret, other);
      }
      return Number(process.hrtime.bigint() - startedAt);
    };
    // In pairs, so that whatever else runs on this machine slows both alike.
    const ratios = Array.from({ length: 401 }, () => spent(flipped(0)) / spent(flipped(63)));
    const ratio = ratios.toSorted((left, right) => left - right)[200] ?? 0;
    // A comparison that stops at the first difference is not visible beside a hash; this sees one that skips the hash.
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});
