/** Kubernetes manifests: where workloads are pinned to, what they run, and the names under which they are called. */
import type { FactsBuilder } from '../facts/builder.ts';
import { aliasId } from '../facts/vocabulary.ts';
import { isRegion, regionOfZone, withoutRegion } from '../region/names.ts';
import { type Context, give, place, placesOf } from '../repository/context.ts';
import { emitLiterals, regionOfSetting } from '../repository/emit-literals.ts';
import { at, type Data, entriesAt, itemsAt, settingsOf, textAt } from '../syntax/data.ts';
import { emitHosts } from './hosts.ts';
import { generatedBy, imagesIn, isKustomization, isReplaced, manifestsBelow, restOf } from './kustomize.ts';

const WORKLOADS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'Pod',
  'Rollout',
  'ReplicaSet',
]);

/** What is named after what it runs. */
const RUNS: ReadonlySet<string> = new Set([
  ...WORKLOADS,
  'Application',
  'ApplicationSet',
  'HelmRelease',
  'Kustomization',
]);

export const isManifest = (data: Data): boolean =>
  textAt(data, 'apiVersion') !== undefined &&
  textAt(data, 'kind') !== undefined &&
  !(textAt(data, 'apiVersion') ?? '').startsWith('backstage.io/');

const PLACE_KEYS: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'services.k8s.aws/region',
  'failure-domain.beta.kubernetes.io/zone',
]);

interface Pin {
  readonly region: string;
  readonly line: number;
}

const regionOf = (text: string): string | undefined => (isRegion(text) ? text : regionOfZone(text));

/** Node selectors and affinities that name a Region or a zone, anywhere in a manifest. */
const pinsIn = (data: Data, depth = 0): readonly Pin[] => {
  if (depth > 60 || data.kind === 'scalar') {
    return [];
  }
  if (data.kind === 'list') {
    return data.items.flatMap((item) => pinsIn(item, depth + 1));
  }
  const isExpression = PLACE_KEYS.has(textAt(data, 'key') ?? '') && (textAt(data, 'operator') ?? 'In') === 'In';
  const values = isExpression
    ? itemsAt(data, 'values')
    : data.entries.filter(({ key }) => PLACE_KEYS.has(key)).map(({ value }) => value);
  const own = values.flatMap((value): Pin[] => {
    const region = value.kind === 'scalar' ? regionOf(String(value.value)) : undefined;
    return region === undefined ? [] : [{ region, line: value.line }];
  });
  return [
    ...own,
    ...data.entries.filter(({ key }) => !PLACE_KEYS.has(key)).flatMap(({ value }) => pinsIn(value, depth + 1)),
  ];
};

/** What a workload takes its settings from: `configMapRef`, `secretRef`, `configMapKeyRef`, a volume. */
const takes = (data: Data, name: string): boolean =>
  settingsOf(data).some(
    ({ key, value }) =>
      value === name &&
      /^(?:name|configMapRef|secretRef|configMapKeyRef|secretKeyRef|secretName|configMap)$/u.test(key),
  );

/** The one workload beside it that takes it, or that is alone there. */
const ownerBeside = (context: Context, path: string, data: Data, beside: readonly Data[]): string => {
  const name = textAt(data, 'metadata', 'name') ?? '';
  const workloads = beside.filter((one) => one !== data && WORKLOADS.has(textAt(one, 'kind') ?? ''));
  const taking = workloads.filter((one) => takes(one, name));
  const owners = new Set((taking.length > 0 ? taking : workloads).map((one) => ownerOf(context, path, one, [])));
  const [only] = owners;
  return only !== undefined && owners.size === 1 ? only : context.owners.of(path);
};

const ownerOf = (context: Context, path: string, data: Data, beside: readonly Data[]): string => {
  const labels = [
    ...entriesAt(data, 'metadata', 'labels'),
    ...entriesAt(data, 'spec', 'template', 'metadata', 'labels'),
  ];
  const names = ['app.kubernetes.io/name', 'app', 'app.kubernetes.io/part-of'].flatMap((key) =>
    labels.flatMap((label) => (label.key === key && label.value.kind === 'scalar' ? [String(label.value.value)] : [])),
  );
  const known = [...names, textAt(data, 'metadata', 'name') ?? ''].map((name) => context.owners.named(name));
  const declared = known.find((id) => context.owners.isDeclared(id));
  return declared ?? foreignOwner(context, path, data, names) ?? ownerBeside(context, path, data, beside);
};

