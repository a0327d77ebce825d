/** Catalog files: Backstage entities, who owns them, what they depend on, whom to page and what to read then. */
import type { FactsBuilder } from '../facts/builder.ts';
import { componentId, type EdgeType, kindOf, type NodeKind, resourceId } from '../facts/vocabulary.ts';
import { literalsIn } from '../region/literals.ts';
import { regionOfSetting } from '../repository/emit-literals.ts';
import { nameOfResource } from './resource-names.ts';
import { at, type Data, entriesAt, itemsAt, readData, textAt, settingsOf } from '../syntax/data.ts';

export const isCatalogPath = (path: string): boolean =>
  /(?:^|\/)(?:catalog-info|catalog|[\w-]*\.?catalog|entities|all)(?:[.-][\w-]+)?\.ya?ml$/u.test(path) ||
  /(?:^|\/)(?:catalog|\.?backstage)\/[^/]*\.ya?ml$/u.test(path);

const KINDS: Readonly<Record<string, NodeKind>> = {
  component: 'component',
  api: 'api',
  resource: 'resource',
  system: 'system',
  domain: 'domain',
  group: 'group',
  user: 'user',
};

export interface Entity {
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  readonly line: number;
  readonly data: Data;
}

/** `component:default/orders` and `orders` are one; another namespace stays in the name. */
export const entityId = (reference: string, standard: NodeKind): string => {
  const [, kind, namespace, name] =
    /^(?:(?<kind>[A-Za-z]+):)?(?:(?<namespace>[^/]+)\/)?(?<name>.+)$/u.exec(reference.trim()) ?? [];
  const word = KINDS[(kind ?? '').toLowerCase()] ?? standard;
  const full = namespace === undefined || namespace === 'default' ? (name ?? '') : `${namespace}/${name ?? ''}`;
  return word === 'resource' ? resourceId(`catalog/${full}`) : `${word}:${full}`;
};

const isEntity = (data: Data): boolean => (textAt(data, 'apiVersion') ?? '').startsWith('backstage.io/');

export const readEntities = (
  text: string,
): { entities: readonly Entity[]; error?: { line: number; column: number; near: string } } => {
  const { documents, error } = readData(text);
  const entities = documents
    .filter((data) => isEntity(data))
    .flatMap((data): Entity[] => {
      const kind = KINDS[(textAt(data, 'kind') ?? '').toLowerCase()];
      const name = textAt(data, 'metadata', 'name');
      const namespace = textAt(data, 'metadata', 'namespace');
      return kind === undefined || name === undefined
        ? []
        : [
            {
              id: entityId(namespace === undefined ? name : `${namespace}/${name}`, kind),
              kind,
              name,
              line: data.line,
              data,
            },
          ];
    });
  return error === undefined ? { entities } : { entities, error };
};

type Relation = readonly [field: string, type: EdgeType, standard: NodeKind, isReversed: boolean];

const RELATIONS: readonly Relation[] = [
  ['owner', 'ownedBy', 'group', false],
  ['system', 'partOf', 'system', false],
  ['domain', 'partOf', 'domain', false],
  ['subcomponentOf', 'partOf', 'component', false],
  ['dependsOn', 'dependsOn', 'component', false],
  ['dependencyOf', 'dependsOn', 'component', true],
  ['consumesApis', 'consumesApi', 'api', false],
  ['providesApis', 'providedBy', 'api', true],
  ['parent', 'partOf', 'group', false],
  ['memberOf', 'memberOf', 'group', false],
  ['members', 'memberOf', 'user', true],
];

const valuesOf = (data: Data | undefined): readonly { text: string; line: number }[] => {
  const items = data?.kind === 'list' ? data.items : [data];
  return items.flatMap((item) =>
    item?.kind === 'scalar' && item.value !== null ? [{ text: String(item.value), line: item.line }] : [],
  );
};

