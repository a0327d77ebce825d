/**
 * Records what real functions of two embedded Regions print while things go wrong, as `recorded.json`: run it again after a metric
 * was added or changed (`node bin/run.mjs test/infra/streams/record-streams.ts`, about two minutes). Each line is kept as it was
 * printed, but for its time; each scenario once per metric, dimensions and value.
 */
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Role } from '../../../functions/domain/region.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { GATE_KEY, keepGateDocument, raiseGate } from '../../../functions/gate/gate.ts';
import type { FaultRule } from '../../../local/services/faults.ts';
import { Exercise } from '../../local/iam/exercise.ts';
import { Planter } from '../../local/iam/planted.ts';
import { isEmf } from '../../support/alarms/series.ts';
import { FakeConfluence } from '../../../local/fakes/fake-confluence.ts';
import { PairStage, Repository } from '../../support/pair-stage.ts';

const FILE = path.join(import.meta.dirname, 'recorded.json');

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');
const scenarios: Record<string, string[]> = {};
let edits = 0;

const edit = (): void => {
  edits += 1;
  repository.write(`notes/note-${edits}.md`, `# Note ${edits}\n\nWritten for edit ${edits}, about refunds.\n`);
  repository.commit(`edit ${edits}`);
};

const timeless = (line: string): string => line.replace(/"Timestamp":\d+/u, '"Timestamp":0');

/** Says in the recording under which name what it does was printed. */
const scenario = async (name: string, run: () => Promise<unknown>): Promise<void> => {
  stage.lines.length = 0;
  await run();
  // Lines of single writes are many, and no alarm reads them.
  const lines = stage.lines.filter((line) => isEmf(line) && !line.includes('"DualWrite"'));
  scenarios[name] = [...new Set(lines.map(timeless))].toSorted();
  process.stderr.write(`${name}: ${scenarios[name].length} lines\n`);
};

const document = (epoch: number, active: boolean, deferred = false): GateDocument => ({
  is_active_for_scheduled_work: active,
  peer_writes: deferred ? 'deferred' : 'required',
  epoch,
  changed_at: '2026-01-31T09:00:00Z',
  changed_by: 'recording',
  reason: 'recording',
});

const broken = async (role: Role, rule: FaultRule, during: () => Promise<unknown>): Promise<void> => {
  const { pair } = stage.running();
  await pair.links[role].ask({ kind: 'set-fault', rule });
  await during();
  await pair.links[role].ask({ kind: 'clear-faults' });
};

const change = async (role: Role, value: string): Promise<unknown> =>
  stage.send(role, 'PUT', '/v1/settings/displayName', { as: stage.tokens?.operator, body: { value } });

const editAndSync = async (): Promise<unknown> => {
  edit();
  return stage.sync();
};

