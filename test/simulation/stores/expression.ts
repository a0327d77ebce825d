/**
 * The part of DynamoDB's expression language that the production code uses: conditions, filters, key conditions, updates and
 * projections. Parsed once and kept. What is not understood is refused loudly: a guess would be a hole in the simulation.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;

export interface Bindings {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Item>;
}

export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

type Value = AttributeValue | undefined;
type Operand = (item: Item, bindings: Bindings) => Value;
export type Condition = (item: Item, bindings: Bindings) => boolean;
export type Update = (item: Item, bindings: Bindings) => Item;
export type Projection = (item: Item, bindings: Bindings) => Item;

const TOKEN = /\s*(?<token><>|<=|>=|[()=<>,]|[:#]?\w+)/uy;

class Tokens {
  readonly #tokens: string[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    const end = text.trimEnd().length;
    while (TOKEN.lastIndex < end) {
      const token = TOKEN.exec(text)?.groups?.['token'];
      if (token === undefined) {
        throw new ExpressionError(`the simulated table does not understand: ${text}`);
      }
      this.#tokens.push(token);
    }
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  isWord(word: string): boolean {
    return this.peek()?.toUpperCase() === word;
  }

  next(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token ?? this.fail();
  }

  take(expected: string): boolean {
    const found = this.isWord(expected);
    this.#at += found ? 1 : 0;
    return found;
  }

  expect(expected: string): void {
    if (!this.take(expected)) {
      this.fail();
    }
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  fail(): never {
    throw new ExpressionError(`the simulated table does not understand: ${this.#text}`);
  }
}

/** Reserved words that the production code has to name with `#`; the real service refuses them. */
const RESERVED = new Set(['DATA', 'ORDER', 'NAME', 'VALUE', 'STATUS', 'KEY', 'KEYS', 'TTL', 'REGION', 'TABLE']);

const attributeName = (token: string, bindings: Bindings): string =>
  token.startsWith('#') ? (bindings.names[token] ?? '') : token;

const checkedAttribute = (token: string, tokens: Tokens): string =>
  !/^#?[A-Za-z_]\w*$/u.test(token) || RESERVED.has(token.toUpperCase()) ? tokens.fail() : token;

const parseOperand = (tokens: Tokens): Operand => {
  const token = tokens.next();
  if (token.startsWith(':')) {
    return (_item, { values }) => {
      const value = values[token];
      if (value === undefined) {
        throw new ExpressionError(`the value ${token} is not given`);
      }
      return value;
    };
  }
  const name = checkedAttribute(token, tokens);
  return (item, bindings) => item[attributeName(name, bindings)];
};

/** Undefined where two values have no order: another type, or one that is not there. */
const compare = (left: Value, right: Value): number | undefined => {
  if (left?.S !== undefined && right?.S !== undefined) {
    return left.S < right.S ? -1 : Number(left.S > right.S);
  }
  if (left?.N !== undefined && right?.N !== undefined) {
    return Math.sign(Number(left.N) - Number(right.N));
  }
  return left?.BOOL !== undefined && left.BOOL === right?.BOOL ? 0 : undefined;
};

const COMPARATORS: Readonly<Record<string, (order: number | undefined) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order === -1,
  '<=': (order) => order === -1 || order === 0,
  '>': (order) => order === 1,
  '>=': (order) => order === 1 || order === 0,
};

const parseFunction = (name: string, tokens: Tokens): Condition => {
  tokens.expect('(');
  const first = parseOperand(tokens);
  if (name === 'begins_with') {
    tokens.expect(',');
    const second = parseOperand(tokens);
    tokens.expect(')');
    return (item, bindings) => {
      const prefix = second(item, bindings)?.S;
      return prefix !== undefined && first(item, bindings)?.S?.startsWith(prefix) === true;
    };
  }
  tokens.expect(')');
  const exists: Condition = (item, bindings) => first(item, bindings) !== undefined;
  return name === 'attribute_exists' ? exists : (item, bindings) => !exists(item, bindings);
};

const FUNCTIONS = new Set(['attribute_exists', 'attribute_not_exists', 'begins_with']);

const parseBetween = (operand: Operand, tokens: Tokens): Condition => {
  const low = parseOperand(tokens);
  tokens.expect('AND');
  const high = parseOperand(tokens);
  return (item, bindings) => {
    const value = operand(item, bindings);
    const [above, below] = [compare(low(item, bindings), value), compare(value, high(item, bindings))];
    return (above === -1 || above === 0) && (below === -1 || below === 0);
  };
};

