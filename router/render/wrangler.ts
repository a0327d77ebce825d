/** `wrangler.jsonc` of the form on Cloudflare's network, from the router's own config. */
import type { RouterConfig } from '../config/schema.ts';
import { bindingName } from '../entries/worker/platform.ts';
import { COMPATIBILITY_DATE, STATE_CLASS } from './worker-entry.ts';

/** Worker names have no dots. */
const workerName = (name: string): string => name.replaceAll('.', '-');

export const renderWrangler = (config: RouterConfig, bundle: string, configHash: string): string => {
  const vpcServices = config.regions.flatMap(({ vpcServices: ids }, at) =>
    ids.map((id, index) => ({ binding: bindingName(at, index), service_id: id, remote: true })),
  );
  const body = {
    name: workerName(config.name),
    main: bundle,
    no_bundle: true,
    compatibility_date: COMPATIBILITY_DATE,
    workers_dev: false,
    send_metrics: false,
    observability: { enabled: true },
    vars: { CONFIG: config, CONFIG_HASH: configHash },
    durable_objects: { bindings: [{ name: 'STATE', class_name: STATE_CLASS }] },
    migrations: [{ tag: 'v1', new_sqlite_classes: [STATE_CLASS] }],
    ...(vpcServices.length === 0 ? {} : { vpc_services: vpcServices }),
  };
  return `// Rendered by \`twinmap-router render --worker\` from config ${configHash}: change that and render again.
// Add \`routes\` for the name that clients use. This form depends on Cloudflare${vpcServices.length === 0 ? ', and on its DNS to find the Regions' : ''}.
${JSON.stringify(body, null, 2)}
`;
};
