/** A declared table as DynamoDB's own request, and the comparison of what exists with what is declared. */
import type { TableSpec } from '../../region/services.ts';
import { isJsonObject, type JsonObject } from '../service.ts';

type KeySchema = readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];

const keySchema = (keys: { readonly hashKey: string; readonly rangeKey?: string }): KeySchema => [
  { AttributeName: keys.hashKey, KeyType: 'HASH' },
  ...(keys.rangeKey === undefined ? [] : [{ AttributeName: keys.rangeKey, KeyType: 'RANGE' as const }]),
];

export const createTableInput = (spec: TableSpec): JsonObject => ({
  TableName: spec.name,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: spec.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
  KeySchema: keySchema(spec),
  ...(spec.indexes.length === 0
    ? {}
    : {
        GlobalSecondaryIndexes: spec.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index),
          Projection: { ProjectionType: index.projection },
        })),
      }),
});

const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((entry) => isJsonObject(entry)) : [];

const keysText = (value: unknown): string =>
  listOf(value)
    .map((key) => `${String(key['KeyType'])} ${String(key['AttributeName'])}`)
    .join(', ');

const indexText = (index: JsonObject): string => {
  const projection = isJsonObject(index['Projection']) ? index['Projection']['ProjectionType'] : undefined;
  return `${String(index['IndexName'])} (${keysText(index['KeySchema'])}, ${String(projection)})`;
};

const shapeText = (description: JsonObject): string => {
  const indexes = listOf(description['GlobalSecondaryIndexes']).map((index) => indexText(index));
  const types = listOf(description['AttributeDefinitions']).map(
    (attribute) => `${String(attribute['AttributeName'])} ${String(attribute['AttributeType'])}`,
  );
  return [
    `keys ${keysText(description['KeySchema'])}`,
    `attributes ${types.toSorted().join(', ')}`,
    `indexes ${indexes.toSorted().join('; ') || 'none'}`,
  ].join('; ');
};

export interface ShapeDifference {
  readonly declared: string;
  readonly found: string;
}

/** Undefined where the existing table has the declared keys, attributes and indexes. */
export const tableDifference = (spec: TableSpec, existing: JsonObject): ShapeDifference | undefined => {
  const declared = shapeText(createTableInput(spec));
  const found = shapeText(existing);
  return declared === found ? undefined : { declared, found };
};
