/**
 * Reads `.tf.json` into the same blocks: objects become blocks where Terraform has blocks, texts become templates. The parser of
 * HCL reads the expressions inside the texts.
 */
import { cutExpression } from '../facts/expression-text.ts';
import { jsonError } from '../syntax/json-position.ts';
import type { Parsers } from '../syntax/parsers.ts';
import { type LinedJson, readLinedJson } from './json-lines.ts';
import { readHcl } from './read-hcl.ts';
import type { Attribute, Block, Expression, TerraformFile } from './syntax.ts';

/** How many labels the blocks of a kind have. */
const LABELS: Readonly<Record<string, number>> = {
  resource: 2,
  data: 2,
  provider: 1,
  module: 1,
  variable: 1,
  output: 1,
  locals: 0,
  terraform: 0,
  moved: 0,
};

/** What is an object in JSON but a block in HCL. */
const INNER_BLOCKS: ReadonlySet<string> = new Set([
  'content',
  'replica',
  'rule',
  'destination',
  'replication_configuration',
  'viewer_certificate',
  'origin',
  'default_cache_behavior',
  'ordered_cache_behavior',
  'lambda_function_association',
  'failover_routing_policy',
  'latency_routing_policy',
  'weighted_routing_policy',
  'alias',
  'default_tags',
  'environment',
  'assume_role',
]);

type Fields = LinedJson & { readonly kind: 'object' };

const asList = (value: LinedJson): readonly LinedJson[] => (value.kind === 'list' ? value.items : [value]);

const objectsIn = (value: LinedJson): readonly Fields[] =>
  asList(value).filter((one): one is Fields => one.kind === 'object');

const textOf = (value: LinedJson): string | undefined =>
  value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;

const readText = (parsers: Parsers, text: string, line: number): Expression => {
  if (!text.includes('${')) {
    return { kind: 'literal', value: text, line, text: cutExpression(text) };
  }
  const read = readHcl(parsers, '', `x = ${JSON.stringify(text).replaceAll('\\u0024', '$')}\n`);
  const value = read.attributes[0]?.value;
  return value === undefined ? { kind: 'other', parts: [], line, text: cutExpression(text) } : { ...value, line };
};

/** Names beginning with `//` are comments. */
const entriesOf = ({ entries }: Fields): readonly (readonly [string, LinedJson])[] =>
  entries.filter(([name]) => !name.startsWith('//'));

const readValue = (parsers: Parsers, value: LinedJson): Expression => {
  const { line } = value;
  switch (value.kind) {
    case 'scalar':
      return typeof value.value === 'string'
        ? readText(parsers, value.value, line)
        : { kind: 'literal', value: value.value, line, text: String(value.value) };
    case 'list':
      return { kind: 'list', items: value.items.map((item) => readValue(parsers, item)), line, text: '[…]' };
    case 'object': {
      const entries = entriesOf(value).map(([key, inner]): readonly [Expression, Expression] => [
        { kind: 'literal', value: key, line: inner.line, text: key },
        readValue(parsers, inner),
      ]);
      return { kind: 'object', entries, line, text: '{…}' };
    }
  }
};

/** Providers of a module call and of a resource are references, though JSON writes them as texts. */
const readProviderName = (value: LinedJson): Expression => {
  const text = textOf(value) ?? '';
  const [root = '', ...steps] = text === '' ? [] : text.replaceAll(/[${}]/gu, '').split('.');
  return { kind: 'reference', root, steps, line: value.line, text };
};

const readAttribute = (parsers: Parsers, name: string, value: LinedJson): Attribute => {
  const { line } = value;
  if (name === 'provider') {
    return { name, line, value: readProviderName(value) };
  }
  if (name === 'providers' && value.kind === 'object') {
    const entries = value.entries.map(([key, inner]): readonly [Expression, Expression] => [
      { kind: 'literal', value: key, line: inner.line, text: key },
      readProviderName(inner),
    ]);
    return { name, line, value: { kind: 'object', entries, line, text: name } };
  }
  return { name, line, value: readValue(parsers, value) };
};

/** `backend` and `dynamic` name their kind below them. */
const LABELLED: ReadonlySet<string> = new Set(['backend', 'dynamic']);

const readBlocks = (
  parsers: Parsers,
  type: string,
  labels: readonly string[],
  value: LinedJson,
  line: number,
): readonly Block[] =>
  objectsIn(value).map((fields) => {
    const attributes: Attribute[] = [];
    const blocks: Block[] = [];
    for (const [name, inner] of entriesOf(fields)) {
      const objects = objectsIn(inner);
      if (LABELLED.has(name) && objects.length > 0) {
        blocks.push(
          ...objects.flatMap((one) =>
            entriesOf(one).flatMap(([kind, body]) => readBlocks(parsers, name, [kind], body, body.line)),
          ),
        );
      } else if (INNER_BLOCKS.has(name) && objects.length > 0) {
        blocks.push(...readBlocks(parsers, name, [], inner, inner.line));
      } else {
        attributes.push(readAttribute(parsers, name, inner));
      }
    }
    return { type, labels, line: value.kind === 'list' ? fields.line : line, attributes, blocks };
  });

const readLabelled = (
  parsers: Parsers,
  type: string,
  labels: readonly string[],
  value: LinedJson,
  wanted: number,
): readonly Block[] =>
  labels.length >= wanted
    ? readBlocks(parsers, type, labels, value, value.line)
    : objectsIn(value).flatMap((fields) =>
        entriesOf(fields).flatMap(([label, inner]) => readLabelled(parsers, type, [...labels, label], inner, wanted)),
      );

export const readTerraformJson = (parsers: Parsers, path: string, text: string): TerraformFile => {
  try {
    const value = readLinedJson(text);
    const fields = value.kind === 'object' ? entriesOf(value) : [];
    if (path.endsWith('.tfvars.json')) {
      return { path, attributes: fields.map(([name, inner]) => readAttribute(parsers, name, inner)), blocks: [] };
    }
    const blocks = fields.flatMap(([type, inner]) => {
      const wanted = LABELS[type];
      return wanted === undefined ? [] : readLabelled(parsers, type, [], inner, wanted);
    });
    return { path, attributes: [], blocks };
  } catch (error) {
    return { path, attributes: [], blocks: [], error: jsonError(text, error) };
  }
};
