/** The audit entry as Lambda starts it: with the declared variables, over the wire, with the local KMS. */
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createAuditLog } from '../../../functions/audit/audit-log.ts';
import { parseLink } from '../../../functions/audit/payloads.ts';
import { readEvidence } from '../../../functions/audit/read-evidence.ts';
import { verifyAudit } from '../../../functions/audit/verify/verify-audit.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import { keepGateDocument } from '../../../functions/gate/gate.ts';
import { type EmbeddedRegion, openEmbeddedRegion } from '../stores/embedded-region.ts';

const KEY = '1b2c3d4e-0000-4000-8000-000000000002';

let ohio: EmbeddedRegion;
let oregon: EmbeddedRegion;

const setSide = (side: 'HOME' | 'PEER', { address }: EmbeddedRegion): void => {
  const values = {
    REGION: address.region,
    TABLE_WORKSPACES: address.workspaces,
    TABLE_AUDIT: address.audit,
    TABLE_GRAPH: address.graph,
    VECTOR_BUCKET: address.bucket,
    VECTOR_INDEX: address.index,
    DYNAMODB_ENDPOINT: address.dynamodb ?? '',
    S3VECTORS_ENDPOINT: address.s3vectors ?? '',
  };
  for (const [name, value] of Object.entries(values)) {
    process.env[`TWINMAP_${side}_${name}`] = value;
  }
};

beforeAll(async () => {
  ohio = await openEmbeddedRegion('us-east-2');
  oregon = await openEmbeddedRegion('us-west-2');
  await ohio.services.keys.ensureSigningKey(KEY);
  setSide('HOME', ohio);
  setSide('PEER', oregon);
  process.env['TWINMAP_ROLE'] = 'primary';
  process.env['TWINMAP_PEER_REGION'] = oregon.region;
  process.env['TWINMAP_DNS_SERVERS'] = (ohio.address.dnsServers ?? []).join(',');
  process.env['TWINMAP_HOME_KMS_ENDPOINT'] = ohio.services.endpoints.kms;
  process.env['TWINMAP_SIGNING_KEY'] = KEY;
});

afterAll(async () => {
  await ohio.close();
  await oregon.close();
});

describe('the audit function', () => {
  it('seals, signs and replicates under the epoch of the GATE record', async () => {
    const regions = { home: ohio.connect(), peer: oregon.connect() };
    await keepGateDocument(regions.home.tables.workspaces, {
      is_active_for_scheduled_work: true,
      peer_writes: 'required',
      epoch: 9,
      changed_at: '',
      changed_by: '',
      reason: '',
    });
    const telemetry = { log: () => undefined, write: () => undefined, count: () => undefined, flush: () => undefined };
    const now = (): number => Date.now();
    const writes = new InteractiveWriter({ regions, telemetry, now, newOp: ulid });
    const epoch = (): Promise<number> => Promise.resolve(9);
    const log = createAuditLog({ writes, region: ohio.region, epoch, newOp: ulid });
    await log.record({
      at: now(),
      actor: 'operator:ada',
      action: 'settings.changed',
      target: 'setting:x',
      outcome: 'done',
    });

    const { handler } = await import('../../../functions/handlers/audit.ts');
    expect(await handler()).toMatchObject({
      seal: { kind: 'sealed', links: 1, events: 1, replication: 'both' },
      sign: { kind: 'signed', n: 1, seq: 1, replication: 'both' },
      witness: { kind: 'witnessed', n: 0 },
      alarms: [],
    });
    expect(await handler()).toMatchObject({ seal: { links: 0 }, sign: { kind: 'not-due' } });

    const read = await Promise.all(
      [ohio, oregon].map(async (region) =>
        readEvidence({ region: region.region, records: region.connect().tables.audit }),
      ),
    );
    const evidence = read.flatMap((one) => (one.kind === 'done' ? [one.value] : []));
    const declared = [ohio.region, oregon.region];
    expect(verifyAudit({ declared, regions: evidence, nowMs: now() }).findings).toStrictEqual([]);
    const link = evidence[1]?.records.find(({ pk }) => pk === 'chain#us-east-2');
    expect(parseLink(link?.data ?? '')).toMatchObject({ kind: 'valid', value: { epoch: 9 } });
  });
});
