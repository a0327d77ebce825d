/** What turns one declared resource into calls of the embedded Region, and what such handlers share. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { ProvisionedResource, RegisteredResource } from '../monitor/registered-resource.ts';
import type { RegionServices } from '../region/services.ts';
import type { Arns } from './arns.ts';
import type { DeclaredRoles } from './declared-roles.ts';

export interface HostedVersion {
  readonly content: string;
  readonly contentType: string;
}

export interface DeclaredTargetGroup {
  readonly multiValueHeaders: boolean;
  readonly healthCheckPath?: string;
  functionName?: string;
}

/** What later resources need to know of earlier ones, beyond their outputs. */
export interface ProvisionContext {
  readonly services: RegionServices;
  readonly arns: Arns;
  readonly roles: DeclaredRoles;
  /** By `<application>/<profile>/<number>`. */
  readonly hostedVersions: Map<string, HostedVersion>;
  /** By ARN. */
  readonly targetGroups: Map<string, DeclaredTargetGroup>;
  /** Target group of each listener's default action, by the listener's ARN. */
  readonly listenerTargets: Map<string, string>;
  /** URLs of the declared listeners' fronts. */
  readonly frontUrls: string[];
}

export type Handler = (
  resource: RegisteredResource,
  context: ProvisionContext,
) => ProvisionedResource | Promise<ProvisionedResource>;

/** Handlers by the resource type that they stand in for. */
export type Handlers = Readonly<Record<string, Handler>>;

/**
 * Reads the inputs that a stand-in acts on. `ignored` names those that change nothing on one machine (encryption, backups);
 * any other one is refused, since a setting that silently does nothing locally would be tested by nobody.
 */
export const readInputs = <T extends z.ZodRawShape>(
  resource: RegisteredResource,
  shape: T,
  ignored: readonly string[] = [],
): z.infer<z.ZodObject<T>> => {
  const unknown = Object.keys(resource.inputs).filter((key) => shape[key] === undefined && !ignored.includes(key));
  if (unknown.length > 0) {
    throw new ConfigError(`the property ${unknown.join(', ')} has no local stand-in`);
  }
  const parsed = z.object(shape).safeParse(resource.inputs);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `the property ${issue?.path.join('.') ?? ''} is not what a stand-in can use: ${issue?.message ?? ''}`,
    );
  }
  return parsed.data;
};

/** For resources that only have to exist, with the ARN and id that others refer to. */
export const readName = (resource: RegisteredResource, key = 'name'): string => {
  const name = resource.inputs[key];
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError(`the property ${key} is not set; every physical name is derived, none is left to chance`);
  }
  return name;
};

/** `arn:…:function:name`, `arn:…:function:name:alias` or just `name`, to the name. */
export const functionNameOf = (reference: string): string =>
  reference.startsWith('arn:') ? (reference.split(':')[6] ?? '') : reference;
