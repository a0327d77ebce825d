/** Gives one order to a running `npm start` and waits for its answer, with a bound. */
import { createConnection } from 'node:net';

import { TwinmapError } from '../../functions/domain/errors.ts';
import { ANSWER_BYTES_MAX, answerSchema, type ControlAnswer, type ControlOrder } from './control-messages.ts';

/** The running pair can't be given an order. */
export class ControlError extends TwinmapError {
  readonly code = 'TM_CONTROL';
  readonly audience = 'user';
  override readonly name = 'ControlError';
}

/** A program's run has two minutes; one that waits for another has as many again. */
const ANSWER_TIMEOUT_MS = 5 * 60_000;

const parseAnswer = (text: string): ControlAnswer => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ControlError('the running npm start ended before it answered; start it again', { cause: error });
  }
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) {
    throw new ControlError('the running npm start is of another version; stop it and start it again');
  }
  return parsed.data;
};

export const giveOrder = async (
  socketPath: string,
  order: ControlOrder,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<ControlAnswer> => {
  const ended = Promise.withResolvers<string>();
  const socket = createConnection(socketPath);
  let text = '';
  const timer = setTimeout(() => {
    socket.destroy(new ControlError(`the running npm start did not answer within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  socket.setEncoding('utf8');
  socket.on('connect', () => {
    socket.write(`${JSON.stringify(order)}\n`);
  });
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > ANSWER_BYTES_MAX) {
      socket.destroy(new ControlError('the running npm start answers without end'));
    }
  });
  socket.on('end', () => {
    ended.resolve(text);
  });
  socket.on('error', (error) => {
    ended.reject(
      error instanceof ControlError
        ? error
        : new ControlError('the running npm start takes no orders; stop it and start it again', { cause: error }),
    );
  });
  try {
    return parseAnswer(await ended.promise);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
};
