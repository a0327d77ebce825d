/** Tokens that prove themselves, and the state that they become. */
import { beforeAll, describe, expect, it } from 'vitest';

import { OverrideState, type StoredOverride } from '../../../router/override/override-state.ts';
import { mintToken, type NewKeyPair, newKeyPair, type OverridePayload } from '../../../router/override/token.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
let keys: NewKeyPair;
let others: NewKeyPair;
beforeAll(async () => {
  [keys, others] = await Promise.all([newKeyPair(), newKeyPair()]);
});

const payload = (more: Partial<OverridePayload> = {}): OverridePayload => ({
  mode: { kind: 'prefer', region: 'b' },
  scope: 'fleet',
  aud: 'router',
  kid: 'k1',
  iatMs: NOW_MS,
  expMs: NOW_MS + HOUR_MS,
  seq: 1,
  by: 'on-call',
  why: 'us-east-2 is failing',
  ...more,
});

const stateOf = (stored: { value?: StoredOverride } = {}, publicKey = keys.publicKey): OverrideState =>
  new OverrideState({
    verify: {
      keys: [{ kid: 'k1', publicKey }],
      audience: 'router',
      regions: ['a', 'b'],
      lifetimeMsMax: 24 * HOUR_MS,
    },
    store: {
      load: async () => stored.value,
      save: async (value) => {
        stored.value = value;
      },
    },
    now: () => NOW_MS,
  });

const apply = async (state: OverrideState, more: Partial<OverridePayload> = {}): Promise<string> => {
  const applied = await state.apply(await mintToken(payload(more), keys.privateKey));
  return applied.kind === 'applied' ? 'applied' : `${applied.status}: ${applied.why}`;
};

describe('a fleet token', () => {
  it('is taken with who and why, and survives a restart as the token that it is', async () => {
    const stored = {};
    const state = stateOf(stored);
    expect(await apply(state)).toBe('applied');
    expect(state.fleet).toMatchObject({ origin: 'operator', by: 'on-call', why: 'us-east-2 is failing' });
    const next = stateOf(stored);
    expect(await next.load()).toBeUndefined();
    expect(next.fleet).toStrictEqual(state.fleet);
  });

  it.each<[string, Partial<OverridePayload>, RegExp]>([
    ['expired', { expMs: NOW_MS - 1 }, /403.*expired/u],
    ['of another router', { aud: 'other' }, /403.*it is for "other"/u],
    ['too long-lived', { expMs: NOW_MS + 48 * HOUR_MS }, /403.*lives longer/u],
    ['of the future', { iatMs: NOW_MS + HOUR_MS, expMs: NOW_MS + 2 * HOUR_MS }, /403.*future/u],
    ['naming no Region of ours', { mode: { kind: 'pin', region: 'z' } }, /403.*"z"/u],
    ['of one request', { scope: 'request' }, /403.*one request/u],
    ['of a retired key', { kid: 'k0' }, /403.*"k0"/u],
  ])('that is %s is refused', async (_what, more, expected) => {
    expect(await apply(stateOf(), more)).toMatch(expected);
  });

  it('of another key, or changed on its way, is refused', async () => {
    const foreign = await mintToken(payload(), others.privateKey);
    expect(await stateOf().apply(foreign)).toMatchObject({ kind: 'refused', status: 403 });
    const good = await mintToken(payload(), keys.privateKey);
    const [prefix = '', , signature = ''] = good.split('.');
    const [, changed = ''] = (await mintToken(payload({ seq: 99 }), others.privateKey)).split('.');
    expect(await stateOf().apply(`${prefix}.${changed}.${signature}`)).toMatchObject({ kind: 'refused', status: 403 });
    expect(await stateOf().apply('twr1.x')).toMatchObject({ kind: 'refused' });
  });

  it('may come twice and in any order: the highest sequence number stands, also after a restart', async () => {
    const stored = {};
    const state = stateOf(stored);
    expect(await apply(state, { seq: 5 })).toBe('applied');
    expect(await apply(state, { seq: 5 })).toBe('applied');
    expect(await apply(state, { seq: 4, mode: { kind: 'maintenance' } })).toMatch(/^409/u);
    expect(await apply(state, { seq: 5, mode: { kind: 'maintenance' } })).toMatch(/^409/u);
    const next = stateOf(stored);
    await next.load();
    expect(await apply(next, { seq: 4 })).toMatch(/^409/u);
    expect(await apply(next, { seq: 6, mode: { kind: 'auto' } })).toBe('applied');
  });

  it('on disk is believed no more than in a header', async () => {
    const foreign = await mintToken(payload(), others.privateKey);
    const state = stateOf({ value: { token: foreign, seq: 7 } });
    expect(await state.load()).toContain('signature');
    expect(state.fleet).toBeUndefined();
  });
});

describe('a request token', () => {
  it('speaks for its request, and is verified once', async () => {
    const state = stateOf();
    const token = await mintToken(payload({ scope: 'request', mode: { kind: 'pin', region: 'b' } }), keys.privateKey);
    expect(state.peek(token)).toBe('unknown');
    expect(await state.claim(token)).toMatchObject({ origin: 'request', mode: { kind: 'pin', region: 'b' } });
    expect(state.peek(token)).toMatchObject({ origin: 'request' });
    expect(state.fleet).toBeUndefined();
  });

  it('that is refused, or is a fleet token, is as if it were not there', async () => {
    const state = stateOf();
    expect(await state.claim('nonsense')).toBeUndefined();
    expect(await state.claim(await mintToken(payload(), keys.privateKey))).toBeUndefined();
  });
});
