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
  [/^(?:team|group|owner|squad)$/iu, (name) => [groupId(name), resourceId(`on-call/opsgenie/${name}`)]],
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

interface Shift {
  readonly text: string;
  readonly line: number;
  readonly shift?: string;
}

const FROM_TO = [/^(?:from|start|starts|begin|since)$/iu, /^(?:to|until|end|ends)$/iu];

const emitShift = ({ facts, asOf }: Rota, about: readonly string[], { text, line, shift }: Shift): void => {
  const name = text.replace(/\s*<[^>]*>\s*$/u, '').replace(/^@/u, '');
  facts.node({ id: userId(name), name, attributes: { asOf, shift }, at: { line } });
  for (const id of about) {
    facts.edge(id, 'onCall', userId(name), 'catalog', [{ line }]);
  }
};

/** Whom the nearest level above spoke of: `team: trust` stands beside its list of shifts. */
interface Level {
  readonly key: string;
  readonly above: readonly string[];
  readonly depth: number;
}

const walk = (rota: Rota, data: Data, { key, above, depth }: Level): void => {
  if (data.kind === 'list') {
    data.items.forEach((item) => {
      walk(rota, item, { key, above, depth: depth + 1 });
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
  const spoken = named.length > 0 ? named : above;
  if (who !== undefined) {
    const about = spoken.length > 0 ? spoken : [groupId(key), componentId(key), ...pagers(key)];
    const [from, to] = FROM_TO.map((keys) => data.entries.find((entry) => keys.test(entry.key))?.value);
    const shift = [from, to].flatMap((one) => scalars(one)).map(({ text }) => text);
    emitShift(rota, about, { ...who, ...(shift.length === 0 ? {} : { shift: shift.join(' to ') }) });
  }
  data.entries.forEach((entry) => {
    walk(rota, entry.value, { key: entry.key, above: spoken, depth: depth + 1 });
  });
};

export const emitRota = (context: Context, file: RepositoryFile): void => {
  for (const data of context.data(file).documents) {
    const asOf = ['asOf', 'as_of', 'as-of', 'updated', 'date']
      .map((key) => textAt(data, key))
      .find((one) => one !== undefined);
    if (at(data, 'apiVersion') === undefined && entriesAt(data).length > 0) {
      walk({ facts: context.facts(file.path), asOf }, data, { key: '', above: [], depth: 0 });
    }
  }
};
