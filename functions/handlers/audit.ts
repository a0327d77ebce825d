/** Lambda entry: seals, signs and witnesses the audit log, each minute, in both Regions. */
import { ulid } from 'ulid';

import { type AuditRun, runAudit } from '../audit/run-audit.ts';
import { readSeenEpoch } from '../audit/seen-epoch.ts';
import { openKmsSigner } from '../aws/kms-signer.ts';
import { LIMITS } from '../domain/limits.ts';
import { homeTarget, parseStoresEnvironment, requireText } from './environment.ts';
import { openRegionPair } from './open-region.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('audit');
const { home, peer } = openRegionPair(parseStoresEnvironment(environment));
const signer = openKmsSigner({
  target: homeTarget(environment, 'KMS', LIMITS.signCallTimeoutMs),
  keyId: requireText(environment, 'TWINMAP_SIGNING_KEY'),
});
const pair = {
  home: { region: home.region, records: home.tables.audit },
  ...(peer === undefined ? {} : { peer: { region: peer.region, records: peer.tables.audit } }),
};

const epoch = async (): ReturnType<typeof readSeenEpoch> => readSeenEpoch(home.tables.workspaces);

export const handler = async (): Promise<AuditRun> => {
  const run = await runAudit({ pair, signer, epoch, telemetry, now, newOp: ulid });
  telemetry.flush();
  return run;
};
