/**
 * Issues and pull requests in two repositories of a GitHub that is imitated, every second one with a comment; code is read by git,
 * which has its own world.
 */
import { github } from '../../../../functions/connectors/github/github.ts';
import { FakeGitHub } from '../../../../local/fakes/fake-github.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

const numberOf = (id: string): number => Number(id.slice(id.indexOf('!') + 1));

export const githubHarness: ConnectorHarness = {
  name: 'github',
  create: async () => {
    const fake = await new FakeGitHub().start();
    fake.addRepository('acme/shop');
    fake.addRepository('acme/ops');
    return serviceWorld({
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
      isRead: ({ path }, id) => path.endsWith(`/issues/${String(numberOf(id))}/comments`),
      create: (key, text, count) => {
        const repository = count % 3 === 2 ? 'acme/ops' : 'acme/shop';
        const number = fake.create(repository, key, text, count % 2 === 1);
        if (count % 2 === 1) {
          fake.comment(number, 'grace', 'Seen.');
        }
        return `${repository}/issues!${String(number)}`;
      },
      edit: (id, text) => {
        fake.edit(numberOf(id), { body: text });
      },
      rename: (id, to) => {
        fake.edit(numberOf(id), { title: to });
      },
      remove: (id) => {
        fake.remove(numberOf(id));
      },
      limits: {
        textless: 'an issue always has text',
        expiry: 'a search by time has no cursor that expires',
      },
      secrets: [fake.token],
    });
  },
};
