/** The name server on the wire: what a resolver gets, and what nonsense gets. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeAnswer, parseQuestion } from '../../../local/services/dns-codec.ts';
import { type NameMode, type NameServer, openNameServer, serviceHost } from '../../../local/services/name-server.ts';

const HOST = serviceHost('sqs', 'us-east-2');
let names: NameServer;
let resolver: Resolver;

beforeEach(async () => {
  const opened = await openNameServer();
  if (opened === undefined) {
    throw new Error('these tests need UDP on loopback');
  }
  names = opened;
  resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers([names.server]);
});

afterEach(async () => {
  await names.close();
});

const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

describe('the name server', () => {
  it('has one IPv4 address for every name of the Regions, in any case of letters, and none beyond them', async () => {
    expect(await resolver.resolve4(HOST)).toEqual(['127.0.0.1']);
    expect(await resolver.resolve4(HOST.toUpperCase())).toEqual(['127.0.0.1']);
    expect(await codeOf(resolver.resolve6(HOST))).toBe('ENODATA');
    expect(await codeOf(resolver.resolve4('dynamodb.us-east-2.amazonaws.com'))).toBe('EREFUSED');
  });

  it.each<[NameMode, string]>([
    ['empty', 'ENODATA'],
    ['nxdomain', 'ENOTFOUND'],
    ['servfail', 'ESERVFAIL'],
    ['silent', 'ETIMEOUT'],
  ])('breaks one name as "%s", and no other, until it is mended', async (mode, code) => {
    names.setMode(HOST, mode);
    expect(await codeOf(resolver.resolve4(HOST))).toBe(code);
    expect(await resolver.resolve4(serviceHost('sqs', 'us-west-2'))).toEqual(['127.0.0.1']);
    names.setMode(HOST, 'ok');
    expect(await resolver.resolve4(HOST)).toEqual(['127.0.0.1']);
  });

  it('drops what is no question, and goes on', async () => {
    const socket = createSocket('udp4');
    const [host, port] = names.server.split(':');
    const query = Buffer.from('abcd01000001000000000000', 'hex');
    const packets = [
      Buffer.alloc(0),
      Buffer.from('x'),
      query,
      Buffer.concat([query, Buffer.of(63, 97)]),
      Buffer.alloc(600, 0xff),
    ];
    for (const packet of packets) {
      await new Promise((resolve) => {
        socket.send(packet, Number(port), host, resolve);
      });
    }
    socket.close();
    expect(await resolver.resolve4(HOST)).toEqual(['127.0.0.1']);
  });

  it('counts the questions that came, answered or not', async () => {
    names.setMode(HOST, 'silent');
    await codeOf(resolver.resolve4(HOST));
    expect(names.asked(HOST)).toBe(1);
  });
});

describe('the codec', () => {
  const question = (...labels: readonly string[]): Buffer =>
    Buffer.concat([
      Buffer.from('123401000001000000000000', 'hex'),
      ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
      Buffer.from('0000010001', 'hex'),
    ]);

  it('reads a question and answers under its id', () => {
    const parsed = parseQuestion(question('Ab', 'test'));
    expect(parsed).toMatchObject({ id: 0x12_34, name: 'ab.test', type: 'A' });
    if (parsed === undefined) {
      throw new TypeError('a plain question was not read');
    }
    const answer = encodeAnswer(parsed, 'ok', ['10.1.2.3']);
    expect(answer.subarray(0, 2).toString('hex')).toBe('1234');
    expect([...answer.subarray(-4)]).toEqual([10, 1, 2, 3]);
    expect(parseQuestion(answer)).toBeUndefined();
  });

  it('refuses every packet that is cut off', () => {
    const whole = question('dynamodb', 'test');
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseQuestion(whole.subarray(0, length))).toBeUndefined();
    }
  });
});
