/**
 * The gate as a run reads it, over the embedded AppConfig and DynamoDB: fresh each time, the highest epoch kept, and passive
 * wherever something can't be read.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { CallBounds } from '../../../functions/aws/client-options.ts';
import { AppConfigGateSource, type GateAddress, PolledGateSource } from '../../../functions/gate/appconfig-source.ts';
import type { GateDecision } from '../../../functions/gate/decide.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import {
  GATE_KEY,
  type GateDependencies,
  keepGateDocument,
  peekGate,
  raiseGate,
  readGate,
} from '../../../functions/gate/gate.ts';
import { ShownGate } from '../../../functions/gate/shown-gate.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { openDynamoClient } from '../../../functions/stores/dynamo-table.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import type { LogFields, LogLevel, Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { gateSchemaText } from '../../../infra/gate-document.ts';
import type { ServiceCall } from '../../../local/services/gateway.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion, operationsOf, tableSpec } from '../stores/embedded-region.ts';
import { valueOf } from '../stores/outcomes.ts';
import { regionNamed } from '../stores/region-named.ts';

const SLACK_MS = 2500;
const HASTY: CallBounds = { connectTimeoutMs: 300, callTimeoutMs: 300, attemptsMax: 2 };

const gate = (epoch: number, active: boolean, peerWrites: 'required' | 'deferred' = 'required'): GateDocument => ({
  is_active_for_scheduled_work: active,
  peer_writes: peerWrites,
  epoch,
  changed_at: '2026-01-01T00:00:00Z',
  changed_by: 'stack config',
  reason: 'test',
});

class KeptTelemetry implements Telemetry {
  readonly logs: { level: LogLevel; event: string; fields: LogFields }[] = [];
  readonly counts: string[] = [];

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.logs.push({ level, event, fields });
  }

  write(): void {
    throw new TypeError('the gate writes no replicated record');
  }

  count(metric: string, dimensions: Readonly<Record<string, string>>, value: number): void {
    this.counts.push([metric, ...Object.values(dimensions), String(value)].join(' '));
  }

  flush(): void {
    this.counts.length = 0;
  }
}

let region: EmbeddedRegion;
let address: GateAddress;
let table: string;
let telemetry: KeptTelemetry;
let calls: readonly ServiceCall[];
let tests = 0;

const clients = new Map<CallBounds, DynamoDBClient>();

const recordsWith = (bounds: CallBounds): RecordStore => {
  const client = clients.get(bounds) ?? openDynamoClient(region.target(bounds));
  clients.set(bounds, client);
  return new DynamoRecordStore(client, { table, callTimeoutMs: bounds.callTimeoutMs, now: () => 0 });
};

const openGate = (bounds: { source?: CallBounds; records?: CallBounds } = {}): GateDependencies => ({
  source: new AppConfigGateSource(region.target(bounds.source ?? CALM, 'appconfig'), address),
  records: recordsWith(bounds.records ?? CALM),
  telemetry,
  region: region.region,
});

const deploy = async (content: string): Promise<void> => {
  const { application: applicationId, environment: environmentId, profile: profileId } = address;
  const contentType = 'application/json';
  await region.services.config.deploy({ applicationId, environmentId, profileId, content, contentType });
};

const deployGate = async (document: GateDocument): Promise<void> => deploy(JSON.stringify(document));

const brief = ({ state, reason, alarm }: GateDecision): readonly [string, string, boolean] => [state, reason, alarm];

const recorded = async (): Promise<unknown> => {
  const item = valueOf(await recordsWith(CALM).getLocal(GATE_KEY));
  return item === undefined ? undefined : JSON.parse(item.data);
};

beforeAll(async () => {
  region = await openEmbeddedRegion();
  ({ calls } = region);
});

/** Every test has a table and a profile of its own. */
beforeEach(async () => {
  tests += 1;
  telemetry = new KeptTelemetry();
  table = `workspaces-${tests}`;
  await region.services.tables.ensureTable(tableSpec(table));
  const { config } = region.services;
  const { id: application } = await config.ensureApplication(`gate-${tests}`);
  const { id: environment } = await config.ensureEnvironment(application, 'gate');
  const { id: profile } = await config.ensureProfile(application, 'gate', [gateSchemaText]);
  address = { application, environment, profile };
});

afterEach(() => {
  region.services.faults.clear();
});

afterAll(async () => {
  await region.close();
});

