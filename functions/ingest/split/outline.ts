/**
 * What a document's parts are called: a tree of headings or declarations that grows while its lines are read. A node is a
 * number, so that every line can carry one; 0 is the document itself and has no name.
 */

const NAME_CHARS_MAX = 80;
/** Of parts that were merged into one chunk, this many are named. */
const SIBLINGS_MAX = 4;

export const ROOT = 0;

const HALF_CHARACTER_END = /[\uD800-\uDBFF]$/u;

/** At most so many code units, marked where something was left out; never half a surrogate pair. */
export const clip = (text: string, charsMax: number): string =>
  text.length <= charsMax
    ? text
    : `${text
        .slice(0, charsMax - 1)
        .replace(HALF_CHARACTER_END, '')
        .trimEnd()}…`;

/** One line of plain characters: names end in breadcrumbs, which people and models read. */
export const plainName = (text: string, charsMax = NAME_CHARS_MAX): string =>
  clip(text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim(), charsMax);

export class Outline {
  readonly #names: string[] = [''];
  readonly #parents: number[] = [ROOT];
  readonly #depths: number[] = [0];

  add(parent: number, name: string): number {
    this.#names.push(plainName(name));
    this.#parents.push(parent);
    this.#depths.push((this.#depths[parent] ?? 0) + 1);
    return this.#names.length - 1;
  }

  /** The names from the document down to this node. */
  pathTo(node: number): readonly string[] {
    const path: string[] = [];
    for (let at = node; at !== ROOT; at = this.#parents[at] ?? ROOT) {
      path.unshift(this.#names[at] ?? '');
    }
    return path.filter((name) => name !== '');
  }

  /** What all these nodes lie under, or are. */
  commonOf(nodes: readonly number[]): number {
    return nodes.reduce((left, right) => this.#common(left, right), nodes[0] ?? ROOT);
  }

  /**
   * The headings of a chunk that holds parts of these nodes: the path that all share and, where that names less than the
   * chunk holds (nothing but parts below it, or the document itself), the first few of them: `Setup > Install, Configure`.
   */
  headingsOf(nodes: readonly number[]): readonly string[] {
    const common = this.commonOf(nodes);
    const path = this.pathTo(common);
    if (common !== ROOT && nodes.includes(common)) {
      return path;
    }
    const depth = (this.#depths[common] ?? 0) + 1;
    const names = new Set(nodes.map((node) => this.#names[this.#ancestorAt(node, depth)] ?? ''));
    names.delete('');
    const shown = [...names].slice(0, SIBLINGS_MAX);
    const siblings = names.size > SIBLINGS_MAX ? [...shown, '…'] : shown;
    return siblings.length === 0 ? path : [...path, siblings.join(', ')];
  }

  #ancestorAt(node: number, depth: number): number {
    let at = node;
    while ((this.#depths[at] ?? 0) > depth) {
      at = this.#parents[at] ?? ROOT;
    }
    return at;
  }

  #common(left: number, right: number): number {
    const depth = Math.min(this.#depths[left] ?? 0, this.#depths[right] ?? 0);
    let a = this.#ancestorAt(left, depth);
    let b = this.#ancestorAt(right, depth);
    while (a !== b) {
      a = this.#parents[a] ?? ROOT;
      b = this.#parents[b] ?? ROOT;
    }
    return a;
  }
}
