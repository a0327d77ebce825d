/**
 * Reads `.tf.json` into the same blocks: objects become blocks where Terraform has blocks, texts become templates. The parser of
 * HCL reads the expressions inside the texts. JSON has no positions here, so each block is looked up in the text.
 */
import { isJsonFields } from '../../domain/json-fields.ts';
import { LIMITS } from '../../domain/limits.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { jsonError } from '../syntax/json-position.ts';
import type { Parsers } from '../syntax/parsers.ts';
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
  'backend',
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

interface Reading {
  readonly parsers: Parsers;
  readonly lineOf: (name: string) => number;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const readText = ({ parsers }: Reading, text: string, line: number): Expression => {
  if (!text.includes('${')) {
    return { kind: 'literal', value: text, line, text: cutExpression(text) };
  }
  const read = readHcl(parsers, '', `x = ${JSON.stringify(text).replaceAll('\\u0024', '$')}\n`);
  const value = read.attributes[0]?.value;
  return value === undefined ? { kind: 'other', parts: [], line, text: cutExpression(text) } : { ...value, line };
};

const readValue = (reading: Reading, value: unknown, line: number, depth: number): Expression => {
  const base = { line, text: cutExpression(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')) };
  if (depth > LIMITS.graphDepthMax) {
    return { ...base, kind: 'other', parts: [] };
  }
  if (typeof value === 'string') {
    return readText(reading, value, line);
  }
  if (Array.isArray(value)) {
    return { ...base, kind: 'list', items: value.map((item) => readValue(reading, item, line, depth + 1)) };
  }
  if (isJsonFields(value)) {
    const entries = Object.entries(value).map(([key, inner]): readonly [Expression, Expression] => [
      { kind: 'literal', value: key, line, text: key },
      readValue(reading, inner, line, depth + 1),
    ]);
    return { ...base, kind: 'object', entries };
  }
  return { ...base, kind: 'literal', value: typeof value === 'number' || typeof value === 'boolean' ? value : null };
};

/** Providers of a module call and of a resource are references, though JSON writes them as texts. */
const readProviderName = (value: unknown, line: number): Expression => {
  const [root = '', ...steps] = typeof value === 'string' ? value.replaceAll(/[${}]/gu, '').split('.') : [];
  return { kind: 'reference', root, steps, line, text: typeof value === 'string' ? value : '' };
};

const readAttribute = (reading: Reading, name: string, value: unknown, line: number): Attribute => {
  if (name === 'provider') {
    return { name, line, value: readProviderName(value, line) };
  }
  if (name === 'providers' && isJsonFields(value)) {
    const entries = Object.entries(value).map(([key, inner]): readonly [Expression, Expression] => [
      { kind: 'literal', value: key, line, text: key },
      readProviderName(inner, line),
    ]);
    return { name, line, value: { kind: 'object', entries, line, text: name } };
  }
  return { name, line, value: readValue(reading, value, line, 0) };
};

const readBlocks = (
  reading: Reading,
  type: string,
  labels: readonly string[],
  value: unknown,
  depth: number,
): Block[] =>
  asList(value)
    .filter((one) => isJsonFields(one))
    .map((fields) => {
      const line = reading.lineOf(labels.at(-1) ?? type);
      const attributes: Attribute[] = [];
      const blocks: Block[] = [];
      for (const [name, inner] of Object.entries(fields)) {
        if (name === 'backend' && isJsonFields(inner)) {
          blocks.push(
            ...Object.entries(inner).flatMap(([kind, body]) => readBlocks(reading, name, [kind], body, depth + 1)),
          );
        } else if (
          INNER_BLOCKS.has(name) &&
          depth < LIMITS.graphDepthMax &&
          asList(inner).some((one) => isJsonFields(one))
        ) {
          blocks.push(...readBlocks(reading, name, [], inner, depth + 1));
        } else {
          attributes.push(readAttribute(reading, name, inner, line));
        }
      }
      return { type, labels, line, attributes, blocks };
    });

const readLabelled = (
  reading: Reading,
  type: string,
  labels: readonly string[],
  value: unknown,
  wanted: number,
): Block[] =>
  labels.length >= wanted
    ? readBlocks(reading, type, labels, value, 0)
    : asList(value)
        .filter((one) => isJsonFields(one))
        .flatMap((fields) =>
          Object.entries(fields).flatMap(([label, inner]) =>
            readLabelled(reading, type, [...labels, label], inner, wanted),
          ),
        );

export const readTerraformJson = (parsers: Parsers, path: string, text: string): TerraformFile => {
  const lines = text.split('\n');
  const lineOf = (name: string): number =>
    Math.max(
      0,
      lines.findIndex((line) => line.includes(`"${name}"`)),
    ) + 1;
  try {
    const value: unknown = JSON.parse(text);
    const fields = isJsonFields(value) ? Object.entries(value) : [];
    const reading = { parsers, lineOf };
    if (path.endsWith('.tfvars.json')) {
      const attributes = fields.map(([name, inner]) => readAttribute(reading, name, inner, lineOf(name)));
      return { path, attributes, blocks: [] };
    }
    const blocks = fields.flatMap(([type, inner]) => {
      const wanted = LABELS[type];
      return wanted === undefined ? [] : readLabelled(reading, type, [], inner, wanted);
    });
    return { path, attributes: [], blocks };
  } catch (error) {
    return { path, attributes: [], blocks: [], error: jsonError(text, error) };
  }
};
