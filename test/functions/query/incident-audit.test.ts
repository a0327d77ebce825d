/** Who asked about an incident is recorded at home at once, and by the peer later; and no answer tells what reading others' cost. */
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import { dayOf, eventsPartition } from '../../../functions/audit/keys.ts';
import { parseEvent } from '../../../functions/audit/payloads.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { pageAfter, readAllPages } from '../../../functions/stores/all-pages.ts';
import { ApiStage, bodyOf, type Json, requestOf } from './api-stage.ts';

const INCIDENT = '/v1/incidents/region/us-east-1';

let stage = new ApiStage();
let app: Hono;
let token = '';

const get = async (address: string, as = token): Promise<Json> => {
  const response = await app.request(address, requestOf({ token: as }));
  expect(response.status).toBe(200);
  return bodyOf(response);
};

const eventsAt = async ({ tables }: RegionStores): Promise<readonly string[]> => {
  const day = eventsPartition(dayOf(stage.clockMs));
  const read = await readAllPages((after) => tables.audit.query(day, pageAfter(after)));
  return (read.kind === 'done' ? read.value : []).map(({ data }) => {
    const event = parseEvent(data);
    return event.kind === 'valid' ? `${event.value.action} ${event.value.target}` : event.kind;
  });
};

beforeEach(async () => {
  stage = new ApiStage();
  app = stage.app();
  token = await stage.token(['reader']);
  await stage.corpus.commitSource('shop');
});

describe('a question of an incident', () => {
  it('is recorded at home, and never waits for the peer, which may be what it is about', async () => {
    await get(INCIDENT);
    expect(await eventsAt(stage.home)).toStrictEqual(['incident.read region:us-east-1']);
    expect(await eventsAt(stage.peer)).toStrictEqual([]);
    expect(stage.telemetry.counts).toContain('InteractiveWrite us-east-2/owed 1');
  });

  it('is recorded by the peer where home can’t', async () => {
    stage.faults.add('home.putOnce');
    await get(INCIDENT);
    expect(await eventsAt(stage.peer)).toStrictEqual(['incident.read region:us-east-1']);
  });

  it('that nobody could record is answered, and said in the log and a metric', async () => {
    stage.faults.add('home.putOnce').add('peer.putOnce');
    await get(INCIDENT);
    expect(stage.telemetry.counts).toContain('AuditMissing us-east-2/incident.read 1');
    expect(stage.telemetry.logs.some((line) => line.startsWith('error audit.missing'))).toBe(true);
  });

  it('is none where somebody only asks what there is to ask for', async () => {
    await get('/v1/graph/names');
    expect(await eventsAt(stage.home)).toStrictEqual([]);
  });
});

describe('what an answer cost', () => {
  it('is told to whoever may read every source, and to nobody else: the reading is of all of them', async () => {
    expect(await get(INCIDENT)).toMatchObject({ cost: { calls: expect.any(Number) as number } });
    const some = await stage.token(['reader'], ['shop']);
    for (const address of [INCIDENT, '/v1/regions/us-east-1/dependents', '/v1/graph/names']) {
      expect(await get(address, some)).toMatchObject({ cost: null });
    }
  });
});
