/**
 * One Region left alone: both were synced from the same sources, then the peer's processes are killed and the embedder (Bedrock's
 * stand-in) breaks every call. What is asked from then on is answered by the home Region's own tables, or not at all.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { RegionUnavailableError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { RegionEvent } from '../../local/region/messages.ts';
import { RegionPairLink } from '../../local/region/pair.ts';
import { ensureTokens } from '../../local/start/access-keys.ts';
import { watchCycles } from '../../local/start/cycle-watch.ts';
import { addressesOf, authorityFile, openLocalPair } from '../../local/start/pair-addresses.ts';
import { expectedOf, type OpenedSources, openSources } from '../../local/start/sources.ts';
import { syncOnce } from '../../local/start/sync-once.ts';
import { judge } from '../../local/start/verdict.ts';
import { writeMissing } from '../../ops/source-writes.ts';
import { buildFunctions } from '../build-functions.ts';

/** Only what the stage fires runs: a tick in the middle would sync with a Region that is gone. */
const QUIET_MS = 7 * 24 * 60 * 60 * 1000;
/** A cycle that met a Region that was too busy is not acknowledged; the next one redoes it. */
const SYNCS_MAX = 4;

/** The stack's own embedder is a table in the function, which nothing can take away; this one is a service that can. */
const SETTINGS = { 'twinmap:embedder': 'bedrock', 'twinmap:embeddingDimensions': '256' };

export interface StageOptions {
  readonly rootDirectory: string;
  readonly directory: string;
  readonly sourcesFile: string;
  readonly say: (line: string) => void;
}

/** What is left. */
export interface LoneRegion {
  readonly region: string;
  readonly endpoint: string;
  readonly token: string;
  /** As `npm start` keeps it: the command finds the Region and its token there. */
  readonly dataDirectory: string;
  readonly sources: readonly string[];
  /** Sources that no sync acknowledged before the peer was gone. */
  readonly unacknowledged: readonly string[];
  close(): Promise<void>;
}

const openPair = async ({ rootDirectory, directory }: StageOptions, take: (event: RegionEvent) => void) =>
  RegionPairLink.open({
    rootDirectory,
    dataDirectory: path.join(directory, 'data'),
    settings: { primary: SETTINGS, secondary: SETTINGS },
    intervalMs: QUIET_MS,
    jobsIntervalMs: QUIET_MS,
    onEvent: (_role, event) => {
      take(event);
    },
  });

const bringUp = async (options: StageOptions, pair: RegionPairLink, opened: OpenedSources) => {
  const { gitHosts, gitLoopbackOrigin, sources, definitions } = opened;
  const provisioned = await pair.provision({ sources, gitHosts, gitLoopbackOrigin });
  const addresses = await addressesOf(options.rootDirectory, pair);
  const { regions, writes } = openLocalPair(addresses);
  await writeMissing({ regions, writes }, definitions, { by: 'npm run bars:incident', at: Date.now() });
  const dataDirectory = path.join(options.directory, 'data');
  const tokens = await ensureTokens({ regions, writes, now: () => Date.now() }, dataDirectory);
  const running = {
    pid: process.pid,
    regions: ROLES.map((role) => Object.assign(addresses[role], { endpoint: provisioned[role].endpoint })),
    authority: authorityFile(dataDirectory),
  };
  await writeFile(path.join(dataDirectory, 'running.json'), JSON.stringify(running));
  return { provisioned, tokens, dataDirectory };
};

type BroughtUp = Awaited<ReturnType<typeof bringUp>>;

/** Answers with the sources that were not acknowledged, however often they were synced. */
const syncAll = async (
  { say }: StageOptions,
  pair: RegionPairLink,
  { provisioned }: Pick<BroughtUp, 'provisioned'>,
  expected: readonly string[],
  watch: ReturnType<typeof watchCycles>,
): Promise<readonly string[]> => {
  let left = expected;
  for (let sync = 1; left.length > 0 && sync <= SYNCS_MAX; sync += 1) {
    const result = await syncOnce({ pair, provisioned, watch, expected, failures: [], now: () => performance.now() });
    const acknowledged = new Set(
      result.ends.flatMap(({ source, outcome }) => (outcome === 'acknowledged' ? [source] : [])),
    );
    left = expected.filter((id) => !acknowledged.has(id));
    say(`sync ${sync}: ${acknowledged.size} of ${expected.length} sources acknowledged`);
    if (acknowledged.size === 0) {
      throw new RegionUnavailableError(`nothing was acknowledged: ${judge(result).findings.join('; ')}`);
    }
  }
  return left;
};

const HOME: Role = 'primary';
const PEER: Role = 'secondary';

export const openLoneRegion = async (options: StageOptions): Promise<LoneRegion> => {
  const { rootDirectory, sourcesFile, say } = options;
  await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
  const opened = await openSources([], sourcesFile);
  const watch = watchCycles();
  const pair = await openPair(options, (event) => {
    if (event.kind === 'line') {
      watch.take(event.text);
    }
  });
  const close = async (): Promise<void> => {
    await pair.stop();
    await opened.close();
  };
  try {
    const brought = await bringUp(options, pair, opened);
    const sources = expectedOf(opened);
    const unacknowledged = await syncAll(options, pair, brought, sources, watch);
    pair.links[PEER].kill();
    await pair.links[HOME].setFault('bedrock', 'refuse');
    say(`${pair.regionOf(PEER)} is killed, and the embedder of ${pair.regionOf(HOME)} refuses every connection`);
    const { region, endpoint } = brought.provisioned[HOME];
    const { dataDirectory, tokens } = brought;
    return { region, endpoint, token: tokens.reader, dataDirectory, sources, unacknowledged, close };
  } catch (error) {
    await close();
    throw error;
  }
};
