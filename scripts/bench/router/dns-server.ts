/** A name server on loopback whose answers can be broken per name while it runs: what a router meets when a Region's DNS dies. */
import dgram from 'node:dgram';

export const DNS_FAULTS = ['empty', 'nxdomain', 'servfail', 'black-hole'] as const;
export type DnsMode = (typeof DNS_FAULTS)[number] | 'ok';

const RCODES: Readonly<Record<Exclude<DnsMode, 'black-hole'>, number>> = { ok: 0, empty: 0, nxdomain: 3, servfail: 2 };
const TYPE_A = 1;
const HEADER_BYTES = 12;
const RESPONSE = 0x84_00;
/** A pointer to the name in the question. */
const SAME_NAME = 0xc0_0c;

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where it ends in the packet. */
  readonly end: number;
}

const questionOf = (packet: Buffer): Question => {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = packet.readUInt8(at); length > 0; length = packet.readUInt8(at)) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: packet.readUInt16BE(at + 1), end: at + 5 };
};

const addressRecord = (address: string, ttlSeconds: number): Buffer => {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(SAME_NAME, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
};

export class DnsServer {
  readonly #socket = dgram.createSocket('udp4');
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #modes = new Map<string, DnsMode>();
  asked = 0;

  constructor(addresses: ReadonlyMap<string, string>) {
    this.#addresses = addresses;
    this.#socket.on('message', (packet, { port, address }) => {
      this.asked += 1;
      const answer = this.#answer(packet);
      if (answer !== undefined) {
        this.#socket.send(answer, port, address);
      }
    });
  }

  /** Its port, for `dns.servers`. */
  async start(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(port, '127.0.0.1', resolve);
    });
    return this.#socket.address().port;
  }

  set(name: string, mode: DnsMode): void {
    this.#modes.set(name, mode);
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve);
    });
  }

  #answer(packet: Buffer): Buffer | undefined {
    const { name, type, end } = questionOf(packet);
    const mode = this.#modes.get(name) ?? 'ok';
    if (mode === 'black-hole') {
      return undefined;
    }
    const address = mode === 'ok' && type === TYPE_A ? this.#addresses.get(name) : undefined;
    const head = Buffer.from(packet.subarray(0, end));
    head.writeUInt16BE(RESPONSE | RCODES[mode], 2);
    head.writeUInt16BE(address === undefined ? 0 : 1, 6);
    head.writeUInt32BE(0, 8);
    return address === undefined ? head : Buffer.concat([head, addressRecord(address, 1)]);
  }
}
