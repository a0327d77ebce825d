/** The verification against somebody who can write into the tables: every case is found, and the first sentence names it. */
import { sign } from 'node:crypto';

import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { signedBytes } from '../../../functions/audit/head-signer.ts';
import { type HeadPayload, parseHead, parsePublicKey } from '../../../functions/audit/payloads.ts';
import type { AuditEvidence, AuditVerdict, FindingKind } from '../../../functions/audit/verify/evidence.ts';
import { verifyAudit } from '../../../functions/audit/verify/verify-audit.ts';
import type { RegionName } from '../../../functions/domain/region.ts';
import { canonicalText, sha256Hex } from '../../../functions/stores/envelope.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import {
  type AuditRegionWorld,
  type AuditWorld,
  busyWorld,
  HOUR_MS,
  makeKeyPair,
  MINUTE_MS,
  OHIO,
  OREGON,
} from './audit-world.ts';
import { remove, rewriteChain, store, withPayload } from './tampering.ts';

let world: AuditWorld;

beforeEach(async () => {
  world = await busyWorld();
});

const CHAIN = `chain#${OHIO}`;
const HEADS = `heads#${OHIO}`;

const kindsOf = ({ findings }: AuditVerdict): FindingKind[] => [...new Set(findings.map(({ kind }) => kind))];

const headOf = (record: StoredRecord): HeadPayload => {
  const head = parseHead(record.data);
  if (head.kind === 'invalid') {
    throw new TypeError(head.why);
  }
  return head.value;
};

const flipByte = (record: StoredRecord, at: number): StoredRecord => {
  const bytes = Buffer.from(record.data, 'latin1');
  const byte = bytes[at] ?? 0;
  bytes[at] = byte === 0x20 ? 0x21 : 0x20;
  return { ...record, data: bytes.toString('latin1') };
};

const eventOf = (home: AuditRegionWorld): StoredRecord => {
  const event = world.records(home).find(({ pk, sk }) => pk.startsWith('events#') && sk.includes(OHIO));
  if (event === undefined) {
    throw new TypeError('no event was written');
  }
  return event;
};

describe('a whole log', () => {
  it('has no finding, and counts what it read', async () => {
    const verdict = await world.verify();
    expect(verdict.findings).toStrictEqual([]);
    expect(verdict.notes).toStrictEqual([]);
    expect(verdict.counts).toMatchObject({ events: 8, unsealed: 0, owed: 0 });
    expect(verdict.counts.links).toBeGreaterThan(4);
    expect(verdict.counts.heads).toBeGreaterThan(3);
  });

  it('is verified with one Region dead, and says what could not be checked', async () => {
    const verdict = await world.verify(world.oregon);
    expect(verdict.findings).toStrictEqual([]);
    expect(verdict.notes.join(' ')).toContain(`${OHIO} was not read`);
  });

  it('allows an event that is young and unsealed, and names an old one', async () => {
    await world.record(world.ohio);
    expect(await world.verify()).toMatchObject({ findings: [], counts: { unsealed: 1 } });
    world.nowMs += 11 * MINUTE_MS;
    const verdict = await world.verify();
    expect(kindsOf(verdict)).toStrictEqual(['unsealed']);
    expect(verdict.findings[0]?.sentence).toContain('11 minutes old');
  });

  it('says since when a chain has not been signed', async () => {
    world.nowMs += 3 * HOUR_MS;
    expect((await world.verify()).notes.join(' ')).toMatch(/not been signed since 2026-11-22/u);
  });
});