const recordPair = async (exercise: Exercise, planter: Planter): Promise<void> => {
  const { stores, raw } = planter;
  const records = stores.primary.tables.workspaces;
  const forget = async (role: Role): Promise<void> => raw[role].remove('workspaces', GATE_KEY);
  const tick = async (): Promise<unknown> => exercise.invoke('primary', 'dispatch', { id: `tick-${Date.now()}` });

  await scenario('calm', async () => {
    await editAndSync();
    await exercise.people();
    await exercise.repair();
    for (const role of ['primary', 'secondary'] as const) {
      for (const job of ['drain', 'repair', 'audit'] as const) {
        await exercise.invoke(role, job);
      }
    }
  });
  await scenario('passive-tick', async () => exercise.invoke('secondary', 'dispatch', { id: 'passive' }));
  await scenario('peer-down', async () =>
    broken('secondary', { service: '*', mode: 'refuse' }, async () => {
      await editAndSync();
      await change('primary', 'owed');
      await exercise.invoke('primary', 'drain');
      await exercise.invoke('primary', 'repair');
    }),
  );
  await scenario('peer-vectors-down', async () =>
    broken('secondary', { service: 's3vectors', mode: 'refuse' }, editAndSync),
  );
  await scenario('home-vectors-down', async () =>
    broken('primary', { service: 's3vectors', mode: 'refuse' }, editAndSync),
  );
  await scenario('home-tables-down', async () =>
    broken('primary', { service: 'dynamodb', operation: 'PutItem', mode: 'error-500', after: 1 }, editAndSync),
  );
  await scenario('mended', async () => {
    await editAndSync();
    await change('primary', 'calm');
    await exercise.invoke('primary', 'drain');
  });
  await scenario('source-failed', async () => {
    edit();
    renameSync(repository.directory, `${repository.directory}-gone`);
    await stage.sync();
    renameSync(`${repository.directory}-gone`, repository.directory);
  });
  await scenario('source-refused', async () => {
    const wiki = await new FakeConfluence().start();
    // Any variable will do: what it holds is not this service's token.
    const config = { url: wiki.origin, spaces: ['ENG'], email: 'nobody@example.com', token: 'env:HOME' };
    await stage.send('primary', 'PUT', '/v1/sources/wiki', {
      as: stage.tokens?.operator,
      body: { kind: 'confluence', config },
    });
    await stage.sync();
    await stage.send('primary', 'DELETE', '/v1/sources/wiki', { as: stage.tokens?.operator });
    await wiki.close();
  });
  await scenario('drift', async () => {
    await editAndSync();
    await exercise.apart();
    await exercise.repair();
    // The next run tells what the last one found.
    await exercise.invoke('primary', 'repair');
  });
  await scenario('gate-unreadable', async () => broken('primary', { service: 'appconfig', mode: 'refuse' }, tick));
  await scenario('gate-document-ignored', async () => {
    await keepGateDocument(records, document(10, true));
    await tick();
  });
  await forget('primary');
  await scenario('gate-epoch-reused', async () => {
    await keepGateDocument(records, document(1, true, true));
    await tick();
  });
  await forget('primary');
  await scenario('gate-invalid', async () => {
    await records.putLocal({ ...GATE_KEY, order: 1, data: '{}' });
    await tick();
  });
  await forget('primary');
  await scenario('gate-fenced', async () => {
    await raiseGate(records, document(1, true), { epoch: 2, region: stores.secondary.region }, '2026-01-31T09:00:00Z');
    await tick();
  });
  await forget('primary');
  await scenario('gate-mended', tick);
  await scenario('both-active', async () => {
    await keepGateDocument(stores.secondary.tables.workspaces, document(2, true));
    await exercise.invoke('secondary', 'repair');
    await exercise.invoke('primary', 'repair');
  });
  await scenario('none-active', async () => {
    await keepGateDocument(stores.secondary.tables.workspaces, document(3, false));
    await keepGateDocument(records, document(3, false));
    await exercise.invoke('primary', 'repair');
  });
  await forget('primary');
  await forget('secondary');
  await scenario('cycle-rejected', async () => {
    const attributes = { ApproximateReceiveCount: '1' };
    await exercise.invoke('primary', 'sync', { Records: [{ body: '{"source":"nobody"}', attributes }] });
  });
  await scenario('audit-missing', async () => {
    const { pair } = stage.running();
    const rule = { service: 'dynamodb', operation: 'PutItem', mode: 'error-500', after: 1 } as const;
    await pair.links.secondary.ask({ kind: 'set-fault', rule });
    await broken('primary', rule, async () => change('primary', 'unheard'));
    await pair.links.secondary.ask({ kind: 'clear-faults' });
  });
  await scenario('cycle-deferred', async () => {
    await keepGateDocument(records, document(40, true, true));
    await editAndSync();
  });
  await keepGateDocument(records, document(41, true));
  await stage.sync();
  await scenario('cycle-fenced', async () => {
    edit();
    await exercise.fenced(42);
  });
};

edit();
try {
  await stage.start([repository.directory]);
  await stage.sync();
  await recordPair(await Exercise.open(stage, repository), await Planter.open(stage));
  writeFileSync(FILE, `${JSON.stringify(scenarios, undefined, 2)}\n`);
} finally {
  await stage.close();
}