/** Annotations that say whom to page, with the service that they name. */
const PAGERS: readonly (readonly [RegExp, string])[] = [
  [/^pagerduty\.com\/(?:service-id|integration-key)$/u, 'pagerduty'],
  [/^opsgenie\.com\/(?:component-selector|team|team-name|service-id)$/u, 'opsgenie'],
  [/^(?:victorops|splunk)\.com\/(?:.*\/)?(?:team|routing-key)$/u, 'splunk-on-call'],
  [/^(?:grafana|oncall)\.(?:com|io)\/(?:on-?call[\w-]*|schedule[\w-]*|integration-id)$/u, 'grafana-on-call'],
  [/(?:^|[/.-])on-?call(?:-schedule|-rotation|-team)?$/u, 'on-call'],
];

const KEY = 'integration-key';

const emitPagers = (facts: FactsBuilder, entity: Entity): void => {
  const { id, data } = entity;
  const annotations = entriesAt(data, 'metadata', 'annotations');
  // A key is the same service once more, and names nothing that somebody could page.
  const isNamed = annotations.some(({ key }) => key === 'pagerduty.com/service-id');
  for (const { key, line, value } of annotations.filter(({ key: one }) => !(isNamed && one.endsWith(KEY)))) {
    const pager = PAGERS.find(([pattern]) => pattern.test(key))?.[1];
    const text = value.kind === 'scalar' ? String(value.value ?? '') : '';
    if (pager !== undefined && text !== '') {
      // An integration key lets its holder raise alarms: it is named, not shown.
      const shown = key.endsWith(KEY) ? `key of ${id}` : text;
      const target = resourceId(`on-call/${pager}/${shown}`);
      const name = shown === text ? shown : `service of ${entity.name}, by its key`;
      facts.node({ id: target, name, attributes: { type: 'on-call', service: pager }, at: { line } });
      facts.edge(id, 'onCall', target, 'catalog', [{ line }]);
    }
  }
};

const RUNBOOK = /run-?book|play-?book|operations? guide|incident/iu;
const DECISION = /\badrs?\b|decision/iu;

const emitLinks = (facts: FactsBuilder, { id, data }: Entity): void => {
  for (const link of itemsAt(data, 'metadata', 'links')) {
    const [url, title, type] = ['url', 'title', 'type'].map((key) => textAt(link, key) ?? '');
    const words = `${title ?? ''} ${type ?? ''}`;
    const kind = RUNBOOK.test(words) ? 'runbook' : DECISION.test(words) && 'decision';
    if (kind !== false && url !== undefined && url !== '') {
      facts.node({
        id: `${kind}:${url}`,
        name: title === '' ? url : (title ?? url),
        attributes: { url },
        at: { line: link.line },
      });
      facts.edge(`${kind}:${url}`, 'documents', id, 'catalog', [{ line: link.line }]);
    }
  }
};

const tierOf = (data: Data): string | undefined => {
  const labels = [...entriesAt(data, 'metadata', 'labels'), ...entriesAt(data, 'metadata', 'annotations')];
  const tier = labels.find(({ key }) => /(?:^|[/.])(?:tier|criticality|service-tier)$/iu.test(key))?.value;
  const text = textAt(data, 'spec', 'tier') ?? (tier?.kind === 'scalar' ? String(tier.value ?? '') : undefined);
  const digits = /\d+/u.exec(text ?? '')?.[0];
  const WORDS: Readonly<Record<string, string>> = { critical: '1', high: '2', medium: '3', low: '4' };
  return digits ?? WORDS[(text ?? '').toLowerCase()];
};