describe('one table', () => {
  it('finds one changed byte of an event', async () => {
    store(world.ohio, flipByte(eventOf(world.ohio), 12));
    const verdict = await world.verify();
    expect(verdict.findings[0]?.sentence).toMatch(
      /^In us-east-2, the record events#.* was changed after it was written|can't be read/u,
    );
    expect(kindsOf(verdict)).toContain('drift');
  });

  it('finds one changed byte of a link', async () => {
    store(world.ohio, flipByte(world.lastOf(world.ohio, CHAIN), 5));
    expect(kindsOf(await world.verify())).toStrictEqual(expect.arrayContaining(['altered', 'drift']));
  });

  it('finds an event that was changed with the hash that fits', async () => {
    const event = eventOf(world.ohio);
    const data = event.data.replace('function:sync', 'operator:ada');
    store(world.ohio, { ...event, data, h: sha256Hex(data) });
    const verdict = await world.verify();
    expect(verdict.findings[0]).toMatchObject({ kind: 'changed-event', region: OHIO });
    expect(verdict.findings[0]?.sentence).toContain('is not the one that chain#us-east-2');
  });

  it('finds a tail that was cut off, also where the other Region is dead', async () => {
    remove(world.ohio, world.lastOf(world.ohio, CHAIN));
    expect(kindsOf(await world.verify())).toStrictEqual(expect.arrayContaining(['truncated', 'drift']));
    expect(kindsOf(await world.verify(world.ohio))).toContain('truncated');
  });

  it('finds a chain that was rewritten with hashes that fit', async () => {
    rewriteChain([world.ohio], CHAIN);
    expect(kindsOf(await world.verify())).toStrictEqual(expect.arrayContaining(['rewritten', 'drift']));
    expect(kindsOf(await world.verify(world.ohio))).toContain('rewritten');
  });

  it('finds two events that changed places', async () => {
    const [one, two] = world.records(world.ohio).filter(({ pk, sk }) => pk.startsWith('events#') && sk.includes(OHIO));
    if (one === undefined || two === undefined) {
      throw new TypeError('two events are needed');
    }
    store(world.ohio, { ...one, data: two.data, h: two.h });
    store(world.ohio, { ...two, data: one.data, h: one.h });
    expect(kindsOf(await world.verify(world.ohio))).toContain('changed-event');
  });

  it('finds an event that somebody put there, once its time to be sealed has passed', async () => {
    const event = eventOf(world.ohio);
    const sk = event.sk.replace(event.op, '01JZZZZZZZZZZZZZZZZZZZZZZZ');
    const op = '01JZZZZZZZZZZZZZZZZZZZZZZZ';
    store(world.ohio, { ...event, sk, op, v: event.v.replace(event.op, op) });
    expect(kindsOf(await world.verify())).toStrictEqual(expect.arrayContaining(['unsealed', 'drift']));
  });

  it('finds a record that the table would drop by itself', async () => {
    const event = eventOf(world.oregon);
    world.oregon.table.partitions.get(event.pk)?.set(event.sk, { ...event, expires: 1 });
    expect((await world.verify()).findings[0]?.sentence).toContain('would drop it');
  });
});