/** In a repository of manifests that no catalog describes, a workload is whose name it has, if somebody declares that. */
const foreignOwner = (context: Context, path: string, data: Data, labels: readonly string[]): string | undefined => {
  const own = context.owners.of(path);
  const name = labels[0] ?? textAt(data, 'metadata', 'name');
  if (context.owners.isDeclared(own) || name === undefined || !RUNS.has(textAt(data, 'kind') ?? '')) {
    return undefined;
  }
  const component = context.owners.named(withoutRegion(name));
  context.facts(path).fallback(component, own);
  return component;
};

const declareNames = (facts: FactsBuilder, component: string, data: Data): void => {
  const name = textAt(data, 'metadata', 'name');
  if (textAt(data, 'kind') === 'Service' && name !== undefined) {
    const host = `${name}.${textAt(data, 'metadata', 'namespace') ?? 'default'}.svc`;
    facts.edge(aliasId('host', host), 'names', component, 'declared', [{ line: data.line }]);
  }
  if (/^(?:Ingress|IngressRoute|HTTPRoute|VirtualService|Gateway)$/u.test(textAt(data, 'kind') ?? '')) {
    for (const { key, value, line } of settingsOf(data)) {
      if (/^(?:host|hosts|hostnames)$/u.test(key) && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/u.test(value)) {
        facts.edge(aliasId('host', value), 'names', component, 'declared', [{ line }]);
      }
    }
  }
};

const emitPins = (context: Context, path: string, component: string, data: Data): void => {
  const facts = context.facts(path);
  const settings = settingsOf(data);
  const named = settings.flatMap(({ key, value, line }): Pin[] => {
    const region = regionOfSetting(key, value);
    if (region !== undefined) {
      give(context, component, key);
    }
    return region === undefined || isReplaced(context, data, key) ? [] : [{ region, line }];
  });
  const pins = [...pinsIn(data), ...named];
  const regions = [...new Set(pins.map(({ region }) => region))];
  const name = `${textAt(data, 'kind') ?? ''}/${textAt(data, 'metadata', 'name') ?? ''}`;
  for (const { region, line } of pins) {
    facts.tie({
      from: component,
      region,
      tie: 'runtime',
      level: 'literal',
      at: [{ line }],
      alternates: regions,
      via: `resource:k8s/${context.input.repository}/${name}`,
    });
    place(context, component, region);
    place(context, context.owners.of(path), region);
  }
  const kind = textAt(data, 'kind') ?? '';
  if (pins.length === 0 && WORKLOADS.has(kind)) {
    context.atEnd(() => {
      if (placesOf(context, component).length === 0) {
        facts.tie({
          from: component,
          region: undefined,
          tie: 'runtime',
          level: 'declared',
          at: [{ line: data.line }],
          via: `resource:k8s/${context.input.repository}/${name}`,
          expression: `${name} names no Region: that of its cluster is not known here`,
        });
      }
    });
  }
};

/** What a kustomization gives belongs to what takes it, or runs it, below. */
const emitKustomization = (context: Context, path: string, data: Data): void => {
  const facts = context.facts(path);
  const below = manifestsBelow(context, path, data);
  for (const generated of generatedBy(data)) {
    emitOne(context, path, generated, below);
  }
  const component = ownerOf(context, path, data, below);
  for (const { text, line, runs } of imagesIn(data, below)) {
    const owners = new Set(runs.map((one) => ownerOf(context, path, one, [])));
    for (const owner of owners.size === 0 ? [component] : owners) {
      emitLiterals(context, facts, text, line, { component: owner });
    }
  }
  emitOne(context, path, restOf(data), below);
};

export const emitManifest = (context: Context, path: string, data: Data, beside: readonly Data[]): void => {
  if (isKustomization(data)) {
    emitKustomization(context, path, data);
  } else {
    emitOne(context, path, data, beside);
  }
};

const emitOne = (context: Context, path: string, data: Data, beside: readonly Data[]): void => {
  const facts = context.facts(path);
  const component = ownerOf(context, path, data, beside);
  declareNames(facts, component, data);
  emitPins(context, path, component, data);
  for (const { value, line } of settingsOf(data)) {
    emitLiterals(context, facts, value, line, { component });
    emitHosts(facts, component, value, line);
  }
  const id = at(data, 'metadata', 'annotations');
  for (const { key, value, line } of entriesAt(id)) {
    if (key === 'backstage.io/component' && value.kind === 'scalar') {
      facts.edge(component, 'partOf', context.owners.named(String(value.value)), 'declared', [{ line }]);
    }
  }
};
