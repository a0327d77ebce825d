/**
 * Kustomizations: what they are laid over, and the config maps and images that they give to it. What a generator writes is read
 * as the config map that it makes, so that it belongs to the workload that takes it.
 */
import { joinPath } from '../cloudformation/stack-regions.ts';
import type { Context } from '../repository/context.ts';
import { at, type Data, type DataEntry, entriesAt, itemsAt, settingsOf, textAt } from '../syntax/data.ts';

const LISTS = ['resources', 'bases', 'components'];
const GENERATORS = ['configMapGenerator', 'secretGenerator'];
const DEPTH_MAX = 5;

export const isKustomization = (data: Data): boolean =>
  (textAt(data, 'apiVersion') ?? '').startsWith('kustomize.config.k8s.io/');

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const namedIn = (data: Data): readonly string[] =>
  LISTS.flatMap((list) => itemsAt(data, list)).flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : []));

/** The manifests below it, through other kustomizations. */
export const manifestsBelow = (context: Context, path: string, data: Data, depth = 0): readonly Data[] =>
  (depth > DEPTH_MAX ? [] : namedIn(data)).flatMap((name) => {
    const target = joinPath(directoryOf(path), name);
    const file = context.input.files.find((one) =>
      [target, `${target}/kustomization.yaml`, `${target}/kustomization.yml`].includes(one.path),
    );
    const documents = file === undefined ? [] : context.data(file).documents;
    return documents.flatMap((one) =>
      file !== undefined && isKustomization(one) ? manifestsBelow(context, file.path, one, depth + 1) : [one],
    );
  });

const scalar = (value: string, line: number): Data => ({ kind: 'scalar', value, line });

const map = (line: number, ...entries: readonly (readonly [string, Data])[]): Data => ({
  kind: 'map',
  line,
  entries: entries.map(([key, value]) => ({ key, value, line: value.line })),
});

/** `region=eu-west-1` of a list of literals. */
const literalsOf = (generator: Data): readonly DataEntry[] =>
  itemsAt(generator, 'literals').flatMap((item) => {
    const text = item.kind === 'scalar' ? String(item.value) : '';
    const split = text.indexOf('=');
    const value = scalar(text.slice(split + 1).replaceAll(/^["']|["']$/gu, ''), item.line);
    return split < 1 ? [] : [{ key: text.slice(0, split), value, line: item.line }];
  });

/** The config maps and secrets that it makes. */
export const generatedBy = (data: Data): readonly Data[] =>
  GENERATORS.flatMap((list) => itemsAt(data, list)).map((generator) => {
    const { line } = generator;
    const name = map(line, ['name', scalar(textAt(generator, 'name') ?? '', line)]);
    return map(
      line,
      ['apiVersion', scalar('v1', line)],
      ['kind', scalar('ConfigMap', line)],
      ['metadata', name],
      ['data', { kind: 'map', line, entries: literalsOf(generator) }],
    );
  });

export interface GivenImage {
  readonly text: string;
  readonly line: number;
  /** The workloads that run it, under the name that is replaced. */
  readonly runs: readonly Data[];
}

const plainImage = (text: string): string => text.replace(/@.*$/u, '').replace(/:[^/:]*$/u, '');

export const imagesIn = (data: Data, below: readonly Data[]): readonly GivenImage[] =>
  itemsAt(data, 'images').flatMap((image): GivenImage[] => {
    const given = at(image, 'newName');
    const name = textAt(image, 'name') ?? '';
    const runs = below.filter((one) =>
      settingsOf(one).some(({ key, value }) => key === 'image' && plainImage(value) === name),
    );
    return given?.kind === 'scalar' ? [{ text: String(given.value), line: given.line, runs }] : [];
  });

/** The kustomization without what was taken out of it. */
export const restOf = (data: Data): Data =>
  data.kind === 'map'
    ? { ...data, entries: entriesAt(data).filter(({ key }) => ![...GENERATORS, 'images'].includes(key)) }
    : data;

interface Overlay {
  readonly below: ReadonlySet<Data>;
  readonly patches: readonly Data[];
}

/** Patches of the strategic kind, from files beside it. */
const patchesOf = (context: Context, path: string, data: Data): readonly Data[] => {
  const named = new Set([
    ...itemsAt(data, 'patches').flatMap((patch) => textAt(patch, 'path') ?? []),
    ...itemsAt(data, 'patchesStrategicMerge').flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : [])),
  ]);
  const paths = new Set([...named].map((name) => joinPath(directoryOf(path), name)));
  const files = context.input.files.filter((file) => paths.has(file.path));
  return files.flatMap((file) => context.data(file).documents);
};

const overlaysOf = new WeakMap<Context, readonly Overlay[]>();

/** The kustomizations that are applied: those that no other one takes. */
const appliedIn = (context: Context): readonly Overlay[] => {
  const known = overlaysOf.get(context);
  if (known !== undefined) {
    return known;
  }
  const all = context.input.files
    .filter(({ path }) => /(?:^|\/)kustomization\.ya?ml$/iu.test(path))
    .flatMap(({ path, text }) =>
      context.data({ path, text }).documents.flatMap((data) => (isKustomization(data) ? [{ path, data }] : [])),
    );
  const taken = new Set(
    all.flatMap(({ path, data }) => namedIn(data).map((name) => joinPath(directoryOf(path), name))),
  );
  const applied = all
    .filter(({ path }) => !taken.has(directoryOf(path)))
    .map(({ path, data }) => ({
      below: new Set(manifestsBelow(context, path, data)),
      patches: patchesOf(context, path, data),
    }));
  overlaysOf.set(context, applied);
  return applied;
};

const isSame = (left: Data, right: Data): boolean =>
  textAt(left, 'kind') === textAt(right, 'kind') &&
  textAt(left, 'metadata', 'name') === textAt(right, 'metadata', 'name');

/** Whether every kustomization that applies the manifest gives this setting another value. */
export const isReplaced = (context: Context, manifest: Data, key: string): boolean => {
  const overlays = appliedIn(context).filter(({ below }) => below.has(manifest));
  return (
    overlays.length > 0 &&
    overlays.every(({ patches }) =>
      patches.some((patch) => isSame(patch, manifest) && settingsOf(patch).some((setting) => setting.key === key)),
    )
  );
};