describe('both tables', () => {
  it('finds a tail that was cut off in both', async () => {
    for (const home of [world.ohio, world.oregon]) {
      const { pk, sk } = world.lastOf(home, CHAIN);
      remove(home, { pk, sk });
    }
    const verdict = await world.verify();
    expect(kindsOf(verdict)).toContain('truncated');
    expect(verdict.findings.map(({ sentence }) => sentence).join('\n')).toContain('was cut off');
  });

  it('finds a chain that was rewritten in both with hashes that fit', async () => {
    rewriteChain([world.ohio, world.oregon], CHAIN);
    const verdict = await world.verify();
    expect(kindsOf(verdict)).toStrictEqual(['rewritten']);
    expect(verdict.findings[0]?.sentence).toContain('it was rewritten');
  });

  it('finds it by what the other Region witnessed where the signed heads are gone too', async () => {
    rewriteChain([world.ohio, world.oregon], CHAIN);
    for (const home of [world.ohio, world.oregon]) {
      home.table.partitions.delete(HEADS);
    }
    remove(world.ohio, { pk: 'LOCAL#audit', sk: 'position#chain' });
    remove(world.ohio, { pk: 'LOCAL#audit', sk: 'position#heads' });
    const sentences = (await world.verify()).findings.map(({ sentence }) => sentence);
    expect(sentences.join('\n')).toContain('us-west-2 has witnessed');
  });

  it('finds a rollback to an older signed head', async () => {
    for (const home of [world.ohio, world.oregon]) {
      remove(home, world.lastOf(home, HEADS));
      remove(home, world.lastOf(home, CHAIN));
    }
    remove(world.ohio, { pk: 'LOCAL#audit', sk: 'position#chain' });
    remove(world.ohio, { pk: 'LOCAL#audit', sk: 'position#heads' });
    const sentences = (await world.verify()).findings.map(({ sentence }) => sentence);
    expect(sentences.join('\n')).toContain('us-west-2 has witnessed');
  });

  it('does not sign again after a rollback, and raises an alarm', async () => {
    for (const home of [world.ohio, world.oregon]) {
      remove(home, world.lastOf(home, HEADS));
    }
    remove(world.ohio, { pk: 'LOCAL#audit', sk: 'position#heads' });
    world.nowMs += 2 * HOUR_MS;
    const run = await world.run(world.ohio);
    expect(run.sign).toMatchObject({ kind: 'damaged' });
    expect(run.alarms.join(' ')).toContain('were rolled back');
  });

  it('finds a forged signature', async () => {
    const record = world.lastOf(world.ohio, HEADS);
    const { privateKey } = makeKeyPair();
    const claim = headOf(record);
    const signature = sign('sha256', signedBytes(claim), privateKey).toString('base64');
    for (const home of [world.ohio, world.oregon]) {
      store(home, withPayload(record, { ...claim, signature }));
    }
    expect(kindsOf(await world.verify())).toContain('bad-signature');
  });

  it('finds heads that somebody signed with a key of his own', async () => {
    const mine = makeKeyPair();
    const fingerprint = sha256Hex(mine.spki);
    const template = world.lastOf(world.ohio, `keys#${OHIO}`);
    const known = parsePublicKey(template.data);
    const published = { ...(known.kind === 'valid' ? known.value : {}), spki: mine.spki.toString('base64') };
    const record = world.lastOf(world.ohio, HEADS);
    const claim = { ...headOf(record), key: fingerprint };
    const signature = sign('sha256', signedBytes(claim), mine.privateKey).toString('base64');
    for (const home of [world.ohio, world.oregon]) {
      store(home, { ...withPayload(template, published), sk: fingerprint });
      store(home, withPayload(record, { ...claim, signature }));
    }
    const verdict = await world.verify();
    expect(kindsOf(verdict)).toContain('unknown-key');
    expect(verdict.findings.some(({ sentence }) => sentence.includes('first saw us-east-2 use'))).toBe(true);
  });

  it('with a pinned key, no stored key counts', async () => {
    const evidence = await world.evidence();
    const pinned = { ...evidence, pinnedKeys: [world.ohio.keys.spki, world.oregon.keys.spki] };
    expect(verifyAudit(pinned).findings).toStrictEqual([]);
    world.ohio.keys = makeKeyPair();
    world.nowMs += HOUR_MS;
    await world.run(world.ohio);
    const replaced = { ...(await world.evidence()), pinnedKeys: [...pinned.pinnedKeys, world.ohio.keys.spki] };
    expect(verifyAudit(replaced).findings).toStrictEqual([]);
    expect(kindsOf(await world.verify())).toStrictEqual(['unknown-key']);
    expect((await world.run(world.oregon)).witness).toMatchObject({ kind: 'refused' });
    const other = verifyAudit({ ...evidence, pinnedKeys: [makeKeyPair().spki] });
    expect(kindsOf(other)).toStrictEqual(['unknown-key']);
    expect(other.findings[0]?.sentence).toContain('--public-key');
  });
});

describe('the witness', () => {
  it('refuses a head whose signature is forged, and keeps the one before', async () => {
    await world.record(world.ohio);
    world.nowMs += HOUR_MS;
    await world.run(world.ohio);
    const record = world.lastOf(world.oregon, HEADS);
    store(world.oregon, withPayload(record, { ...headOf(record), at: 1 }));
    const run = await world.run(world.oregon);
    expect(run.witness).toMatchObject({ kind: 'refused' });
    expect(run.alarms.join(' ')).toContain('carries a signature that its key did not make');
  });

  it('refuses a head of a chain that was rewritten', async () => {
    await world.record(world.ohio);
    world.nowMs += HOUR_MS;
    await world.run(world.ohio);
    rewriteChain([world.ohio, world.oregon], CHAIN);
    expect((await world.run(world.oregon)).witness).toMatchObject({ kind: 'refused' });
  });

  it('goes on where it was after days without the other Region', async () => {
    world.oregon.down = true;
    for (let day = 0; day < 3; day += 1) {
      world.nowMs += 24 * HOUR_MS;
      await world.record(world.ohio);
      await world.run(world.ohio);
    }
    world.oregon.down = false;
    await world.drain();
    expect((await world.run(world.oregon)).witness).toMatchObject({ kind: 'witnessed', taken: 3 });
    expect((await world.verify()).findings).toStrictEqual([]);
  });
});

