/** The metadata that a vector may carry: at most 40 KB and 50 keys, 2 KB of it filterable, filterable values flat. */
import { isJsonObject, type JsonObject } from '../service.ts';
import { invalid } from './validation.ts';

const METADATA_BYTES_MAX = 40 * 1024;
const FILTERABLE_BYTES_MAX = 2 * 1024;
const METADATA_KEYS_MAX = 50;

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const isFlat = (value: unknown): boolean =>
  isScalar(value) || (Array.isArray(value) && value.every((element) => isScalar(element)));

/** What queries may filter on: everything but the keys that the index declared non-filterable. */
export const filterablePart = (metadata: JsonObject, nonFilterableKeys: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !nonFilterableKeys.has(key)));

export const checkMetadata = (
  value: unknown,
  path: string,
  nonFilterableKeys: ReadonlySet<string>,
): JsonObject | undefined => {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!isJsonObject(value)) {
    throw invalid(path, 'must be a JSON object.');
  }
  if (Object.keys(value).length > METADATA_KEYS_MAX) {
    throw invalid(path, `must have at most ${METADATA_KEYS_MAX} keys.`);
  }
  if (jsonBytes(value) > METADATA_BYTES_MAX) {
    throw invalid(path, `must be at most ${METADATA_BYTES_MAX} bytes in total.`);
  }
  const filterable = filterablePart(value, nonFilterableKeys);
  if (jsonBytes(filterable) > FILTERABLE_BYTES_MAX) {
    throw invalid(path, `Filterable metadata must have at most ${FILTERABLE_BYTES_MAX} bytes.`);
  }
  if (!Object.values(filterable).every((entry) => isFlat(entry))) {
    throw invalid(path, 'filterable values must be strings, numbers, booleans or lists of them.');
  }
  return value;
};

const VECTOR_COMPONENTS = 'data.float32';

/** The components as float32, or the reason why AWS would refuse them. */
export const checkVector = (
  value: unknown,
  path: string,
  index: { readonly dimension: number; readonly metric: 'cosine' | 'euclidean' },
): Float32Array => {
  const components = isJsonObject(value) ? value['float32'] : undefined;
  if (!Array.isArray(components)) {
    throw invalid(path, `must be an object with ${VECTOR_COMPONENTS}.`);
  }
  if (components.length !== index.dimension) {
    throw invalid(path, `has ${components.length} components; the index has dimension ${index.dimension}.`);
  }
  if (!components.every((component) => typeof component === 'number')) {
    throw invalid(path, 'must consist of finite numbers.');
  }
  const vector = Float32Array.from(components);
  // Checked as float32: what is finite as a double may overflow.
  if (!vector.every((component) => Number.isFinite(component))) {
    throw invalid(path, 'must consist of numbers that are finite as float32.');
  }
  if (index.metric === 'cosine' && vector.every((component) => component === 0)) {
    throw invalid(path, 'a zero vector has no direction; the cosine metric refuses it.');
  }
  return vector;
};
