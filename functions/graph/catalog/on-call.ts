/**
 * Dated documents of an on-call service: a schedule or an escalation policy, its services, and who has which shift. A catalog names the
 * schedule, the policy or the service; whoever is paged is then known without asking the service during an incident.
 */
import { resourceId, userId } from '../facts/vocabulary.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';

const ON_CALL = /(?:^|\/)on-call\/(?:schedules|escalation)\/[^/]+\.md$/u;

export const isOnCallPath = (path: string): boolean => ON_CALL.test(path);

const TITLE = /^# On call: (?<name>.+)$/u;
const SHIFT = /^- (?<from>\S+) to (?<to>\S+): (?<user>.+) \(level (?<level>\d+)\)$/u;
const SERVICE = /^- service (?<id>\S+)(?: (?<name>.+))?$/u;
const AS_OF = /^(?:\W*)As of\W+(?<asOf>.+)$/u;

/** As a path names it: people write either in a catalog. */
const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '');

/** Everything that an annotation may call it by. */
const namesOf = (name: string, services: readonly string[]): readonly string[] => [
  ...new Set(
    [name, slugOf(name), ...services].flatMap((one) => [`on-call/pagerduty/${one}`, `on-call/on-call/${one}`]),
  ),
];

export const emitOnCall = (context: Context, { path, text }: RepositoryFile): void => {
  const facts = context.facts(path);
  const lines = text.split('\n');
  const groups = lines.map((content, at) => ({ content, line: at + 1 }));
  const name = groups.map(({ content }) => TITLE.exec(content)?.groups?.['name']).find((one) => one !== undefined);
  if (name === undefined) {
    return;
  }
  const services = groups.flatMap(({ content }) => SERVICE.exec(content)?.groups?.['id'] ?? []);
  const asOf = groups.map(({ content }) => AS_OF.exec(content)?.groups?.['asOf']).find((one) => one !== undefined);
  for (const own of namesOf(name, services)) {
    const id = resourceId(own);
    facts.node({ id, name, attributes: { type: 'on-call', service: 'pagerduty', asOf }, at: { line: 1 } });
    for (const { content, line } of groups) {
      const { user, level, from, to } = SHIFT.exec(content)?.groups ?? {};
      if (user !== undefined && level === '1') {
        facts.node({
          id: userId(user),
          name: user,
          attributes: { shift: `${from ?? ''} to ${to ?? ''}` },
          at: { line },
        });
        facts.edge(id, 'onCall', userId(user), 'observed', [{ line }]);
      }
    }
  }
};
