/**
 * Compiles a metadata filter into a predicate. `$eq` on a list matches any element; a missing field matches only `$ne`,
 * `$nin` and `$exists: false`. A filter on a non-filterable key, an unknown operator or an operand of the wrong type is
 * refused, as AWS does, before anything is searched.
 */
import { isJsonObject, type JsonObject } from '../service.ts';
import { invalid } from './validation.ts';

export type MetadataPredicate = (metadata: JsonObject) => boolean;

type Scalar = string | number | boolean;
type FieldTest = (value: unknown) => boolean;

const CONSTRAINTS_MAX = 100;
const DEPTH_MAX = 16;

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const scalar = (operand: unknown, operator: string): Scalar => {
  if (!isScalar(operand)) {
    throw invalid('filter', `${operator} takes a string, a number or a boolean.`);
  }
  return operand;
};

const numeric = (operand: unknown, operator: string): number => {
  if (typeof operand !== 'number') {
    throw invalid('filter', `${operator} takes a number.`);
  }
  return operand;
};

const scalars = (operand: unknown, operator: string): ReadonlySet<unknown> => {
  if (!Array.isArray(operand) || operand.length === 0 || !operand.every((entry) => isScalar(entry))) {
    throw invalid('filter', `${operator} takes a list of strings, numbers or booleans that is not empty.`);
  }
  return new Set<unknown>(operand);
};

const anyElement = (value: unknown, matches: FieldTest): boolean =>
  Array.isArray(value) ? value.some((element) => matches(element)) : matches(value);

const comparing =
  (compare: (value: number, bound: number) => boolean) =>
  (operand: unknown, operator: string): FieldTest => {
    const bound = numeric(operand, operator);
    return (value) => typeof value === 'number' && compare(value, bound);
  };

const equals = (operand: unknown, operator: string): FieldTest => {
  const wanted = scalar(operand, operator);
  return (value) => anyElement(value, (element) => element === wanted);
};

const isIn = (operand: unknown, operator: string): FieldTest => {
  const wanted = scalars(operand, operator);
  return (value) => anyElement(value, (element) => wanted.has(element));
};

const not =
  (compile: (operand: unknown, operator: string) => FieldTest) =>
  (operand: unknown, operator: string): FieldTest => {
    const test = compile(operand, operator);
    return (value) => !test(value);
  };

const startsWith = (operand: unknown, operator: string): FieldTest => {
  if (typeof operand !== 'string' || operand === '') {
    throw invalid('filter', `${operator} takes a string that is not empty.`);
  }
  return (value) => anyElement(value, (element) => typeof element === 'string' && element.startsWith(operand));
};

const exists = (operand: unknown, operator: string): FieldTest => {
  if (typeof operand !== 'boolean') {
    throw invalid('filter', `${operator} takes true or false.`);
  }
  return (value) => (value !== undefined) === operand;
};

const OPERATORS: Readonly<Record<string, (operand: unknown, operator: string) => FieldTest>> = {
  $eq: equals,
  $ne: not(equals),
  $gt: comparing((value, bound) => value > bound),
  $gte: comparing((value, bound) => value >= bound),
  $lt: comparing((value, bound) => value < bound),
  $lte: comparing((value, bound) => value <= bound),
  $in: isIn,
  $nin: not(isIn),
  $startsWith: startsWith,
  $exists: exists,
};

class FilterCompiler {
  readonly #nonFilterableKeys: ReadonlySet<string>;
  #constraints = 0;

  constructor(nonFilterableKeys: ReadonlySet<string>) {
    this.#nonFilterableKeys = nonFilterableKeys;
  }

  compile(filter: unknown, depth = 0): MetadataPredicate {
    if (!isJsonObject(filter) || Object.keys(filter).length === 0) {
      throw invalid('filter', 'must be a JSON object that is not empty.');
    }
    if (depth > DEPTH_MAX) {
      throw invalid('filter', `is nested deeper than ${DEPTH_MAX} levels.`);
    }
    const parts = Object.entries(filter).map(([key, value]) => this.#entry(key, value, depth));
    return (metadata) => parts.every((part) => part(metadata));
  }

  #entry(key: string, value: unknown, depth: number): MetadataPredicate {
    if (key === '$and' || key === '$or') {
      return this.#combined(key, value, depth);
    }
    if (key.startsWith('$')) {
      throw invalid('filter', `has an unknown operator ${key}.`);
    }
    if (this.#nonFilterableKeys.has(key)) {
      throw invalid('filter', `names ${key}, which this index declares as non-filterable.`);
    }
    const tests = this.#fieldTests(value);
    return (metadata) => {
      const stored = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
      return tests.every((test) => test(stored));
    };
  }

  #combined(key: '$and' | '$or', value: unknown, depth: number): MetadataPredicate {
    if (!Array.isArray(value) || value.length === 0) {
      throw invalid('filter', `${key} takes a list of filters that is not empty.`);
    }
    const parts = value.map((part) => this.compile(part, depth + 1));
    return key === '$and'
      ? (metadata) => parts.every((part) => part(metadata))
      : (metadata) => parts.some((part) => part(metadata));
  }

  #fieldTests(value: unknown): readonly FieldTest[] {
    const constraints: JsonObject = isJsonObject(value) ? value : { $eq: value };
    const entries = Object.entries(constraints);
    if (entries.length === 0) {
      throw invalid('filter', 'has a field without a constraint.');
    }
    this.#constraints += entries.length;
    if (this.#constraints > CONSTRAINTS_MAX) {
      throw invalid('filter', `has more than ${CONSTRAINTS_MAX} constraints.`);
    }
    return entries.map(([operator, operand]) => {
      const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
      if (compile === undefined) {
        throw invalid('filter', `has an unknown operator ${operator}.`);
      }
      return compile(operand, operator);
    });
  }
}

export const compileFilter = (filter: unknown, nonFilterableKeys: ReadonlySet<string>): MetadataPredicate =>
  new FilterCompiler(nonFilterableKeys).compile(filter);
