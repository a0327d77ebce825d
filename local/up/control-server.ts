/**
 * Takes orders for a running pair on a Unix socket. The socket is in a folder that only its owner may enter, so it needs no
 * token; and it is in the system's folder for temporary files, because a socket's path may have a hundred characters only.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { Role } from '../../functions/domain/region.ts';
import type { UpOptions } from '../region/pair.ts';
import { LocalRegionError } from '../region/region-link.ts';
import { type ControlAnswer, type ControlOrder, ORDER_BYTES_MAX, orderSchema } from './control-messages.ts';
import type { StackUp } from './stack-up.ts';

const IDLE_TIMEOUT_MS = 5000;

/** The part of a running pair that orders are for. */
export interface UpTarget {
  up(role: Role, options: UpOptions): Promise<StackUp>;
}

export interface ControlServer {
  /** Where it listens. */
  readonly path: string;
  close(): Promise<void>;
}

const readOrder = (text: string): ControlOrder | undefined => {
  try {
    return orderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Whatever is no JSON is no order either.
    return undefined;
  }
};

const obey = async (target: UpTarget, { role, file }: ControlOrder): Promise<ControlAnswer> => {
  try {
    return { kind: 'done', up: await target.up(role, file === undefined ? {} : { file }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the order failed';
    return { kind: error instanceof LocalRegionError ? 'gone' : 'failed', message };
  }
};

class Control {
  readonly #target: UpTarget;
  readonly #onUp: (up: StackUp) => void;
  /** One after the other in each Region: two at once would each work from what the other is changing. */
  readonly #before: Record<Role, Promise<unknown>> = { primary: Promise.resolve(), secondary: Promise.resolve() };
  readonly #sockets = new Set<Socket>();

  constructor(target: UpTarget, onUp: (up: StackUp) => void) {
    this.#target = target;
    this.#onUp = onUp;
  }

  serve(socket: Socket): void {
    let text = '';
    socket.setEncoding('utf8');
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
    });
    const drop = (): void => {
      socket.destroy();
    };
    socket.setTimeout(IDLE_TIMEOUT_MS, drop);
    // Who hangs up in the middle is not waiting for an answer.
    socket.on('error', drop);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1 && text.length <= ORDER_BYTES_MAX) {
        return;
      }
      socket.pause();
      socket.setTimeout(0);
      void this.#answer(socket, end === -1 ? '' : text.slice(0, end));
    });
  }

  /** An order under way ends with the Region that it is for; nobody waits for that here. */
  hangUp(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const order = readOrder(line);
    const answer: ControlAnswer =
      order === undefined
        ? { kind: 'failed', message: 'that is no order that this npm start knows; use the npm run local:up beside it' }
        : await this.#inTurn(order);
    socket.end(`${JSON.stringify(answer)}\n`);
    socket.resume();
  }

  async #inTurn(order: ControlOrder): Promise<ControlAnswer> {
    const before = this.#before[order.role];
    const mine = (async (): Promise<ControlAnswer> => {
      await before;
      return obey({ up: async (role, options) => this.#told(await this.#target.up(role, options)) }, order);
    })();
    this.#before[order.role] = mine;
    return mine;
  }

  #told(up: StackUp): StackUp {
    this.#onUp(up);
    return up;
  }
}

const listen = async (server: Server, file: string): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(file, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (error) {
    throw new ConfigError(`no socket can be made at ${file}; set TMPDIR to another folder`, { cause: error });
  }
};

export const openControl = async (
  target: UpTarget,
  onUp: (up: StackUp) => void = () => undefined,
): Promise<ControlServer> => {
  // Made with mode 0700: nobody else can reach what is in it.
  const directory = await mkdtemp(path.join(tmpdir(), 'twinmap-'));
  const file = path.join(directory, 'control');
  const control = new Control(target, onUp);
  const server = createServer((socket) => {
    control.serve(socket);
  });
  await listen(server, file);
  return {
    path: file,
    close: async () => {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => {
        closed.resolve(undefined);
      });
      control.hangUp();
      await closed.promise;
      await rm(directory, { recursive: true, force: true });
    },
  };
};
