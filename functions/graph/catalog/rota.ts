/**
 * A rota that a team keeps as a file: `on-call/rota.yaml` with a team, a component or a service, and who has it. It says who is paged
 * as of its own date, and is never asked live.
 */
import { componentId, groupId, resourceId, userId } from '../facts/vocabulary.ts';
import type { FactsBuilder } from '../facts/builder.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { at, type Data, entriesAt, textAt } from '../syntax/data.ts';

export const isRotaPath = (path: string): boolean =>
  /(?:^|\/)(?:on-?call|rotas?|pager|bereitschaft)(?:\/[\w./-]*)?(?:[\w.-]*)\.ya?ml$|(?:^|\/)[\w-]*(?:on-?call|rota|rotation|bereitschaft)[\w-]*\.ya?ml$/iu.test(
    path,
  );

const WHO = /^(?:primary|on-?_?call|engineer|person|user|current|first|level-?1)$/iu;
const pagers = (name: string): readonly string[] =>
  ['pagerduty', 'opsgenie', 'on-call'].map((kind) => resourceId(`on-call/${kind}/${name}`));

const ABOUT: readonly (readonly [RegExp, (name: string) => readonly string[]])[] = [
  [/^(?:component|components|app|application)$/iu, (name) => [componentId(name)]],
  [/^(?:team|group|owner|squad)$/iu, (name) => [groupId(name)]],
  [
    /^(?:service|service-?_?id|schedule|schedule-?_?id|pagerduty|opsgenie|escalation-?_?policy)$/iu,
    (name) => [...pagers(name), componentId(name)],
  ],
];

const DEPTH_MAX = 8;

interface Rota {
  readonly facts: FactsBuilder;
  readonly asOf: string | undefined;
}

const scalars = (data: Data | undefined): readonly { text: string; line: number }[] => {
  const items = data?.kind === 'list' ? data.items : [data];
  return items.flatMap((item) =>
    item?.kind === 'scalar' && item.value !== null ? [{ text: String(item.value), line: item.line }] : [],
  );
};

const plainName = (text: string): string => text.replace(/^(?:component|group):(?:default\/)?/u, '');

const emitShift = ({ facts, asOf }: Rota, about: readonly string[], who: string, line: number): void => {
  const name = who.replace(/\s*<[^>]*>\s*$/u, '').replace(/^@/u, '');
  facts.node({ id: userId(name), name, attributes: { asOf }, at: { line } });
  for (const id of about) {
    facts.edge(id, 'onCall', userId(name), 'catalog', [{ line }]);
  }
};

const walk = (rota: Rota, data: Data, key: string, depth: number): void => {
  if (data.kind === 'list') {
    data.items.forEach((item) => {
      walk(rota, item, key, depth + 1);
    });
  }
  if (data.kind !== 'map' || depth > DEPTH_MAX) {
    return;
  }
  const who = data.entries.filter((entry) => WHO.test(entry.key)).flatMap(({ value }) => scalars(value))[0];
  const named = data.entries.flatMap((entry) =>
    ABOUT.filter(([pattern]) => pattern.test(entry.key)).flatMap(([, idsOf]) =>
      scalars(entry.value).flatMap(({ text }) => idsOf(plainName(text))),
    ),
  );
  if (who !== undefined) {
    const about = named.length > 0 ? named : [groupId(key), componentId(key), ...pagers(key)];
    emitShift(rota, about, who.text, who.line);
  }
  data.entries.forEach((entry) => {
    walk(rota, entry.value, entry.key, depth + 1);
  });
};

export const emitRota = (context: Context, file: RepositoryFile): void => {
  for (const data of context.data(file).documents) {
    const asOf = ['asOf', 'as_of', 'as-of', 'updated', 'date']
      .map((key) => textAt(data, key))
      .find((one) => one !== undefined);
    if (at(data, 'apiVersion') === undefined && entriesAt(data).length > 0) {
      walk({ facts: context.facts(file.path), asOf }, data, '', 0);
    }
  }
};
