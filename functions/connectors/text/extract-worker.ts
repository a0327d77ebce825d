/** The worker's entry: one message is one file, one answer its text. Its own heap and its own loop are what may be ended from outside. */
import { parentPort } from 'node:worker_threads';

import { z } from 'zod';

import { extractOffice } from './office-text.ts';

const requestSchema = z.strictObject({ name: z.string(), bytes: z.instanceof(Uint8Array) });

const answer = async (message: unknown): Promise<void> => {
  const { name, bytes } = requestSchema.parse(message);
  parentPort?.postMessage(await extractOffice(name, bytes), []);
};

parentPort?.on('message', (message: unknown) => {
  void answer(message);
});
