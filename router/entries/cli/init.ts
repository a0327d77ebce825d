/** `router init`: a config from what both stacks say of themselves (`pulumi stack output --json`), checked before it is shown. */
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { validateConfig } from '../../config/validate.ts';
import { ROUTER_EXIT, type RouterCommand } from './router-command.ts';

const outputs = z.looseObject({
  region: z.string(),
  endpoint: z.string(),
  /** Of a network load balancer in front, where the customer has one: its addresses never change. */
  routerAddresses: z.array(z.string()).default([]),
});

const readOutputs = async (file: string): Promise<z.infer<typeof outputs>> => {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const how = `pulumi stack output --json --stack <stack> > ${file}`;
    throw new ConfigError(`${file} holds no stack outputs that can be read. Write it with: ${how}`, { cause: error });
  }
  const parsed = outputs.safeParse(value);
  if (!parsed.success) {
    throw new ConfigError(`${file} has no outputs "region" and "endpoint": is the stack deployed?`);
  }
  return parsed.data;
};

export const init: RouterCommand = {
  name: 'init',
  arguments: [
    { name: 'primary', help: 'file with the outputs of the primary stack' },
    { name: 'secondary', help: 'file with the outputs of the secondary stack' },
  ],
  help: 'a config from the outputs of both stacks, on stdout',
  options: [],
  run: async (input) => {
    const both = await Promise.all(input.words.slice(0, 2).map(async (file) => readOutputs(file)));
    const config = {
      regions: both.map(({ region, endpoint, routerAddresses }) =>
        routerAddresses.length === 0 ? { id: region, endpoint } : { id: region, endpoint, addresses: routerAddresses },
      ),
    };
    const validated = validateConfig(config);
    if (validated.kind === 'invalid') {
      const lines = validated.problems.map(({ path, message }) => `  ${path} ${message}`);
      throw new ConfigError(`The outputs make no config:\n${lines.join('\n')}`);
    }
    input.say(JSON.stringify(config, null, 2));
    input.give(config);
    return ROUTER_EXIT.done;
  },
};
