/** JSON with the line of each key and item; the text is known to be JSON. */
import { LIMITS } from '../../domain/limits.ts';

export type LinedJson = { readonly line: number } & (
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly LinedJson[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, LinedJson])[] }
);

const TOKEN = /[[\]{}:,]|"(?:[^"\\]|\\.)*"|[^\s[\]{}:,"]+|\n/gu;

interface Token {
  readonly text: string;
  readonly line: number;
}

const tokensOf = (text: string): readonly Token[] => {
  let line = 1;
  const tokens: Token[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') {
      line += 1;
    } else if (token !== ',' && token !== ':') {
      tokens.push({ text: token, line });
    }
  }
  return tokens;
};

const scalarOf = (text: string): string | number | boolean | null => {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #next(): Token {
    const token = this.#tokens[this.#at] ?? { text: 'null', line: 1 };
    this.#at += 1;
    return token;
  }

  #ends(bracket: string): boolean {
    const isEnd = this.#at >= this.#tokens.length || this.#tokens[this.#at]?.text === bracket;
    this.#at += isEnd ? 1 : 0;
    return isEnd;
  }

  value(depth = 0): LinedJson {
    const { text, line } = this.#next();
    if (depth > LIMITS.graphDepthMax) {
      throw new SyntaxError('nested too deeply');
    }
    if (text === '[') {
      const items: LinedJson[] = [];
      while (!this.#ends(']')) {
        items.push(this.value(depth + 1));
      }
      return { kind: 'list', items, line };
    }
    if (text === '{') {
      const entries: (readonly [string, LinedJson])[] = [];
      while (!this.#ends('}')) {
        const key = this.#next();
        const value = this.value(depth + 1);
        entries.push([String(scalarOf(key.text)), { ...value, line: key.line }]);
      }
      return { kind: 'object', entries, line };
    }
    return { kind: 'scalar', value: scalarOf(text), line };
  }
}

/** Throws what `JSON.parse` throws, where the text is none. */
export const readLinedJson = (text: string): LinedJson => {
  JSON.parse(text);
  return new Reader(tokensOf(text)).value();
};
