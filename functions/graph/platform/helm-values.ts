/** Values of a chart that count for nothing: each application of this repository that uses the chart gives others instead. */
import { joinPath } from '../cloudformation/stack-regions.ts';
import type { Context } from '../repository/context.ts';
import { at, type Data, itemsAt, textAt } from '../syntax/data.ts';

const VALUES = /^(?:(?<chart>.+)\/)?values\.ya?ml$/u;

const sourcesIn = (data: Data): readonly Data[] => {
  const single = at(data, 'spec', 'source');
  return [...(single === undefined ? [] : [single]), ...itemsAt(data, 'spec', 'sources')];
};

/** The files of values that each application gives to the chart. */
const givenTo = (context: Context, chart: string): readonly (readonly Data[])[] =>
  context.input.files
    .filter(({ path, text }) => /\.ya?ml$/u.test(path) && text.includes('argoproj.io/'))
    .flatMap((file) => context.data(file).documents)
    .filter((data) => textAt(data, 'kind') === 'Application')
    .flatMap(sourcesIn)
    .filter((source) => joinPath('', textAt(source, 'path') ?? '') === chart && chart !== '')
    .map((source) =>
      itemsAt(source, 'helm', 'valueFiles').flatMap((item) => {
        const path = joinPath(chart, item.kind === 'scalar' ? String(item.value) : '');
        const file = context.input.files.find((one) => one.path === path);
        return file === undefined ? [] : context.data(file).documents;
      }),
    );

interface Leaf {
  readonly path: readonly string[];
  readonly line: number;
}

const leavesOf = (data: Data, path: readonly string[] = []): readonly Leaf[] =>
  data.kind === 'map'
    ? data.entries.flatMap(({ key, value }) => leavesOf(value, [...path, key]))
    : [{ path, line: data.line }];

export const overriddenLines = (context: Context, path: string, data: Data): ReadonlySet<number> => {
  const found = VALUES.exec(path)?.groups;
  const given = found === undefined ? [] : givenTo(context, found['chart'] ?? '');
  const leaves = given.length === 0 ? [] : leavesOf(data);
  return new Set(
    leaves
      .filter((leaf) => given.every((files) => files.some((file) => at(file, ...leaf.path) !== undefined)))
      .map(({ line }) => line),
  );
};
