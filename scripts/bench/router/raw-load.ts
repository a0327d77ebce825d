/**
 * Closed-loop load for cost: sockets that keep one request out each. They stay open from slice to slice, so that proxies can
 * take turns every few milliseconds and a noisy machine hits all of them alike. A client of `node:http` would cost more than
 * the proxies that it measures.
 */
import net from 'node:net';

export interface Slice {
  readonly requests: number;
  readonly tookMs: number;
  readonly latenciesMs: readonly number[];
  /** Answers with another status than 200. */
  readonly bad: number;
}

const RUN_MS_MAX = 30_000;
const HEAD_END = '\r\n\r\n';

/** Is the first answer in these bytes whole? */
const isWhole = (bytes: Buffer): boolean => {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) {
    return false;
  }
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(?<bytes>\d+)/iu.exec(head)?.groups?.['bytes'];
  if (length !== undefined) {
    return bytes.length >= headEnd + HEAD_END.length + Number(length);
  }
  return /\r\ntransfer-encoding: *chunked/iu.test(head) && bytes.toString('latin1', bytes.length - 5) === '0\r\n\r\n';
};

/** What a small client sends with a read: header handling is part of what a proxy costs. */
const requestFor = ({ host }: URL): string =>
  [
    'GET /v1/search?q=router HTTP/1.1',
    `Host: ${host}`,
    'User-Agent: bench',
    'Accept: application/json',
    'Accept-Encoding: gzip',
    'Connection: keep-alive',
    '\r\n',
  ].join('\r\n');

interface Turn {
  left: number;
  out: number;
  bad: number;
  readonly latenciesMs: number[];
  readonly ended: PromiseWithResolvers<undefined>;
}

export class RawLoad {
  readonly #sockets: net.Socket[] = [];
  readonly #request: string;
  #turn: Turn | undefined;
  #isBroken = false;

  private constructor(target: URL) {
    this.#request = requestFor(target);
  }

  static async open(url: string, connections: number): Promise<RawLoad> {
    const target = new URL(url);
    const load = new RawLoad(target);
    await Promise.all(Array.from({ length: connections }, async () => load.#connect(target)));
    return load;
  }

  /** As fast as it goes, until so many are answered. */
  async run(requests: number): Promise<Slice> {
    if (this.#isBroken) {
      throw new Error('The proxy closed a connection of the load between two slices.');
    }
    const turn: Turn = { left: requests, out: 0, bad: 0, latenciesMs: [], ended: Promise.withResolvers() };
    this.#turn = turn;
    const startMs = performance.now();
    for (const socket of this.#sockets) {
      socket.emit('turn');
    }
    const late = setTimeout(() => {
      turn.ended.reject(new Error(`${turn.out} requests of the load were not answered in ${RUN_MS_MAX / 1000} s.`));
    }, RUN_MS_MAX);
    await turn.ended.promise;
    clearTimeout(late);
    const { bad, latenciesMs } = turn;
    return { requests: latenciesMs.length, tookMs: performance.now() - startMs, latenciesMs, bad };
  }

  close(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async #connect({ hostname, port }: URL): Promise<void> {
    const ready = Promise.withResolvers<undefined>();
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    let kept: Buffer | undefined;
    let startedMs = 0;
    const next = (): void => {
      const turn = this.#turn;
      if (turn !== undefined && turn.left > 0) {
        turn.left -= 1;
        turn.out += 1;
        startedMs = performance.now();
        socket.write(this.#request);
      } else if (turn?.out === 0) {
        turn.ended.resolve(undefined);
      }
    };
    socket.on('turn', next);
    socket.on('data', (chunk) => {
      const bytes = kept === undefined ? chunk : Buffer.concat([kept, chunk]);
      if (!isWhole(bytes)) {
        kept = bytes;
        return;
      }
      kept = undefined;
      if (this.#turn !== undefined) {
        this.#turn.latenciesMs.push(performance.now() - startedMs);
        this.#turn.bad += bytes.toString('latin1', 9, 12) === '200' ? 0 : 1;
        this.#turn.out -= 1;
      }
      next();
    });
    socket.once('connect', () => {
      ready.resolve(undefined);
    });
    socket.once('error', (error) => {
      ready.reject(error);
      this.#turn?.ended.reject(error);
    });
    socket.once('close', () => {
      this.#isBroken = true;
      this.#turn?.ended.reject(new Error('The proxy closed a connection of the load.'));
    });
    this.#sockets.push(socket);
    await ready.promise;
  }
}
