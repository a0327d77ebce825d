/**
 * The part of CloudWatch's metric math that the alarms use: + - * /, comparisons, FILL and IF over time series. A missing value
 * makes the result missing, FILL puts its number there, and what is divided by zero has no value.
 */
import type { Value } from './series.ts';

type Series = readonly Value[];

const TOKEN = /\s*(?<token>\d+(?:\.\d+)?|[a-z]\w*|FILL|IF|[()+\-*/<>,])/uy;

const tokensOf = (text: string): readonly string[] => {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text)?.groups?.['token'];
    if (found === undefined) {
      throw new Error(`not an expression that this evaluator knows: ${text}`);
    }
    tokens.push(found);
  }
  return tokens;
};

const OPERATORS: Readonly<Record<string, (left: number, right: number) => Value>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => (right === 0 ? undefined : left / right),
  '>': (left, right) => Number(left > right),
  '<': (left, right) => Number(left < right),
};

/** From the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ['<', '>'],
  ['+', '-'],
  ['*', '/'],
];

class Parser {
  readonly #tokens: readonly string[];
  readonly #known: ReadonlyMap<string, Series>;
  readonly #length: number;
  #place = 0;

  constructor(text: string, known: ReadonlyMap<string, Series>, length: number) {
    this.#tokens = tokensOf(text);
    this.#known = known;
    this.#length = length;
  }

  parse(): Series {
    const result = this.#level(0);
    if (this.#place !== this.#tokens.length) {
      throw new Error(`unexpected ${this.#tokens[this.#place] ?? ''}`);
    }
    return result;
  }

  #level(depth: number): Series {
    const operators = LEVELS[depth];
    if (operators === undefined) {
      return this.#operand();
    }
    let left = this.#level(depth + 1);
    for (let token = this.#tokens[this.#place]; token !== undefined && operators.includes(token);) {
      const operator = OPERATORS[token];
      this.#place += 1;
      const right = this.#level(depth + 1);
      const before = left;
      left = before.map((value, place) => {
        const other = right[place];
        return value === undefined || other === undefined ? undefined : operator?.(value, other);
      });
      token = this.#tokens[this.#place];
    }
    return left;
  }

  #operand(): Series {
    const token = this.#next();
    if (token === '(') {
      const inner = this.#level(0);
      this.#expect(')');
      return inner;
    }
    if (token === 'FILL' || token === 'IF') {
      return this.#call(token);
    }
    const known = this.#known.get(token);
    if (known === undefined && !/^\d/u.test(token)) {
      throw new Error(`nothing is called ${token}`);
    }
    return known ?? Array.from({ length: this.#length }, () => Number(token));
  }

  #call(name: 'FILL' | 'IF'): Series {
    this.#expect('(');
    const first = this.#level(0);
    this.#expect(',');
    const second = this.#level(0);
    if (name === 'FILL') {
      this.#expect(')');
      return first.map((value, place) => value ?? second[place]);
    }
    this.#expect(',');
    const third = this.#level(0);
    this.#expect(')');
    return first.map((value, place) => {
      if (value === undefined) {
        return undefined;
      }
      return value === 0 ? third[place] : second[place];
    });
  }

  #next(): string {
    const token = this.#tokens[this.#place];
    this.#place += 1;
    if (token === undefined) {
      throw new Error('the expression ends too early');
    }
    return token;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) {
      throw new Error(`expected ${token} and found ${found}`);
    }
  }
}

export const evaluateMath = (text: string, known: ReadonlyMap<string, Series>, length: number): Series =>
  new Parser(text, known, length).parse();