describe('what a run obeys', () => {
  it('is the first document, kept whole as GATE', async () => {
    await deployGate(gate(7, true, 'deferred'));
    const decision = await readGate(openGate());
    expect(brief(decision)).toEqual(['active', 'document-active', false]);
    expect(decision.inForce).toEqual(gate(7, true, 'deferred'));
    expect(await recorded()).toEqual(gate(7, true, 'deferred'));
  });

  it('follows each higher epoch, and keeps it', async () => {
    const dependencies = openGate();
    for (const [epoch, active] of [
      [7, true],
      [8, false],
      [20, true],
    ] as const) {
      await deployGate(gate(epoch, active));
      expect((await readGate(dependencies)).state).toBe(active ? 'active' : 'passive');
      expect(await recorded()).toEqual(gate(epoch, active));
    }
  });

  it.each([true, false])('is never a lower epoch: GATE, active %s, stays in force, with an alarm', async (active) => {
    const dependencies = openGate();
    await deployGate(gate(9, active));
    await readGate(dependencies);
    await deployGate(gate(8, !active));
    const decision = await readGate(dependencies);
    expect(brief(decision)).toEqual([active ? 'active' : 'passive', 'stale-document', true]);
    expect(decision.inForce).toEqual(gate(9, active));
    expect(await recorded()).toEqual(gate(9, active));
  });

  it('is passive where an epoch was used again, and says what mends it', async () => {
    const dependencies = openGate();
    await deployGate(gate(9, false));
    await readGate(dependencies);
    await deployGate(gate(9, true));
    const decision = await readGate(dependencies);
    expect(brief(decision)).toEqual(['passive', 'epoch-reused', true]);
    expect(decision.detail).toContain('twinmap:gateEpoch 10');
    expect(await recorded()).toEqual(gate(9, false));
  });

  it('is a break-glass GATE over an older document', async () => {
    await deployGate(gate(9, false));
    const dependencies = openGate();
    expect(await keepGateDocument(dependencies.records, gate(10, true))).toBe('kept');
    expect(brief(await readGate(dependencies))).toEqual(['active', 'stale-document', true]);
  });

  it('keeps a newer GATE, and tells whoever wanted to keep an older one', async () => {
    const { records } = openGate();
    expect(await keepGateDocument(records, gate(10, true))).toBe('kept');
    expect(await keepGateDocument(records, gate(9, false))).toBe('stands');
    expect(await recorded()).toEqual(gate(10, true));
  });

  it('is what GATE holds after the write, where somebody newer came in between', async () => {
    await deployGate(gate(9, true));
    const dependencies = openGate();
    const { records } = dependencies;
    const raced: GateDependencies = {
      ...dependencies,
      records: {
        getLocal: async (key) => records.getLocal(key),
        putLocal: async (item) => {
          await keepGateDocument(records, gate(10, false));
          return records.putLocal(item);
        },
      },
    };
    expect(brief(await readGate(raced))).toEqual(['passive', 'stale-document', true]);
    expect(await recorded()).toEqual(gate(10, false));
  });

  it('is active where the reply to the write of GATE was lost', async () => {
    await deployGate(gate(9, true));
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'lost-reply', times: 1 });
    expect(brief(await readGate(openGate()))).toEqual(['active', 'document-active', false]);
    expect(await recorded()).toEqual(gate(9, true));
  });
});

describe('a fence of the other Region', () => {
  const AT = '2026-11-22T00:00:00.000Z';
  const winnerOf = (epoch: number): { epoch: number; region: ReturnType<typeof regionNamed> } => ({
    epoch,
    region: regionNamed('us-west-2'),
  });

  it('makes this Region passive, names the winner, and keeps what was said of the peer', async () => {
    const dependencies = openGate();
    await deployGate(gate(7, true, 'deferred'));
    const { inForce } = await readGate(dependencies);
    expect(await raiseGate(dependencies.records, inForce ?? gate(1, true), winnerOf(9), AT)).toBe('raised');
    const decision = await readGate(dependencies);
    expect(brief(decision)).toEqual(['passive', 'fenced', true]);
    expect(decision.detail).toContain('us-west-2 works under epoch 9');
    expect(decision.inForce).toMatchObject({ epoch: 9, peer_writes: 'deferred', is_active_for_scheduled_work: false });
  });

  it('is agreed with by the winner’s epoch when it is deployed here too, and by no reuse of it', async () => {
    const dependencies = openGate();
    await raiseGate(dependencies.records, gate(7, true), winnerOf(9), AT);
    await deployGate(gate(9, false, 'deferred'));
    expect(brief(await readGate(dependencies))).toEqual(['passive', 'document-passive', false]);
    await deployGate(gate(9, true));
    expect(brief(await readGate(dependencies))).toEqual(['passive', 'fenced', true]);
  });

  it('yields to a later document, which is kept, and never comes back', async () => {
    const dependencies = openGate();
    await raiseGate(dependencies.records, gate(7, true), winnerOf(9), AT);
    await deployGate(gate(10, true));
    expect(brief(await readGate(dependencies))).toEqual(['active', 'document-active', false]);
    expect(await recorded()).toEqual(gate(10, true));
    expect(await raiseGate(dependencies.records, gate(7, true), winnerOf(9), AT)).toBe('kept');
    expect(brief(await readGate(dependencies))).toEqual(['active', 'document-active', false]);
  });

  it('of this very epoch stops this Region too, because both were told to be active', async () => {
    const dependencies = openGate();
    await deployGate(gate(9, true));
    await readGate(dependencies);
    expect(await raiseGate(dependencies.records, gate(9, true), winnerOf(9), AT)).toBe('raised');
    expect(brief(await readGate(dependencies))).toEqual(['passive', 'fenced', true]);
  });

  it('that can’t be kept is said', async () => {
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'error-500' });
    expect(await raiseGate(openGate().records, gate(7, true), winnerOf(9), AT)).toBe('failed');
  });
});

