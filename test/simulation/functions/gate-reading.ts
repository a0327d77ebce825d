/** The gate as a process of the simulation reads it: production code over the simulated AppConfig and `GATE` record. */
import { boundedCall } from '../../../functions/aws/client-options.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import type { DocumentReading, GateDecision, RecordReading } from '../../../functions/gate/decide.ts';
import { type GateDocument, parseGateDocument } from '../../../functions/gate/document.ts';
import { GATE_KEY, type GateDependencies, readGate } from '../../../functions/gate/gate.ts';
import type { SimProcess } from '../world/process.ts';
import { silent, type World } from '../world/world.ts';

/** What the Region's `GATE` record holds now, as the simulation knows it. */
export const recordedReading = (world: World, region: string): RecordReading => {
  const item = world.regionOf(region).peek('workspaces', GATE_KEY.pk, GATE_KEY.sk);
  const parsed = parseGateDocument(item?.['data']?.S ?? '');
  if (parsed.kind !== 'valid') {
    return { kind: 'none' };
  }
  return { kind: Number.isInteger(Number(item?.['order']?.N)) ? 'recorded' : 'raised', document: parsed.document };
};

export const recordedGate = (world: World, region: string): GateDocument | undefined => {
  const reading = recordedReading(world, region);
  return reading.kind === 'recorded' || reading.kind === 'raised' ? reading.document : undefined;
};

/** As `AppConfigGateSource` reads: a fresh session, bounded, and nothing of an earlier run. */
const readAppConfig = async (world: World, process: SimProcess): Promise<DocumentReading> => {
  const { appConfig } = world.regionOf(process.region);
  const link = world.network.link(process, process.region, 'appconfig', () => LIMITS.gateCallTimeoutMs);
  const read = await boundedCall(
    LIMITS.gateCallTimeoutMs,
    async () =>
      link({
        operation: 'GetLatestConfiguration',
        isWrite: false,
        about: () => '',
        apply: () => appConfig.read(world.kernel.nowMs),
      }),
    () => world.signal,
  );
  if (read.kind === 'failed') {
    return { kind: 'unreadable', failure: read.failure };
  }
  const text = String(read.value);
  if (text === '') {
    return { kind: 'invalid', why: 'nothing was deployed' };
  }
  const parsed = parseGateDocument(text);
  return parsed.kind === 'valid' ? { kind: 'document', document: parsed.document } : parsed;
};

export const readGateIn = async (world: World, process: SimProcess, home: RegionStores): Promise<GateDecision> => {
  const before = recordedGate(world, process.region);
  let document: DocumentReading['kind'] = 'unreadable';
  let isRecordRead = false;
  const { workspaces } = home.tables;
  const records: GateDependencies['records'] = {
    getLocal: async (key) => {
      const read = await workspaces.getLocal(key);
      isRecordRead = read.kind === 'done';
      return read;
    },
    putLocal: async (item) => workspaces.putLocal(item),
  };
  const source: GateDependencies['source'] = {
    read: async () => {
      const read = await readAppConfig(world, process);
      document = read.kind;
      return read;
    },
  };
  const decision = await readGate({ source, records, telemetry: silent, region: process.region });
  world.note(() => `${process.name} gate: ${decision.state} (${decision.reason}, ${decision.detail})`);
  world.tell((watcher) => watcher.onDecision?.({ before, document, isRecordRead, decision }, process));
  return decision;
};
