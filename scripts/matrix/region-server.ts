/** One embedded Region of the matrix, in a process of its own: its services over TLS, and nothing else. */
import { TABLE_NAMES } from '../../functions/domain/record.ts';
import { parseRegion } from '../../functions/domain/region.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { GateAddress } from '../../functions/gate/appconfig-source.ts';
import { namesOf } from '../../infra/names.ts';
import { openAuthority } from '../../local/services/authority.ts';
import type { FaultRule } from '../../local/services/faults.ts';
import type { Endpoints } from '../../local/services/gateway.ts';
import type { NameMode } from '../../local/services/name-server.ts';
import { type OpenServices, openServices } from '../../local/services/open-services.ts';

export const MATRIX_ACCOUNT = '111122223333';
export const MATRIX_DIMENSIONS = 4;

export interface ServerStart {
  readonly region: string;
  readonly dataDirectory: string;
  readonly authorityDirectory: string;
  readonly nameServer: string;
}

export type ServerMessage =
  | { readonly kind: 'opened'; readonly endpoints: Endpoints; readonly gate: GateAddress }
  | { readonly kind: 'name-mode'; readonly name: string; readonly mode: NameMode }
  | { readonly kind: 'done' };

/** A rule, or null to clear all of them. */
export interface ServerOrder {
  readonly rule: FaultRule | null;
}

const tell = (message: ServerMessage): void => {
  process.send?.(message);
};

const declareStores = async (services: OpenServices, region: string): Promise<void> => {
  const parsed = parseRegion(region);
  if (parsed === undefined) {
    throw new InvariantError(`${region} is no Region`);
  }
  const names = namesOf(parsed, MATRIX_ACCOUNT);
  for (const table of TABLE_NAMES) {
    await services.tables.ensureTable({
      name: names.tables[table],
      hashKey: 'pk',
      rangeKey: 'sk',
      attributes: ['pk', 'sk', 'owedShard', 'v'].map((name) => ({ name, type: 'S' })),
      indexes: [{ name: 'owed', hashKey: 'owedShard', rangeKey: 'v', projection: 'KEYS_ONLY' }],
    });
  }
  await services.vectors.ensureBucket(names.vectorBucket);
  await services.vectors.ensureIndex({
    bucket: names.vectorBucket,
    name: names.vectorIndex,
    dimension: MATRIX_DIMENSIONS,
    distanceMetric: 'cosine',
    nonFilterableMetadataKeys: ['h', 'chunk'],
  });
};

const declareGate = async ({ config }: OpenServices): Promise<GateAddress> => {
  const { id: application } = await config.ensureApplication('gate');
  const { id: environment } = await config.ensureEnvironment(application, 'gate');
  const { id: profile } = await config.ensureProfile(application, 'gate', []);
  const document = {
    is_active_for_scheduled_work: true,
    peer_writes: 'required',
    epoch: 1,
    changed_at: '2026-01-01T00:00:00Z',
    changed_by: 'matrix',
    reason: 'matrix',
  };
  await config.deploy({
    applicationId: application,
    environmentId: environment,
    profileId: profile,
    content: JSON.stringify(document),
    contentType: 'application/json',
  });
  return { application, environment, profile };
};

const main = async (start: ServerStart): Promise<void> => {
  const services = await openServices({
    region: start.region,
    accountId: MATRIX_ACCOUNT,
    dataDirectory: start.dataDirectory,
    tls: {
      authority: await openAuthority(start.authorityDirectory, Date.now()),
      naming: {
        server: start.nameServer,
        setMode: (name, mode) => {
          tell({ kind: 'name-mode', name, mode });
        },
      },
    },
  });
  await declareStores(services, start.region);
  const gate = await declareGate(services);
  process.on('message', ({ rule }: ServerOrder) => {
    services.faults.clear();
    if (rule !== null) {
      services.faults.set(rule);
    }
    tell({ kind: 'done' });
  });
  process.on('disconnect', () => {
    process.exit(0);
  });
  tell({ kind: 'opened', endpoints: services.endpoints, gate });
};

if (import.meta.main) {
  await main(JSON.parse(process.argv[2] ?? '{}') as ServerStart);
}
