/** Credentials and personal data leave a document before anything is stored; nothing else does, and no line moves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bitsPerChar, isAccountNumber, isCardNumber } from '../../../functions/ingest/redact/checks.ts';
import { REDACTION_MODES } from '../../../functions/domain/corpus.ts';
import { redact } from '../../../functions/ingest/redact/redact.ts';
import { REDACTION_RULES } from '../../../functions/ingest/redact/rules.ts';

const ALL = 'credentials-and-personal';
const around = (text: string): string => `# Notes\n\nBefore ${text} after.\n\nLast line.\n`;

describe.each(REDACTION_RULES)('$kind', ({ kind, finds, leaves }) => {
  it('is found and counted once, and the text around it stays', () => {
    const { text, counts } = redact(around(finds), ALL);
    expect(counts).toStrictEqual({ [kind]: 1 });
    expect(text).toContain(`[redacted:${kind}]`);
    expect(text.startsWith('# Notes\n\nBefore ')).toBe(true);
    expect(text.endsWith(' after.\n\nLast line.\n')).toBe(true);
    expect(text.split('\n')).toHaveLength(around(finds).split('\n').length);
  });

  it('is not seen in what only looks like it', () => {
    expect(redact(around(leaves), ALL)).toStrictEqual({ text: around(leaves), counts: {} });
  });
});

describe('redact', () => {
  it('takes out the whole body of a private key and keeps the number of lines', () => {
    const body = ['MIIEpAIBAAKCAQEA0Z3VS5JJ', 'cds3xfn/ygWyF0qJDr8Kk2pV', 'Vp0VDTyqY0a2ZAFUHnE3vq1b'];
    const lines = ['first', '-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----', 'last'];
    const { text } = redact(lines.join('\n'), 'credentials');
    expect(text.split('\n')).toHaveLength(lines.length);
    expect(text.split('\n').at(-1)).toBe('last');
    for (const line of body) {
      expect(text).not.toContain(line);
    }
  });

  it('keeps the user and host of an address, and takes its password out', () => {
    const { text } = redact('url: postgres://shop:s3cr3t-word@db.internal:5432/shop', 'credentials');
    expect(text).toBe('url: postgres://shop:[redacted:address-with-password]@db.internal:5432/shop');
  });

  it('leaves personal data where only credentials are asked for, and everything where nothing is', () => {
    const text = around(`kim.lee@shop-and-go.co.uk and ${REDACTION_RULES[1]?.finds ?? ''}`);
    expect(redact(text, 'credentials').counts).toStrictEqual({ 'aws-access-key': 1 });
    expect(redact(text, 'none')).toStrictEqual({ text, counts: {} });
  });

  it('finds every one of several in one line', () => {
    const { counts } = redact('write to a.b@shop.io, c.d@shop.io or e.f@shop.io', ALL);
    expect(counts).toStrictEqual({ 'mail-address': 3 });
  });

  it('finds nothing more in what it has made, and moves no line', () => {
    const pieces = fc.oneof(
      fc.constantFrom(...REDACTION_RULES.flatMap(({ finds, leaves }) => [finds, leaves])),
      fc.string({ maxLength: 40 }),
      fc.constantFrom('\n', ' ', '"', "'", ' = ', '://', '@', ':'),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.constantFrom(...REDACTION_MODES), (parts, mode) => {
        const text = parts.join(' ');
        const once = redact(text, mode);
        expect(once.text.split('\n')).toHaveLength(text.split('\n').length);
        expect(redact(once.text, mode)).toStrictEqual({ text: once.text, counts: {} });
      }),
      { numRuns: 300 },
    );
  });
});

describe('checks', () => {
  it('a card number that is one digit off is none', () => {
    expect(isCardNumber('5555 5555 5555 4444')).toBe(true);
    expect(isCardNumber('5555 5555 5555 4445')).toBe(false);
    expect(isCardNumber('0000 0000 0000 0000')).toBe(false);
  });

  it('an account number with two digits exchanged is none', () => {
    expect(isAccountNumber('DE89 3704 0044 0532 0130 00')).toBe(true);
    expect(isAccountNumber('DE89 3704 0044 0532 0310 00')).toBe(false);
  });

  it('a random text has more bits for each character than a word', () => {
    expect(bitsPerChar('k3Yb0ard-C4t!9')).toBeGreaterThan(3);
    expect(bitsPerChar('password')).toBeLessThan(3);
  });
});
