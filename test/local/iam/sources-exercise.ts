/** What people do with sources, on two running Regions: one of another kind is added, checked, read and removed. */
import { ROLES } from '../../../functions/domain/region.ts';
import { FakeConfluence } from '../../../local/fakes/fake-confluence.ts';
import type { PairStage } from '../../support/pair-stage.ts';

export const exerciseSources = async (stage: PairStage): Promise<void> => {
  const wiki = await new FakeConfluence().start();
  try {
    wiki.create('ENG', 'On call', '<p>The heron squad carries the pager.</p>');
    const as = stage.tokens?.operator;
    const ask = async (method: string, address: string, body?: unknown): Promise<void> => {
      const { status } = await stage.send('primary', method, address, { as, body });
      if (status >= 400) {
        throw new Error(`${method} ${address} was answered with ${String(status)}`);
      }
    };
    // Any variable of this machine is a secret; whether the service takes it is not asked here.
    const config = { url: wiki.origin, spaces: ['ENG'], email: wiki.email, token: 'env:HOME' };
    await ask('PUT', '/v1/sources/wiki', { kind: 'confluence', config });
    await ask('POST', '/v1/sources/wiki/check');
    await ask('POST', '/v1/sources/wiki/sync');
    await stage.sync();
    await ask('DELETE', '/v1/sources/wiki');
    // The schedule's tick looks whether something of it is left.
    await stage.sync();
    await stage.sync();
    // Both Regions side by side, as the console shows them.
    for (const role of ROLES) {
      await stage.get(role, '/v1/regions');
    }
  } finally {
    await wiki.close();
  }
};
