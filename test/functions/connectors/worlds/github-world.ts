/** Issues and pull requests in two repositories of a GitHub that is imitated; code is read by git, which has its own world. */
import { github } from '../../../../functions/connectors/github/github.ts';
import { FakeGitHub } from '../../../../local/fakes/fake-github.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

const numberOf = (id: string): number => Number(id.slice(id.indexOf('!') + 1));

export const githubHarness: ConnectorHarness = {
  name: 'github',
  create: async () => {
    const fake = await new FakeGitHub().start();
    fake.addRepository('acme/shop');
    fake.addRepository('acme/ops');
    const ids = new KeyedIds();
    const world = new FakeWorld({
      fake,
      kind: github,
      config: {
        url: fake.origin,
        credentials: { kind: 'token', token: 'env:TOKEN' },
        repositories: { organisation: 'acme' },
      },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ path, query }) =>
        path.endsWith('/issues') && (query.get('page') !== '1' || (query.get('since') ?? '').startsWith('20')),
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(
          documents,
          (key, text) => {
            const repository = ids.count % 3 === 2 ? 'acme/ops' : 'acme/shop';
            return `${repository}/issues!${String(fake.create(repository, key, text, ids.count % 2 === 1))}`;
          },
          (id, text) => {
            fake.edit(numberOf(id), { body: text });
          },
        ),
      rename: async (from, to) => {
        fake.edit(numberOf(ids.of(from)), { title: to });
        ids.rename(from, to);
      },
      remove: async (key) => {
        fake.remove(numberOf(ids.remove(key)));
      },
      idOf: (key) => ids.of(key),
      freeze: (frozen) => {
        fake.freeze(frozen);
      },
      setFault: (fault) => {
        world.setFault(fault);
      },
      elapse: (ms) => {
        world.elapse(ms);
      },
      sleeps: world.sleeps,
      limits: {
        poison: 'pages bring the text of issues; there is no request for one of them',
        textless: 'an issue always has text',
        expiry: 'a search by time has no cursor that expires',
      },
      secrets: [fake.token, 'theta', 'gamma'],
      close: async () => {
        await world.close();
      },
    };
  },
};
