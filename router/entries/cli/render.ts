/** `router render`: the config of a self-hosted workerd, or with `--worker` that of a Cloudflare Worker, from the one config file. */
import { isIP } from 'node:net';

import type { RouterConfig } from '../../config/schema.ts';
import { renderCloudflare, renderWorkerd } from './render-files.ts';
import { CONFIG_OPTION, readConfig, ROUTER_EXIT, type RouterCommand, textOption } from './router-command.ts';

const DEFAULT_FOLDER = 'dist/router';

const isLiteral = (endpoint: string): boolean => isIP(new URL(endpoint).hostname.replaceAll(/[[\]]/gu, '')) !== 0;

/** What the chosen form can't keep of the promise that the config makes. */
const warningsOf = (config: RouterConfig, isWorker: boolean): readonly string[] => {
  if (isWorker) {
    const bound = config.regions.filter(({ vpcServices }) => vpcServices.length === 0).map(({ id }) => id);
    return [
      'This form needs Cloudflare to be up: Node and workerd do not.',
      ...(bound.length === 0
        ? []
        : [`${bound.join(', ')}: found by DNS at each connection. Set vpcServices to reach it by address.`]),
    ];
  }
  return [
    ...config.regions
      .filter(({ addresses, endpoint }) => addresses.length === 0 && !isLiteral(endpoint))
      .map(({ id }) => `${id}: no addresses, so workerd asks DNS. Set addresses to outlive a DNS failure.`),
    ...(config.stateFolder === undefined ? ['No stateFolder: an override does not outlive the process.'] : []),
  ];
};

export const render: RouterCommand = {
  name: 'render',
  arguments: [],
  help: 'write what workerd serves; with --worker, what wrangler deploys',
  options: [
    CONFIG_OPTION,
    { flags: '--out <folder>', help: 'where to', fallback: DEFAULT_FOLDER },
    { flags: '--worker', help: 'for a Cloudflare Worker' },
  ],
  run: async (input) => {
    const config = await readConfig(input);
    const folder = textOption(input, 'out') ?? DEFAULT_FOLDER;
    const isWorker = input.options['worker'] === true;
    const rendered = isWorker ? await renderCloudflare(config, folder) : await renderWorkerd(config, folder);
    const warnings = warningsOf(config, isWorker);
    input.say(`${rendered.file} (config ${rendered.configHash}, bundle ${Math.ceil(rendered.bundleBytes / 1024)} KiB)`);
    for (const warning of warnings) {
      input.say(`  note: ${warning}`);
    }
    input.say(isWorker ? `Next: wrangler deploy --config ${rendered.file}` : `Next: workerd serve ${rendered.file}`);
    input.give({ ...rendered, target: isWorker ? 'cloudflare' : 'workerd', warnings });
    return ROUTER_EXIT.done;
  },
};