describe('any single mutation of a stored record', () => {
  type Mutation = (record: StoredRecord, other: StoredRecord, at: number) => StoredRecord | undefined;

  const MUTATIONS: Readonly<Record<string, Mutation>> = {
    'a byte of the payload': (record, _other, at) => flipByte(record, at % record.data.length),
    'a byte of the hash': (record, _other, at) => {
      const index = at % record.h.length;
      const digit = record.h[index] === 'a' ? 'b' : 'a';
      return { ...record, h: `${record.h.slice(0, index)}${digit}${record.h.slice(index + 1)}` };
    },
    'the version': (record, other) => ({ ...record, v: other.v }),
    'a digit of the version': (record) => ({
      ...record,
      v: record.v.replace(/\d/u, (digit) => (digit === '9' ? '8' : '9')),
    }),
    'the op': (record, other) => ({ ...record, op: other.op }),
    'the payload of another record': (record, other) => ({ ...record, data: other.data, h: other.h }),
    'a number in the payload, with the hash that fits': (record) => {
      const data = record.data.replace(/"at":(?<at>\d+)/u, '"at":1');
      return { ...record, data, h: sha256Hex(data) };
    },
    'spaces in the payload, with the hash that fits': (record) => {
      const data = record.data.replace(',', ', ');
      return { ...record, data, h: sha256Hex(data) };
    },
    'another key': (record, other, at) => ({ ...record, sk: at % 2 === 0 ? `${record.sk}0` : other.sk.slice(0, -1) }),
    gone: () => undefined,
  };

  let evidence: AuditEvidence;
  let records: readonly StoredRecord[];

  beforeAll(async () => {
    const whole = await busyWorld();
    // What was added to the log is found only once nobody can still be about to seal it.
    whole.nowMs += 11 * MINUTE_MS;
    evidence = await whole.evidence();
    records = whole.records(whole.ohio);
  });

  const mutate = (
    held: readonly StoredRecord[],
    record: StoredRecord,
    mutated: StoredRecord | undefined,
  ): readonly StoredRecord[] => [
    ...held.filter(({ pk, sk }) => pk !== record.pk || sk !== record.sk),
    ...(mutated === undefined ? [] : [mutated]),
  ];

  it('is found, in one Region or in both', () => {
    expect(verifyAudit(evidence).findings).toStrictEqual([]);
    fc.assert(
      fc.property(
        fc.nat(records.length - 1),
        fc.nat(records.length - 1),
        fc.nat(),
        fc.constantFrom(...Object.entries(MUTATIONS)),
        fc.constantFrom<readonly RegionName[]>([OHIO], [OREGON], [OHIO, OREGON]),
        (which, otherAt, at, [name, change], where) => {
          const [record, other] = [records[which], records[otherAt]];
          const mutated = record === undefined || other === undefined ? undefined : change(record, other, at);
          fc.pre(record !== undefined && canonicalText(record) !== canonicalText(mutated ?? {}));
          const regions = evidence.regions.map((one) =>
            where.includes(one.region) && record !== undefined
              ? { ...one, records: mutate(one.records, record, mutated) }
              : one,
          );
          const { findings } = verifyAudit({ ...evidence, regions });
          expect(findings.length, `${name} of ${record?.pk ?? ''} / ${record?.sk ?? ''}`).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('sees records of every kind', () => {
    const kinds = new Set(records.map(({ pk }) => pk.split('#')[0]));
    expect(kinds).toStrictEqual(new Set(['chain', 'events', 'heads', 'keys']));
  });
});
