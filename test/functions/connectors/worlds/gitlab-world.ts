/**
 * Issues and merge requests in two projects of a GitLab that is imitated, every second one with a comment; code is read by git,
 * which has its own world.
 */
import { gitlab } from '../../../../functions/connectors/gitlab/gitlab.ts';
import { FakeGitLab } from '../../../../local/fakes/fake-gitlab.ts';
import type { ConnectorHarness } from '../../../contracts/connector-world.ts';
import { serviceWorld } from './service-world.ts';

const numberOf = (id: string): number => Number(id.slice(id.indexOf('!') + 1));
const PROJECTS = ['acme/shop', 'acme/platform/ops'] as const;

export const gitlabHarness: ConnectorHarness = {
  name: 'gitlab',
  create: async () => {
    const fake = await new FakeGitLab().start();
    const projects = PROJECTS.map((path) => ({ path, id: fake.addProject(path) }));
    return serviceWorld({
      fake,
      kind: gitlab,
      config: { url: fake.origin, token: 'env:TOKEN', projects: { group: 'acme' }, mergeRequests: true },
      environment: { TOKEN: fake.token },
      isLaterPage: ({ query }) => query.get('page') === '2' || (query.get('updated_after') ?? '').startsWith('20'),
      isRead: ({ path }, id) => path.endsWith(`/${String(numberOf(id))}/notes`),
      create: (key, text, count) => {
        const { path, id } = projects[count % 7 === 5 ? 1 : 0] ?? { path: '', id: 0 };
        const kind = count % 7 === 2 ? 'merge_requests' : 'issues';
        const iid = fake.create(id, kind, key, text);
        if (count % 2 === 1) {
          fake.comment(iid, 'Grace', 'Seen.');
        }
        return `${path}/${kind}!${String(iid)}`;
      },
      edit: (id, text) => {
        fake.edit(numberOf(id), { description: text });
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
