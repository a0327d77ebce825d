/** Two Regions in two accounts: every call to the peer is made as the role that the peer's account lends, and not without it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Role } from '../../../functions/domain/region.ts';
import type { AccessCount } from '../../../local/iam/access-guard.ts';
import type { RegionEvent } from '../../../local/region/messages.ts';
import { denialLine } from '../../../local/start/sentences.ts';
import { PairStage, Repository } from '../../support/pair-stage.ts';

const ACCOUNTS = { primary: '111122223333', secondary: '444455556666' } as const;
const LENT = 'arn:aws:iam::444455556666:role/twinmap-us-west-2-peer';

const stage = new PairStage();
const repository = new Repository(stage.directory, 'shop');

const callsOf = async (role: Role): Promise<readonly AccessCount[]> =>
  stage.running().pair.links[role].ask({ kind: 'access' });

beforeAll(async () => {
  stage.settings = {
    primary: { 'twinmap:accountId': ACCOUNTS.primary, 'twinmap:peerAccountId': ACCOUNTS.secondary },
    secondary: { 'twinmap:accountId': ACCOUNTS.secondary, 'twinmap:peerAccountId': ACCOUNTS.primary },
  };
  repository.write('README.md', '# Shop\n\nThe payments team answers pages about refunds.\n');
  repository.commit('first');
  await stage.start([repository.directory]);
}, 90_000);

afterAll(async () => {
  await stage.close();
}, 30_000);

describe('a pair in two accounts', () => {
  it('acknowledges a cycle that both accounts hold', async () => {
    const { verdict } = await stage.sync();
    expect(verdict.findings).toEqual([]);
    expect(verdict.acknowledged).toBe(true);
  }, 60_000);

  it('reaches the other account as the role that it lends, and in no other way', async () => {
    const [home, peer] = await Promise.all([callsOf('primary'), callsOf('secondary')]);
    const ofPrimary = peer.filter(({ role }) => role.includes(ACCOUNTS.primary));
    expect(ofPrimary).toEqual([]);
    const lent = peer.filter(({ role, allowed }) => role === LENT && allowed > 0).map(({ action }) => action);
    expect(lent).toEqual(expect.arrayContaining(['dynamodb:PutItem', 'dynamodb:UpdateItem', 's3vectors:PutVectors']));
    const asked = home.filter(({ action }) => action === 'sts:AssumeRole');
    expect(asked).toMatchObject([
      { role: expect.stringMatching(/us-east-2-sync$/u) as string, resource: LENT, denied: 0 },
    ]);
    expect([...home, ...peer].filter(({ denied }) => denied > 0)).toEqual([]);
  });

  it('is refused with role, action and resource where the other account does not trust the caller', async () => {
    const { pair, provisioned } = stage.running();
    const untrusting = { arn: LENT, name: 'twinmap-us-west-2-peer', trust: [], statements: [] };
    await pair.links.primary.ask({ kind: 'know-roles', roles: [untrusting] });
    stage.failures.length = 0;
    // It has not run yet, so that it has no session from before.
    await pair.links.primary.ask({ kind: 'invoke', functionName: provisioned.primary.functions.repair, payload: {} });
    const told = stage.failures
      .map((text) => JSON.parse(text) as RegionEvent)
      .flatMap((event) => (event.kind === 'access-denied' ? [denialLine('primary', event.denial)] : []));
    expect(told).toEqual([
      expect.stringContaining(`role twinmap-us-east-2-repair lacks sts:AssumeRole on ${LENT} (refused in primary)`),
    ]);
    expect(stage.lines.join('\n')).toMatch(
      /"peer\.not-read","function":"repair","region":"us-east-2","peer":"us-west-2","reason":"refused"/u,
    );
    const reached = (await callsOf('secondary')).filter(({ role }) => role.includes(ACCOUNTS.primary));
    expect(reached).toEqual([]);
  }, 60_000);
});
