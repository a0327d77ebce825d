/** The head of a CGI program's output: header lines, an empty line, then the body, of which some may already be here. */
import type { Readable } from 'node:stream';

export type CgiHead =
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** The first bytes of the body. */
      readonly rest: Buffer;
    }
  | { readonly kind: 'broken' };

interface Boundary {
  readonly end: number;
  readonly next: number;
}

const findBoundary = (bytes: Buffer): Boundary | null => {
  const ends = ['\r\n\r\n', '\n\n']
    .map((mark) => ({ end: bytes.indexOf(mark), next: bytes.indexOf(mark) + mark.length }))
    .filter(({ end }) => end >= 0)
    .toSorted((left, right) => left.end - right.end);
  return ends[0] ?? null;
};

const parseHead = (bytes: Buffer, { end, next }: Boundary): CgiHead => {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of bytes.toString('latin1', 0, end).split(/\r?\n/u)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') {
      status = Number(value.slice(0, 3)) || 500;
    } else if (name !== '') {
      headers[name] = value;
    }
  }
  return { kind: 'head', status, headers, rest: bytes.subarray(next) };
};

/** Reads as far as the empty line and leaves the stream paused behind it. */
export const readCgiHead = async (output: Readable, bytesMax: number): Promise<CgiHead> => {
  const { promise, resolve } = Promise.withResolvers<CgiHead>();
  let bytes = Buffer.alloc(0);
  const settle = (head: CgiHead): void => {
    output.off('data', take).off('end', giveUp).off('error', giveUp);
    output.pause();
    resolve(head);
  };
  const take = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const boundary = findBoundary(bytes);
    if (boundary !== null) {
      settle(parseHead(bytes, boundary));
    } else if (bytes.length > bytesMax) {
      settle({ kind: 'broken' });
    }
  };
  const giveUp = (): void => {
    settle({ kind: 'broken' });
  };
  output.on('data', take).once('end', giveUp).once('error', giveUp);
  return promise;
};
