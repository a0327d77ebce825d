/**
 * Two embedded Regions from the two stack files: each in a process group of its own, provisioned by the same Pulumi program,
 * each knowing the other's endpoint the way that a stack knows its peer's VPC endpoints: by configuration.
 */
import path from 'node:path';

import { ConfigError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { loadStackConfig } from '../monitor/stack-config.ts';
import type { Provisioned, RegionEvent } from './messages.ts';
import { RegionLink } from './region-link.ts';

export interface PairSource {
  readonly id: string;
  readonly name: string;
  readonly url: string;
}

export interface PairOptions {
  readonly rootDirectory: string;
  readonly dataDirectory: string;
  /** In place of the stacks' schedule. */
  readonly intervalMs: number | undefined;
  readonly onEvent: (role: Role, event: RegionEvent) => void;
}

export interface ProvisionOptions {
  readonly sources: readonly PairSource[];
  /** Hosts that sources may be read from, beside those of the stack files. */
  readonly gitHosts: readonly string[];
  readonly gitLoopbackOrigin: string | undefined;
}

interface Stack {
  readonly region: string;
  readonly accountId: string;
  readonly config: Readonly<Record<string, string>>;
}

const readStack = async (rootDirectory: string, role: Role): Promise<Stack> => {
  const { config } = await loadStackConfig({ rootDirectory, stack: role });
  const region = config['aws:region'];
  const accountId = config['twinmap:accountId'];
  if (region === undefined || accountId === undefined) {
    throw new ConfigError(`Pulumi.${role}.yaml names no aws:region or no twinmap:accountId; both are needed`);
  }
  return { region, accountId, config };
};

const listOf = (text: string | undefined): string[] => {
  const value: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(value) ? value.map(String) : [];
};

export class RegionPairLink {
  readonly links: Readonly<Record<Role, RegionLink>>;
  readonly #stacks: Readonly<Record<Role, Stack>>;

  private constructor(links: Readonly<Record<Role, RegionLink>>, stacks: Readonly<Record<Role, Stack>>) {
    this.links = links;
    this.#stacks = stacks;
  }

  static async open(options: PairOptions): Promise<RegionPairLink> {
    const [primary, secondary] = await Promise.all([
      readStack(options.rootDirectory, 'primary'),
      readStack(options.rootDirectory, 'secondary'),
    ]);
    const link = (role: Role, stack: Stack): RegionLink =>
      new RegionLink({
        role,
        region: stack.region,
        accountId: stack.accountId,
        dataDirectory: path.join(path.resolve(options.dataDirectory), role),
        intervalMs: options.intervalMs,
        onEvent: (event) => {
          options.onEvent(role, event);
        },
      });
    return new RegionPairLink(
      { primary: link('primary', primary), secondary: link('secondary', secondary) },
      { primary, secondary },
    );
  }

  regionOf(role: Role): string {
    return this.#stacks[role].region;
  }

  /** Runs both stacks' programs at once. */
  async provision(options: ProvisionOptions): Promise<Readonly<Record<Role, Provisioned>>> {
    const endpoints = {
      primary: await this.links.primary.endpoint,
      secondary: await this.links.secondary.endpoint,
    };
    const provisionOne = async (role: Role, peer: Role): Promise<Provisioned> =>
      this.links[role].ask({
        kind: 'provision',
        order: {
          stack: role,
          overrides: this.#overrides(role, endpoints[role], endpoints[peer], options),
        },
      });
    const [primary, secondary] = await Promise.all([
      provisionOne('primary', 'secondary'),
      provisionOne('secondary', 'primary'),
    ]);
    return { primary, secondary };
  }

  async stop(): Promise<void> {
    await Promise.all(ROLES.map(async (role) => this.links[role].stop()));
  }

  #overrides(role: Role, home: string, peer: string, options: ProvisionOptions): Record<string, string> {
    const hosts = new Set([...listOf(this.#stacks[role].config['twinmap:gitHosts']), ...options.gitHosts]);
    return {
      'twinmap:homeEndpoints': JSON.stringify({ dynamodb: home, s3vectors: home, appconfigdata: home, sqs: home }),
      'twinmap:peerEndpoints': JSON.stringify({ dynamodb: peer, s3vectors: peer }),
      'twinmap:gitHosts': JSON.stringify([...hosts]),
      'twinmap:sources': JSON.stringify(options.sources.map(({ id, name, url }) => ({ id, kind: 'git', name, url }))),
      ...(options.gitLoopbackOrigin === undefined ? {} : { 'twinmap:gitLoopbackOrigin': options.gitLoopbackOrigin }),
    };
  }
}
