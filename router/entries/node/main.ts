/** `twinmap-router --config router.json`: the Node entry. SIGTERM drains, SIGHUP reads certificates and override again. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { parseConfigText } from '../../config/validate.ts';
import { type NodeRouter, startNodeRouter } from './node-router.ts';
import type { Log } from './router-context.ts';

export const jsonLog: Log = (level, event, fields) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
};

export const startFromFile = async (file: string): Promise<NodeRouter> => {
  let text = '';
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`There is no config that can be read at ${file}: name it with --config.`, { cause: error });
  }
  const validated = parseConfigText(text);
  if (validated.kind === 'invalid') {
    const lines = validated.problems.map(({ path, message }) => `  ${path === '' ? '(file)' : path} ${message}`);
    throw new ConfigError(`${file} is not a router config:\n${lines.join('\n')}`);
  }
  return startNodeRouter({ config: validated.config, log: jsonLog });
};

/** Runs until it is told to end. */
export const runRouter = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } });
  if (values.config === undefined) {
    throw new ConfigError('The router needs its config: twinmap-router --config router.json');
  }
  const router = await startFromFile(values.config);
  const told = Promise.withResolvers<undefined>();
  const end = (): void => {
    told.resolve(undefined);
  };
  process.once('SIGTERM', end).once('SIGINT', end);
  process.on('SIGHUP', () => {
    void router.reload();
  });
  await told.promise;
  await router.drain();
};
