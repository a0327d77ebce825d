/** Opens the stores of one Region with that Region's own clients; a client is never shared between Regions. */
import { assumedRole, type CredentialSource } from '../aws/assumed-role.ts';
import type { CallBounds, ClientTarget } from '../aws/client-options.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionName } from '../domain/region.ts';
import { Breaker } from '../dual-write/breaker.ts';
import { guardRegion } from '../dual-write/guarded-stores.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import { DynamoRecordStore } from '../stores/dynamo-record-store.ts';
import { openDynamoClient } from '../stores/dynamo-table.ts';
import { openVectorsClient, S3VectorStore } from '../stores/s3-vector-store.ts';
import type { StoresAddress, StoresEnvironment } from './environment.ts';

const HOME_BOUNDS: CallBounds = {
  connectTimeoutMs: LIMITS.homeConnectTimeoutMs,
  callTimeoutMs: LIMITS.homeCallTimeoutMs,
  attemptsMax: LIMITS.ingestAttemptsMax,
};

const PEER_BOUNDS: CallBounds = {
  connectTimeoutMs: LIMITS.peerConnectTimeoutMs,
  callTimeoutMs: LIMITS.peerCallTimeoutMs,
  attemptsMax: LIMITS.ingestAttemptsMax,
};

/** Beside home, a person waits for the peer no longer than its budget: what the peer did not take in time is owed. */
const PEER_BUDGET_BOUNDS: CallBounds = {
  connectTimeoutMs: LIMITS.peerBudgetConnectTimeoutMs,
  callTimeoutMs: LIMITS.peerBudgetMs,
  attemptsMax: LIMITS.peerBudgetAttemptsMax,
};

interface Access {
  readonly bounds: CallBounds;
  readonly credentials: CredentialSource | undefined;
}

const targetOf = (
  { region, dnsServers }: StoresAddress,
  endpoint: string | undefined,
  { bounds, credentials }: Access,
): ClientTarget => ({ region, ...(endpoint === undefined ? {} : { endpoint }), dnsServers, bounds, credentials });

/** One for both clients of a Region: they share the session. */
const credentialsOf = ({ role, dnsServers }: StoresAddress, bounds: CallBounds): CredentialSource | undefined =>
  role === undefined
    ? undefined
    : assumedRole({
        target: {
          region: role.region,
          ...(role.sts === undefined ? {} : { endpoint: role.sts }),
          dnsServers,
          bounds,
        },
        roleArn: role.arn,
        sessionName: role.session,
        now: () => Date.now(),
      });

export const openRegion = (address: StoresAddress, bounds: CallBounds = HOME_BOUNDS): RegionStores => {
  const access = { bounds, credentials: credentialsOf(address, bounds) };
  const client = openDynamoClient(targetOf(address, address.dynamodb, access));
  const { callTimeoutMs } = bounds;
  const table = (name: string): DynamoRecordStore =>
    new DynamoRecordStore(client, { table: name, callTimeoutMs, now: () => Date.now() });
  return {
    region: address.region,
    tables: { workspaces: table(address.workspaces), audit: table(address.audit), graph: table(address.graph) },
    vectors: new S3VectorStore(openVectorsClient(targetOf(address, address.s3vectors, access)), {
      bucket: address.bucket,
      index: address.index,
      callTimeoutMs,
    }),
  };
};

/**
 * For cycles, drains and repairs. Without breakers: a cycle has minutes, stops at the first Region that fails and is tried
 * again as a whole, so that a breaker would only give its next attempt a stale answer.
 */
export const openRegionPair = (environment: StoresEnvironment): RegionPair => ({
  home: openRegion(environment.home),
  ...(environment.peer === undefined ? {} : { peer: openRegion(environment.peer, PEER_BOUNDS) }),
});

export type BreakerService = 'dynamodb' | 's3vectors';

export interface InteractiveOptions {
  readonly now: () => number;
  /** A service of the peer answers again: what is owed to it may be drained at once. */
  readonly onBreakerClosed: (region: RegionName, service: BreakerService) => void;
}

/** For whoever waits for an answer: home as ever, the peer within its budget and behind a breaker per service. */
export const openInteractivePair = (environment: StoresEnvironment, options: InteractiveOptions): RegionPair => {
  const home = openRegion(environment.home);
  if (environment.peer === undefined) {
    return { home };
  }
  const peer = openRegion(environment.peer, PEER_BUDGET_BOUNDS);
  const breaker = (service: BreakerService): Breaker =>
    new Breaker({
      name: `${service} in ${peer.region}`,
      now: options.now,
      budgetMs: LIMITS.peerBudgetMs,
      onClosed: () => {
        options.onBreakerClosed(peer.region, service);
      },
    });
  return { home, peer: guardRegion(peer, { dynamodb: breaker('dynamodb'), s3vectors: breaker('s3vectors') }) };
};
