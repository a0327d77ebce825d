/** From what the platform hands over to a router: the config is validated here too, because people edit what was rendered. */
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { RouterConfig } from '../../config/schema.ts';
import { validateConfig } from '../../config/validate.ts';
import type { Hop } from '../../forward/hygiene.ts';
import type { OverrideStore } from '../../override/override-state.ts';
import { type Environment, type Fetcher, isNamespace } from './platform.ts';
import { overrideInObject } from './state-object.ts';
import { Upstream } from './upstream.ts';
import { openContext } from './worker-context.ts';
import { WorkerRouter } from './worker-router.ts';

export interface WorkerForm {
  readonly print: (line: string) => void;
  readonly fetchersOf: (env: Environment, region: number) => readonly Fetcher[];
  readonly clientAddress: (request: Request) => string;
  readonly usualProto: (config: RouterConfig) => Hop['proto'];
  readonly reach: (region: RouterConfig['regions'][number]) => {
    readonly mode: string;
    readonly addresses: readonly string[];
  };
  readonly isTickedByRequests: boolean;
}

const NO_STORE: OverrideStore = { load: async () => undefined, save: async () => undefined };

const configOf = (env: Environment): RouterConfig => {
  const validated = validateConfig(env['CONFIG']);
  if (validated.kind === 'invalid') {
    const lines = validated.problems.map(({ path, message }) => `${path === '' ? '(config)' : path} ${message}`);
    throw new ConfigError(`CONFIG is not a router config: ${lines.join('; ')}`);
  }
  return validated.config;
};

export const openWorker = (form: WorkerForm, env: Environment): WorkerRouter => {
  const config = configOf(env);
  const state = env['STATE'];
  const upstreams = new Map(
    config.regions.map(({ id, endpoint }, at) => [id, new Upstream(id, endpoint, form.fetchersOf(env, at))]),
  );
  const context = openContext({
    config,
    upstreams,
    store: isNamespace(state) ? overrideInObject(state) : NO_STORE,
    print: form.print,
    clientAddress: form.clientAddress,
    usualProto: form.usualProto(config),
  });
  const byHost = new Map(config.regions.map((region) => [new URL(region.endpoint).hostname, form.reach(region)]));
  const configHash = env['CONFIG_HASH'];
  return new WorkerRouter({
    context,
    configHash: typeof configHash === 'string' ? configHash : 'unknown',
    reach: (host) => byHost.get(host) ?? { mode: 'unknown', addresses: [] },
    isTickedByRequests: form.isTickedByRequests,
  });
};
