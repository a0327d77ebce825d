/** The server's side of a WebSocket that says back what it hears: short text frames, enough to see both directions pass. */
import { createHash } from 'node:crypto';
import type http from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CLOSE = 8;

const frame = (opcode: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);

/** One unfragmented frame of a client, always masked, shorter than 126 bytes. */
const readFrame = (bytes: Buffer): { readonly opcode: number; readonly payload: Buffer } => {
  const length = (bytes[1] ?? 0) & 0x7f;
  const mask = bytes.subarray(2, 6);
  const payload = Buffer.from(bytes.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload };
};

export const echo = (name: string, req: http.IncomingMessage, socket: Duplex): void => {
  const accept = createHash('sha1')
    .update((req.headers['sec-websocket-key'] ?? '') + GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('data', (bytes: Buffer) => {
    const { opcode, payload } = readFrame(bytes);
    if (opcode === CLOSE) {
      socket.end(frame(CLOSE, payload));
    } else {
      socket.write(frame(1, Buffer.from(`${name}:${payload.toString()}`)));
    }
  });
  socket.on('error', () => {
    socket.destroy();
  });
};
