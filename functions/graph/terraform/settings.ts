/**
 * Regions that something is told in its settings: environment variables of functions and containers, values of charts. A name and
 * its value may be a key and what it holds, or an object of both. Tags, labels and policies tell nobody where to go.
 */
import type { FactsBuilder } from '../facts/builder.ts';
import type { Place } from '../facts/vocabulary.ts';
import { controlPlaneOf } from '../region/rules.ts';
import { regionOfSetting } from '../repository/emit-literals.ts';
import { readData, settingsOf } from '../syntax/data.ts';
import type { ResourceTie } from './emit.ts';
import { evaluate } from './evaluate.ts';
import { partsOf, textsOf } from './references.ts';
import type { Instance } from './resources.ts';
import type { Scope } from './scope.ts';
import { type Attribute, attributeOf, type Block, type Expression, withDynamic } from './syntax.ts';
import { textOf, type Value } from './value.ts';

interface Told {
  readonly region: string;
  readonly at: readonly Place[];
}

const DEPTH_MAX = 12;

const SILENT =
  /^(?:tags|tags_all|labels|annotations|metadata|match_labels|.*policy|provider|lifecycle|depends_on|for_each|count)$/u;

/** Words of clouds that name their Regions as AWS does. */
const NAMESAKES = /^(?:alicloud|tencentcloud|huaweicloud|ibm|oci|scaleway)_/u;

const toldBy = (key: string, value: Value): readonly Told[] => {
  const region = regionOfSetting(key, textOf(value) ?? '');
  return region === undefined ? [] : [{ region, at: value.at }];
};

/** Values may hold each other many times over; what is deeper or wider than any settings is left. */
interface Search {
  left: number;
}

const VALUES_MAX = 2000;

const inValue = (value: Value, search: Search, depth = 0): readonly Told[] => {
  search.left -= 1;
  if (depth > DEPTH_MAX || search.left < 0) {
    return [];
  }
  if (value.kind === 'list') {
    return value.items.flatMap((item) => inValue(item, search, depth + 1));
  }
  if (value.kind !== 'object') {
    return [];
  }
  const name = textOf(value.entries.get('name') ?? value.entries.get('Name'));
  const given = value.entries.get('value') ?? value.entries.get('Value');
  const entries = [...value.entries].filter(([key]) => !SILENT.test(key));
  return [
    ...(name === undefined || given === undefined ? [] : toldBy(name, given)),
    ...entries.flatMap(([key, item]) => toldBy(key, item)),
    ...entries.flatMap(([, item]) => inValue(item, search, depth + 1)),
  ];
};

/** What can't be evaluated as a whole (`jsonencode`, a list with an ARN in it) is looked through part by part. */
const inExpression = (expression: Expression, scope: Scope, depth = 0): readonly Told[] => {
  const value = depth > DEPTH_MAX ? undefined : evaluate(expression, scope);
  if (value === undefined || value.kind === 'scalar') {
    return [];
  }
  return value.kind === 'unknown'
    ? partsOf(expression).flatMap((part) => inExpression(part, scope, depth + 1))
    : inValue(value, { left: VALUES_MAX });
};

/** Values of a chart may be a text that is YAML. */
const inChartValues = ({ value }: Attribute, scope: Scope): readonly Told[] =>
  textsOf(value, scope)
    .filter(({ text }) => text.includes('\n'))
    .flatMap(({ text, line, at }) =>
      readData(text).documents.flatMap((data) =>
        settingsOf(data).flatMap((setting): Told[] => {
          const region = regionOfSetting(setting.key, setting.value);
          return region === undefined ? [] : [{ region, at: [{ line: line + setting.line }, ...at] }];
        }),
      ),
    );

const inBlock = (block: Pick<Block, 'attributes' | 'blocks'>, instance: Instance, depth = 0): readonly Told[] => {
  const { scope, type } = instance;
  const [name, value] = [attributeOf(block, 'name'), attributeOf(block, 'value')];
  const pair =
    depth > 0 && name !== undefined && value !== undefined
      ? toldBy(textOf(evaluate(name.value, scope)) ?? '', withLine(evaluate(value.value, scope), value.line))
      : [];
  const attributes = block.attributes.filter((attribute) => !SILENT.test(attribute.name));
  return [
    ...pair,
    ...attributes.flatMap((attribute) =>
      inExpression(attribute.value, scope).map(({ region, at }): Told => {
        const own = { line: attribute.line };
        return { region, at: [own, ...at] };
      }),
    ),
    ...(type === 'helm_release' && depth === 0
      ? attributes.flatMap((attribute) => (attribute.name === 'values' ? inChartValues(attribute, scope) : []))
      : []),
    ...(depth > DEPTH_MAX
      ? []
      : withDynamic(block).flatMap((inner) => (SILENT.test(inner.type) ? [] : inBlock(inner, instance, depth + 1)))),
  ];
};

const withLine = (value: Value, line: number): Value => ({ ...value, at: [{ line }, ...value.at] });

export const emitSettings = (facts: FactsBuilder, instance: Instance, tie: ResourceTie): void => {
  if (NAMESAKES.test(instance.type) || controlPlaneOf(instance.type) !== undefined) {
    return;
  }
  for (const { region, at } of inBlock(instance.block, instance)) {
    if (region !== instance.region) {
      facts.tie({
        from: instance.component,
        region,
        level: 'literal',
        at: at.map(({ path = instance.path, line }) => ({ path, line })),
        environment: instance.environment,
        via: instance.id,
        ...tie,
      });
    }
  }
};