/** ARNs and Regions in labels, annotations and the specification: the weakest evidence that makes a tie. */
const emitPlaces = (facts: FactsBuilder, { id, data }: Entity): void => {
  const parts = ['labels', 'annotations']
    .flatMap((part) => at(data, 'metadata', part) ?? [])
    .concat(at(data, 'spec') ?? []);
  for (const { key, value, line } of parts.flatMap((part) => settingsOf(part))) {
    const region = regionOfSetting(key.split('/').at(-1) ?? '', value) ?? literalsIn(value)[0]?.region;
    if (region !== undefined) {
      facts.tie({ from: id, region, tie: 'runtime', level: 'catalog', at: [{ line }] });
    }
  }
};

/** Which repository holds an entity. */
export const SLUG =
  /^(?:github\.com|gitlab\.com|bitbucket\.org|dev\.azure\.com)\/(?:project-slug|project-repo|repo-slug)$/u;

/** A whole repository, `url:https://github.com/acme/mailer/tree/main/`; a folder of one is its own component, not the repository's. */
const WHOLE_REPOSITORY =
  /^url:https?:\/\/[^/]+\/(?:[^/]+\/)+?(?<name>[^/]+?)(?:\.git)?(?:\/(?:-\/)?(?:tree|blob|src|browse)\/(?:branch\/)?[^/]+)?\/?$/u;

const repositoryOf = (key: string, text: string): string =>
  key === 'backstage.io/source-location'
    ? (WHOLE_REPOSITORY.exec(text)?.groups?.['name'] ?? '')
    : ((SLUG.test(key) ? text : '').split('/').at(-1) ?? '');

/** An entity of a central catalog is what another repository holds, under the repository's name where that has no catalog. */
const emitRepository = (facts: FactsBuilder, { id, kind, name, data }: Entity, repository: string): void => {
  for (const { key, value, line } of kind === 'component' ? entriesAt(data, 'metadata', 'annotations') : []) {
    const other = value.kind === 'scalar' ? repositoryOf(key, String(value.value ?? '')) : '';
    if (other !== '' && other !== name && other !== repository.split('/').at(-1)) {
      facts.edge(id, 'dependsOn', componentId(other), 'catalog', [{ line }]);
      facts.edge(id, 'partOf', componentId(other), 'catalog', [{ line }]);
    }
  }
};

const emitEntity = (facts: FactsBuilder, entity: Entity, repository: string): void => {
  const { id, data, line } = entity;
  facts.node({
    id,
    name: entity.name,
    attributes: {
      declared: 'catalog',
      title: textAt(data, 'metadata', 'title'),
      type: textAt(data, 'spec', 'type'),
      lifecycle: textAt(data, 'spec', 'lifecycle'),
      tier: tierOf(data),
      email: textAt(data, 'spec', 'profile', 'email'),
    },
    at: { line },
  });
  for (const [field, type, standard, isReversed] of RELATIONS) {
    for (const { text, line: at1 } of valuesOf(at(data, 'spec', field))) {
      const other = entityId(text, standard);
      const [from, to] = isReversed ? [other, id] : [id, other];
      if (kindOf(other) !== undefined) {
        facts.edge(from, type, to, 'catalog', [{ line: at1 }]);
      }
    }
  }
  const made = entity.kind === 'resource' ? nameOfResource(entity.name, textAt(data, 'spec', 'type')) : undefined;
  if (made !== undefined) {
    facts.edge(id, 'dependsOn', made, 'catalog', [{ line }]);
  }
  emitRepository(facts, entity, repository);
  emitPlaces(facts, entity);
  emitPagers(facts, entity);
  emitLinks(facts, entity);
};

/** `consumesApi` of a component that provides it, and of a resource: both as they are written. */
export const emitEntities = (facts: FactsBuilder, text: string, repository: string): void => {
  const { entities, error } = readEntities(text);
  entities.forEach((entity) => {
    emitEntity(facts, entity, repository);
  });
  if (error !== undefined) {
    const subject = componentId(facts.path);
    const expression = `not YAML at ${facts.path}:${error.line}:${error.column}: ${error.near}`;
    facts.unknown({ subject, reason: 'unparseable', expression, line: error.line, column: error.column });
  }
};