describe('what can’t be read or kept', () => {
  beforeEach(async () => {
    await deployGate(gate(9, true));
    await readGate(openGate());
    telemetry = new KeptTelemetry();
  });

  it.each(['refuse', 'blackhole', 'error-503', 'throttle', 'body-stall'] as const)(
    'makes the run passive in time: AppConfig with %s',
    async (mode) => {
      region.services.faults.set({ service: 'appconfig', mode });
      const startedAt = performance.now();
      const decision = await readGate(openGate({ source: HASTY }));
      expect(performance.now() - startedAt).toBeLessThan(2 * HASTY.callTimeoutMs + SLACK_MS);
      expect(brief(decision)).toEqual(['passive', 'document-unreadable', false]);
      expect(decision.inForce).toBeUndefined();
    },
  );

  it('makes the run passive: a session that starts, and a document that never comes', async () => {
    region.services.faults.set({ service: 'appconfig', operation: 'GetLatestConfiguration', mode: 'blackhole' });
    expect(brief(await readGate(openGate({ source: HASTY })))).toEqual(['passive', 'document-unreadable', false]);
  });

  it.each(['refuse', 'blackhole', 'throttle'] as const)('makes the run passive: GATE with %s', async (mode) => {
    region.services.faults.set({ service: 'dynamodb', mode });
    expect(brief(await readGate(openGate({ records: HASTY })))).toEqual(['passive', 'record-unreadable', false]);
  });

  it('makes the run passive: a GATE that is no document', async () => {
    valueOf(await recordsWith(CALM).putLocal({ ...GATE_KEY, order: 10, data: '{"epoch":10}' }));
    expect(brief(await readGate(openGate()))).toEqual(['passive', 'record-invalid', true]);
  });

  it('makes the run passive: a new document that can’t be kept, and telemetry says so', async () => {
    await deployGate(gate(10, true));
    region.services.faults.set({ service: 'dynamodb', operation: 'PutItem', mode: 'error-500' });
    expect(brief(await readGate(openGate()))).toEqual(['passive', 'record-unreadable', true]);
    expect(telemetry.counts.filter((count) => count.endsWith(' 1'))).toEqual([
      `GateState ${region.region} passive record-unreadable 1`,
      `GateTrouble ${region.region} unreadable 1`,
    ]);
    expect(await recorded()).toEqual(gate(9, true));
  });

  it('makes the run passive: a profile without a deployment, or one that does not exist', async () => {
    const { id: profile } = await region.services.config.ensureProfile(address.application, 'other', []);
    for (const name of [profile, 'nowhere']) {
      const source = new AppConfigGateSource(region.target(CALM, 'appconfig'), { ...address, profile: name });
      const decision = await peekGate({ ...openGate(), source });
      expect(brief(decision)).toEqual(['passive', 'document-unreadable', false]);
    }
  });

  it.each([
    ['an unknown key', { ...gate(10, true), extra: true }],
    ['a flag that is text', { ...gate(10, true), is_active_for_scheduled_work: 'true' }],
    ['no epoch', { ...gate(10, true), epoch: undefined }],
  ])('makes the run passive: a document with %s, where no schema refused it', async (_what, document) => {
    const { id: profile } = await region.services.config.ensureProfile(address.application, 'unchecked', []);
    address = { ...address, profile };
    await deploy(JSON.stringify(document));
    expect(brief(await readGate(openGate()))).toEqual(['passive', 'document-invalid', true]);
    expect(await recorded()).toEqual(gate(9, true));
  });
});