const parseIn = (operand: Operand, tokens: Tokens): Condition => {
  tokens.expect('(');
  const choices = [parseOperand(tokens)];
  while (tokens.take(',')) {
    choices.push(parseOperand(tokens));
  }
  tokens.expect(')');
  return (item, bindings) => choices.some((choice) => compare(operand(item, bindings), choice(item, bindings)) === 0);
};

const parseComparison = (tokens: Tokens): Condition => {
  const token = tokens.peek() ?? tokens.fail();
  if (FUNCTIONS.has(token)) {
    tokens.next();
    return parseFunction(token, tokens);
  }
  const left = parseOperand(tokens);
  if (tokens.take('BETWEEN')) {
    return parseBetween(left, tokens);
  }
  if (tokens.take('IN')) {
    return parseIn(left, tokens);
  }
  const comparator = COMPARATORS[tokens.next()] ?? tokens.fail();
  const right = parseOperand(tokens);
  return (item, bindings) => {
    const [one, other] = [left(item, bindings), right(item, bindings)];
    // As in DynamoDB: a comparison with an attribute that is not there is false, `<>` included.
    return one !== undefined && other !== undefined && comparator(compare(one, other));
  };
};

const parseTerm = (tokens: Tokens): Condition => {
  if (tokens.take('NOT')) {
    const term = parseTerm(tokens);
    return (item, bindings) => !term(item, bindings);
  }
  if (tokens.take('(')) {
    const inner = parseOr(tokens);
    tokens.expect(')');
    return inner;
  }
  return parseComparison(tokens);
};

const parseAnd = (tokens: Tokens): Condition => {
  const terms = [parseTerm(tokens)];
  while (tokens.take('AND')) {
    terms.push(parseTerm(tokens));
  }
  return (item, bindings) => terms.every((term) => term(item, bindings));
};

const parseOr = (tokens: Tokens): Condition => {
  const terms = [parseAnd(tokens)];
  while (tokens.take('OR')) {
    terms.push(parseAnd(tokens));
  }
  return (item, bindings) => terms.some((term) => term(item, bindings));
};

type Change = (before: Item, after: Item, bindings: Bindings) => void;

const parseSet = (tokens: Tokens): Change => {
  const name = checkedAttribute(tokens.next(), tokens);
  tokens.expect('=');
  if (tokens.take('IF_NOT_EXISTS')) {
    tokens.expect('(');
    const current = parseOperand(tokens);
    tokens.expect(',');
    const otherwise = parseOperand(tokens);
    tokens.expect(')');
    return (before, after, bindings) => {
      const value = current(before, bindings) ?? otherwise(before, bindings);
      after[attributeName(name, bindings)] = value ?? tokens.fail();
    };
  }
  const operand = parseOperand(tokens);
  return (before, after, bindings) => {
    after[attributeName(name, bindings)] = operand(before, bindings) ?? tokens.fail();
  };
};

const parseRemove = (tokens: Tokens): Change => {
  const name = checkedAttribute(tokens.next(), tokens);
  return (_before, after, bindings) => {
    // oxlint-disable-next-line typescript/no-dynamic-delete -- an item is a bag of attributes
    delete after[attributeName(name, bindings)];
  };
};

const parseChanges = (tokens: Tokens): Change[] => {
  const changes: Change[] = [];
  while (!tokens.isDone) {
    const parse = tokens.take('SET') ? parseSet : tokens.take('REMOVE') ? parseRemove : tokens.fail();
    do {
      changes.push(parse(tokens));
    } while (tokens.take(','));
  }
  return changes;
};

const kept = <T>(parse: (tokens: Tokens) => T): ((text: string) => T) => {
  const cache = new Map<string, T>();
  return (text) => {
    const known = cache.get(text);
    if (known !== undefined) {
      return known;
    }
    const tokens = new Tokens(text);
    const parsed = parse(tokens);
    if (!tokens.isDone) {
      tokens.fail();
    }
    cache.set(text, parsed);
    return parsed;
  };
};

export const parseCondition: (text: string) => Condition = kept(parseOr);

export const parseUpdate: (text: string) => Update = kept((tokens) => {
  const changes = parseChanges(tokens);
  return (item: Item, bindings: Bindings): Item => {
    const after = { ...item };
    for (const change of changes) {
      change(item, after, bindings);
    }
    return after;
  };
});

export const parseProjection: (text: string) => Projection = kept((tokens) => {
  const names = [checkedAttribute(tokens.next(), tokens)];
  while (tokens.take(',')) {
    names.push(checkedAttribute(tokens.next(), tokens));
  }
  return (item: Item, bindings: Bindings): Item => {
    const projected: Item = {};
    for (const name of names) {
      const attribute = attributeName(name, bindings);
      const value = item[attribute];
      if (value !== undefined) {
        projected[attribute] = value;
      }
    }
    return projected;
  };
});
