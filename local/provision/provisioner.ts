/**
 * Makes in an embedded Region what the Pulumi program declares: each resource type has one handler. Handlers of stores,
 * queues, functions and the rest call the Region; those of keys, roles and the like give the ids that others refer to.
 * A type without a handler is refused: what is declared and not made would be tested by nobody.
 */
import { ConfigError } from '../../functions/domain/errors.ts';
import type { ProvisionedResource, RegisteredResource } from '../monitor/registered-resource.ts';
import type { RegionServices } from '../region/services.ts';
import { arnsOf } from './arns.ts';
import { type DeclaredRole, DeclaredRoles } from './declared-roles.ts';
import { frontHandlers } from './front.ts';
import { functionHandlers } from './functions.ts';
import { gateHandlers } from './gate.ts';
import type { Handlers, ProvisionContext } from './handler.ts';
import { identityHandlers } from './identity.ts';
import { networkHandlers } from './network.ts';
import { observabilityHandlers } from './observability.ts';
import { queueHandlers } from './queues.ts';
import { storeHandlers } from './stores.ts';

export interface ProvisionerOptions {
  /** Handlers for further resource types, or in place of ours. */
  readonly handlers?: Handlers;
  /** A role has got a policy. */
  readonly onRoles?: () => void;
}

export interface Provisioner {
  readonly onResource: (resource: RegisteredResource) => Promise<ProvisionedResource>;
  /** The declared roles with their policies, by role ARN. */
  readonly roles: () => ReadonlyMap<string, DeclaredRole>;
  /** Where the declared listener answers on this machine. */
  readonly frontUrl: () => string;
}

const HANDLERS: Handlers = {
  ...identityHandlers,
  ...storeHandlers,
  ...gateHandlers,
  ...queueHandlers,
  ...functionHandlers,
  ...frontHandlers,
  ...networkHandlers,
  ...observabilityHandlers,
};

export const createProvisioner = (services: RegionServices, options: ProvisionerOptions): Provisioner => {
  const context: ProvisionContext = {
    services,
    arns: arnsOf(services.region, services.accountId),
    roles: new DeclaredRoles(),
    hostedVersions: new Map(),
    targetGroups: new Map(),
    listenerTargets: new Map(),
    frontUrls: [],
  };
  const handlers = new Map(Object.entries({ ...HANDLERS, ...options.handlers }));
  return {
    onResource: async (resource) => {
      const handler = handlers.get(resource.type);
      if (handler === undefined) {
        throw new ConfigError(`there is no local stand-in for the type ${resource.type}`);
      }
      const made = await handler(resource, context);
      if (resource.type === 'aws:iam/rolePolicy:RolePolicy') {
        options.onRoles?.();
      }
      return made;
    },
    roles: () => context.roles.byArn,
    frontUrl: () => {
      const [url] = context.frontUrls;
      if (url === undefined) {
        throw new ConfigError('the program declares no listener, so the Region has no front');
      }
      return url;
    },
  };
};
