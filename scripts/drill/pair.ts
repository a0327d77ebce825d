/**
 * The two embedded Regions of a drill: on temporary folders, from the same Pulumi program and bundles as everything else, with a
 * repository to read, stack files of their own, and every line that a function wrote, with its time.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';

import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { Provisioned } from '../../local/region/messages.ts';
import { type ProvisionOptions, RegionPairLink } from '../../local/region/pair.ts';
import { ensureTokens, type LocalTokens } from '../../local/start/access-keys.ts';
import { addressesOf, openLocalPair, type PairAddresses } from '../../local/start/pair-addresses.ts';
import { type OpenedSources, openSources } from '../../local/start/sources.ts';
import type { OpenedPair } from '../../ops/pair-stores.ts';
import { stackFileName } from '../../ops/stack-files/stack-file.ts';
import { buildFunctions } from '../build-functions.ts';
import { OriginRepository } from '../kills/origin.ts';

export interface Line {
  readonly at: number;
  readonly role: Role;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface DrillPairOptions {
  readonly rootDirectory: string;
  readonly directory: string;
  /** Bundles of another commit, for one Region. */
  readonly functionsOf?: Readonly<Partial<Record<Role, string>>>;
  /** When the Regions' services answer and nothing is provisioned yet: says where functions find the other Region's stores. */
  readonly onOpened: (link: RegionPairLink, authorityDirectory: string) => Promise<ProvisionOptions['storesForPeer']>;
}

export interface DrillPair {
  readonly link: RegionPairLink;
  readonly provisioned: Readonly<Record<Role, Provisioned>>;
  readonly addresses: PairAddresses;
  readonly stores: OpenedPair;
  readonly tokens: LocalTokens;
  readonly sources: OpenedSources;
  readonly origin: OriginRepository;
  readonly lines: readonly Line[];
  /** Permissions that were missing, bytes that were damaged: nothing that a drill may cause. */
  readonly troubles: readonly string[];
  /** Of both stack files. */
  readonly stackDirectory: string;
  readonly authorityDirectory: string;
  close(): Promise<void>;
}

/** Only the slots of a drill fire: a tick in the middle would be another drill. */
const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

const parseLine = (text: string): Readonly<Record<string, unknown>> | undefined => {
  if (!text.startsWith('{')) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Half a line of a function that was ended: it says nothing.
    return undefined;
  }
};

const copyStackFiles = async (rootDirectory: string, directory: string): Promise<string> => {
  const stacks = path.join(directory, 'stacks');
  await mkdir(stacks, { recursive: true });
  for (const role of ROLES) {
    await copyFile(path.join(rootDirectory, stackFileName(role)), path.join(stacks, stackFileName(role)));
  }
  return stacks;
};

const settingsOf = (functionsOf: DrillPairOptions['functionsOf']): Record<Role, Record<string, string>> => {
  const of = (role: Role): Record<string, string> => {
    const folder = functionsOf?.[role];
    return folder === undefined ? {} : { 'twinmap:functionsDirectory': folder };
  };
  return { primary: of('primary'), secondary: of('secondary') };
};

export const openDrillPair = async (options: DrillPairOptions): Promise<DrillPair> => {
  const { rootDirectory, directory, functionsOf } = options;
  await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
  const stackDirectory = await copyStackFiles(rootDirectory, directory);
  const dataDirectory = path.join(directory, 'data');
  const origin = new OriginRepository(directory);
  const sources = await openSources([origin.directory]);
  const lines: Line[] = [];
  const troubles: string[] = [];
  const link = await RegionPairLink.open({
    rootDirectory,
    dataDirectory,
    settings: settingsOf(functionsOf),
    intervalMs: QUIET_MS,
    jobsIntervalMs: QUIET_MS,
    onEvent: (role, event) => {
      if (event.kind === 'line') {
        const fields = parseLine(event.text);
        if (fields !== undefined) {
          lines.push({ at: Date.now(), role, fields });
        }
      }
      if (event.kind === 'access-denied' || event.kind === 'damage') {
        troubles.push(`${role}: ${JSON.stringify(event)}`);
      }
    },
  });
  const close = async (): Promise<void> => {
    await link.stop();
    await sources.close();
  };
  try {
    const authorityDirectory = path.join(dataDirectory, 'authority');
    const storesForPeer = await options.onOpened(link, authorityDirectory);
    const { sources: list, gitHosts, gitLoopbackOrigin } = sources;
    const provisioned = await link.provision({
      sources: list,
      gitHosts,
      gitLoopbackOrigin,
      surveyIn: ROLES,
      storesForPeer,
    });
    const addresses = await addressesOf(rootDirectory, link);
    const stores = openLocalPair(addresses);
    const { regions, writes } = stores;
    const tokens = await ensureTokens({ regions, writes, now: () => Date.now() }, dataDirectory);
    const running = { link, provisioned, addresses, stores, tokens, sources, origin, lines, troubles };
    return { ...running, stackDirectory, authorityDirectory, close };
  } catch (error) {
    await close();
    throw error;
  }
};
