/**
 * Reads stack settings one by one and keeps every mistake, so that a person mends all of them in one go and before any
 * resource exists. Each mistake is one line: which setting, what is wrong with it, and the command that mends it.
 */

export type Parsed<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'wrong'; readonly whys: readonly string[] };

export interface Setting<T> {
  /** With its namespace, for instance `twinmap:role`. */
  readonly key: string;
  /** Completes "is missing: it says …". */
  readonly meaning: string;
  /** What to type after `pulumi config set`. */
  readonly mend: string;
  readonly parse: (text: string) => Parsed<T>;
}

export const value = <T>(parsed: T): Parsed<T> => ({ kind: 'value', value: parsed });

export const wrong = (...whys: readonly string[]): { readonly kind: 'wrong'; readonly whys: readonly string[] } => ({
  kind: 'wrong',
  whys,
});

export class SettingReader {
  readonly #values: Readonly<Record<string, string>>;
  readonly #read = new Set<string>();
  readonly #problems: string[] = [];

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = values;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** `key` is what is wrong, `mend` what to type after `pulumi config set`. */
  problem(key: string, why: string, mend: string): void {
    this.#problems.push(`${key} ${why}. Mend it: pulumi config set ${mend}`);
  }

  /** For what no single setting mends: the sentence says itself what does. */
  refuse(sentence: string): void {
    this.#problems.push(sentence);
  }

  /** An empty text counts as absent: `Pulumi.yaml` has no other way to make a setting optional. */
  has(key: string): boolean {
    return this.#textOf(key) !== undefined;
  }

  /** For what one setting means to another; says nothing of whether the text is right. */
  says(key: string, text: string): boolean {
    return this.#textOf(key) === text;
  }

  required<T>(setting: Setting<T>): T | undefined {
    if (!this.has(setting.key)) {
      this.#read.add(setting.key);
      this.problem(setting.key, `is missing: it says ${setting.meaning}`, setting.mend);
      return undefined;
    }
    return this.optional(setting);
  }

  /** Undefined where the setting is absent, and where it is wrong (which is kept as a problem). */
  optional<T>(setting: Setting<T>): T | undefined {
    this.#read.add(setting.key);
    const text = this.#textOf(setting.key);
    if (text === undefined) {
      return undefined;
    }
    const parsed = setting.parse(text);
    if (parsed.kind === 'value') {
      return parsed.value;
    }
    for (const why of parsed.whys) {
      this.problem(setting.key, why, setting.mend);
    }
    return undefined;
  }

  withDefault<T>(setting: Setting<T>, fallback: T): T | undefined {
    if (!this.has(setting.key)) {
      this.#read.add(setting.key);
      return fallback;
    }
    return this.optional(setting);
  }

  #textOf(key: string): string | undefined {
    const text = this.#values[key]?.trim();
    return text === '' ? undefined : text;
  }

  /** Refuses what nobody has read: a mistyped key would otherwise be a setting that silently does nothing. */
  refuseUnknown(namespaces: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      const [namespace = ''] = key.split(':');
      if (namespaces.includes(namespace) && !this.#read.has(key)) {
        const near = closest(key, [...this.#read]);
        const hint = near === undefined ? '' : `; did you mean ${near}?`;
        this.#problems.push(`${key} is not a setting of this program${hint}. Mend it: pulumi config rm ${key}`);
      }
    }
  }
}

/** The known key that differs in at most three places; nothing when none is that near. */
const closest = (key: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((left, right) => left.distance - right.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= 3 ? best.candidate : undefined;
};

const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (row[column] ?? 0) + (from[index] === to[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
