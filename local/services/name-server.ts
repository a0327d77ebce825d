/**
 * The DNS of the embedded Regions: a name server on loopback that knows their services' names, and breaks one name at a time
 * as DNS breaks. It serves all Regions of a run, because DNS belongs to none: it goes on when a Region is killed.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';

import { encodeAnswer, parseQuestion, type Question } from './dns-codec.ts';

/** `empty` is an answer without records, as in October 2025. */
export type NameMode = 'ok' | 'empty' | 'nxdomain' | 'servfail' | 'silent';

/** Where the Regions' names are, and how a Region says what becomes of one of its own. */
export interface Naming {
  /** `ip:port`, for `TWINMAP_DNS_SERVERS`. */
  readonly server: string;
  setMode(name: string, mode: NameMode): void;
}

export interface NameServer extends Naming {
  /** Questions that came for a name, answered or not. */
  asked(name: string): number;
  close(): Promise<void>;
}

/** Reserved (RFC 6761): no resolver of the world has an address for a name of this kind. */
const ZONE = 'twinmap.test';
const LOOPBACK = '127.0.0.1';
const SELF_TEST_TIMEOUT_MS = 500;

export const serviceHost = (service: string, region: string): string => `${service}.${region}.${ZONE}`;

const answerOf = (question: Question, mode: NameMode): Buffer | undefined => {
  if (question.name !== ZONE && !question.name.endsWith(`.${ZONE}`)) {
    return encodeAnswer(question, 'refused');
  }
  switch (mode) {
    case 'ok': {
      return encodeAnswer(question, 'ok', question.type === 'A' ? [LOOPBACK] : []);
    }
    case 'empty': {
      return encodeAnswer(question, 'ok');
    }
    case 'nxdomain':
    case 'servfail': {
      return encodeAnswer(question, mode);
    }
    case 'silent': {
      return undefined;
    }
  }
};

const bind = async (socket: Socket, port: number): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, LOOPBACK, resolve);
  });
  // A datagram that could not be sent is one that was lost: whoever asked asks again.
  socket.removeAllListeners('error').on('error', () => undefined);
  return socket.address().port;
};

/** Machines differ in what they let through; whoever can't be asked here is not pointed to. */
const answersItself = async (server: string): Promise<boolean> => {
  const resolver = new Resolver({ timeout: SELF_TEST_TIMEOUT_MS, tries: 1 });
  resolver.setServers([server]);
  try {
    return (await resolver.resolve4(ZONE)).includes(LOOPBACK);
  } catch {
    // Whatever the reason is, the names can't be used.
    return false;
  }
};

/**
 * Undefined where this machine has no UDP on loopback: then there are no names, and endpoints are addresses. `port` is for what
 * asks the operating system's resolver, in a network namespace of its own.
 */
export const openNameServer = async (port = 0): Promise<NameServer | undefined> => {
  const socket = createSocket('udp4');
  const modes = new Map<string, NameMode>();
  const asked = new Map<string, number>();
  socket.on('message', (packet: Buffer, from: RemoteInfo) => {
    const question = parseQuestion(packet);
    if (question === undefined) {
      return;
    }
    asked.set(question.name, (asked.get(question.name) ?? 0) + 1);
    const answer = answerOf(question, modes.get(question.name) ?? 'ok');
    if (answer !== undefined) {
      socket.send(answer, from.port, from.address);
    }
  });
  let closed: Promise<void> | undefined;
  // Whoever stops a pair twice means one stop: a socket that is closed again throws.
  const close = async (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      socket.close(resolve);
    });
    return closed;
  };
  let server: string;
  try {
    server = `${LOOPBACK}:${await bind(socket, port)}`;
  } catch {
    // No such socket on this machine; nothing was opened that would have to be closed.
    return undefined;
  }
  // A name server alone keeps no process alive.
  socket.unref();
  if (!(await answersItself(server))) {
    await close();
    return undefined;
  }
  return {
    server,
    setMode: (name, mode) => {
      modes.set(name, mode);
    },
    asked: (name) => asked.get(name) ?? 0,
    close,
  };
};
