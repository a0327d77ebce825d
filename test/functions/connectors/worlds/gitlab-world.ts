/** Issues and merge requests in two projects of a GitLab that is imitated; code is read by git, which has its own world. */
import { gitlab } from '../../../../functions/connectors/gitlab/gitlab.ts';
import { FakeGitLab } from '../../../../local/fakes/fake-gitlab.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { FakeWorld } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

const numberOf = (id: string): number => Number(id.slice(id.indexOf('!') + 1));
const PROJECTS = ['acme/shop', 'acme/platform/ops'] as const;

export const gitlabHarness: ConnectorHarness = {
  name: 'gitlab',
  create: async () => {
    const fake = await new FakeGitLab().start();
    const projects = PROJECTS.map((path) => ({ path, id: fake.addProject(path) }));
    const ids = new KeyedIds();
    const create = (key: string, text: string): string => {
      const { path, id } = projects[ids.count % 7 === 5 ? 1 : 0] ?? { path: '', id: 0 };
      const kind = ids.count % 7 === 2 ? 'merge_requests' : 'issues';
      return `${path}/${kind}!${String(fake.create(id, kind, key, text))}`;
    };
    const world = new FakeWorld({
      fake,
      kind: gitlab,
      config: { url: fake.origin, token: 'env:TOKEN', projects: { group: 'acme' }, mergeRequests: true },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ query }) => query.get('page') === '2' || (query.get('updated_after') ?? '').startsWith('20'),
    });
    return {
      open: (options) => world.open(options),
      put: async (documents) =>
        ids.putAll(documents, create, (id, text) => {
          fake.edit(numberOf(id), { description: text });
        }),
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