describe('what a reading costs', () => {
  it('is a session of its own each time, so that nothing an earlier run saw is used again', async () => {
    const dependencies = openGate();
    await deployGate(gate(1, true));
    await readGate(dependencies);
    const before = calls.length;
    for (let run = 0; run < 3; run += 1) {
      expect((await readGate(dependencies)).state).toBe('active');
    }
    const asked = operationsOf(calls.slice(before), 'appconfig');
    expect(asked.filter((operation) => operation === 'StartConfigurationSession')).toHaveLength(3);
    expect(asked.filter((operation) => operation === 'GetLatestConfiguration')).toHaveLength(3);
  });

  it('sees a flip at once, over the same client', async () => {
    const dependencies = openGate();
    await deployGate(gate(1, true));
    expect((await readGate(dependencies)).state).toBe('active');
    await deployGate(gate(2, false));
    expect((await readGate(dependencies)).state).toBe('passive');
  });

  it.each([true, false])('is no write in a steady run, active %s', async (active) => {
    const dependencies = openGate();
    await deployGate(gate(3, active));
    await readGate(dependencies);
    const before = calls.length;
    await readGate(dependencies);
    await readGate(dependencies);
    expect(operationsOf(calls.slice(before), 'dynamodb')).toEqual(['GetItem', 'GetItem']);
  });

  it('is no write at all for who only looks, whatever the document', async () => {
    const dependencies = openGate();
    await deployGate(gate(3, true));
    const before = calls.length;
    expect((await peekGate(dependencies)).keep).toEqual(gate(3, true));
    expect(operationsOf(calls.slice(before), 'dynamodb')).toEqual(['GetItem']);
    expect(await recorded()).toBeUndefined();
    expect([...telemetry.counts, ...telemetry.logs]).toEqual([]);
  });

  it('is told once: state, reason and epoch, an alarm as an error', async () => {
    const dependencies = openGate();
    await deployGate(gate(5, true));
    await readGate(dependencies);
    await deployGate(gate(4, false));
    await readGate(dependencies);
    expect(telemetry.logs.map(({ level, event, fields }) => [level, event, fields['state'], fields['epoch']])).toEqual([
      ['info', 'gate.decided', 'active', 5],
      ['error', 'gate.decided', 'active', 5],
    ]);
    expect(telemetry.counts.filter((count) => count.endsWith(' 1'))).toEqual([
      `GateState ${region.region} active document-active 1`,
      `GateState ${region.region} active stale-document 1`,
      `GateTrouble ${region.region} ignored 1`,
    ]);
    expect(telemetry.counts.filter((count) => count.endsWith(' 0'))).toHaveLength(2 * 5 - 1);
  });
});

describe('what people are shown', () => {
  const SECONDS = 1000;
  let nowMs = 0;

  const openShown = (): ShownGate =>
    new ShownGate({
      ...openGate(),
      source: new PolledGateSource(region.target(CALM, 'appconfig'), address, () => nowMs),
    });

  /** What AppConfig was asked while this ran; each session and each answer of it may be billed. */
  const askedFor = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = calls.length;
    await act();
    return operationsOf(calls.slice(before), 'appconfig');
  };

  const ONE_SESSION = ['StartConfigurationSession', 'GetLatestConfiguration'];

  it('costs one session, however often and by how many at once it is looked at', async () => {
    await deployGate(gate(7, true));
    const shown = openShown();
    const asked = await askedFor(async () => {
      await Promise.all([shown.read(), shown.read(), shown.read()]);
      nowMs += 14 * SECONDS;
      expect(brief(await shown.read())).toEqual(['active', 'document-active', false]);
    });
    expect(asked).toEqual(ONE_SESSION);
  });

  it('is never behind what a run of this Region has seen', async () => {
    await deployGate(gate(7, true));
    const shown = openShown();
    await shown.read();
    await deployGate(gate(8, false));
    await readGate(openGate());
    expect(brief(await shown.read())).toEqual(['passive', 'document-passive', false]);
  });

  it('begins a new session where AppConfig refuses the old one', async () => {
    await deployGate(gate(7, true));
    const shown = openShown();
    await shown.read();
    await deployGate(gate(8, false));
    // By this clock it is time; AppConfig, whose clock has not moved, says that it is too early.
    nowMs += 16 * SECONDS;
    const asked = await askedFor(async () => {
      expect(brief(await shown.read())).toEqual(['passive', 'document-passive', false]);
    });
    expect(asked).toEqual(['GetLatestConfiguration', ...ONE_SESSION]);
  });

  it('checks a trouble once, and not with every look at it', async () => {
    await deployGate(gate(9, true));
    await readGate(openGate());
    await deployGate(gate(5, false));
    const shown = openShown();
    const asked = await askedFor(async () => {
      for (let looks = 0; looks < 3; looks += 1) {
        expect(brief(await shown.read())).toEqual(['active', 'stale-document', true]);
      }
    });
    expect(asked).toEqual([...ONE_SESSION, ...ONE_SESSION]);
  });
});
