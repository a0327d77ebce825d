/** Opens the stores of one Region with that Region's own clients; a client is never shared between Regions. */
import type { CallBounds } from '../aws/client-options.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import { DynamoRecordStore, openDynamoClient } from '../stores/dynamo-record-store.ts';
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

const targetOf = (
  region: string,
  endpoint: string | undefined,
  bounds: CallBounds,
): { region: string; endpoint?: string; bounds: CallBounds } => ({
  region,
  ...(endpoint === undefined ? {} : { endpoint }),
  bounds,
});

export const openRegion = (address: StoresAddress, bounds: CallBounds = HOME_BOUNDS): RegionStores => {
  const client = openDynamoClient(targetOf(address.region, address.dynamodb, bounds));
  const { callTimeoutMs } = bounds;
  const table = (name: string): DynamoRecordStore => new DynamoRecordStore(client, { table: name, callTimeoutMs });
  return {
    region: address.region,
    tables: { workspaces: table(address.workspaces), audit: table(address.audit), graph: table(address.graph) },
    vectors: new S3VectorStore(openVectorsClient(targetOf(address.region, address.s3vectors, bounds)), {
      bucket: address.bucket,
      index: address.index,
      callTimeoutMs,
    }),
  };
};

export const openRegionPair = (environment: StoresEnvironment): RegionPair => ({
  home: openRegion(environment.home),
  ...(environment.peer === undefined ? {} : { peer: openRegion(environment.peer, PEER_BOUNDS) }),
});
