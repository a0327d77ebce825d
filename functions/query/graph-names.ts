/** Names that are near a name which nobody knows: of what the caller may read, and of nothing else. */

const NEAR_MAX = 5;
const DISTANCE_MAX = 3;

/** How many letters have to change; gives up early where that is more than `most`. */
const distance = (left: string, right: string, most: number): number => {
  if (Math.abs(left.length - right.length) > most) {
    return most + 1;
  }
  let before = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let row = 1; row <= left.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left.charAt(row - 1) === right.charAt(column - 1) ? 0 : 1;
      now.push(Math.min((before[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1, (before[column - 1] ?? 0) + same));
    }
    before = now;
  }
  return before.at(-1) ?? most + 1;
};

/**
 * The name that somebody means: as it is written, as a catalog refers to it (`component:default/orders`), or in other letters where
 * only one is spelt so. What is asked in a hurry is answered, and what could mean two things is not.
 */
export const meantName = (asked: string, names: readonly string[]): string | undefined => {
  const plain = asked.trim().replace(/^(?:component:)?(?:default\/)?/iu, '');
  const exact = [asked, plain].find((name) => names.includes(name));
  const alike = names.filter((name) => name.toLowerCase() === plain.toLowerCase());
  return exact ?? (alike.length === 1 ? alike[0] : undefined);
};

/** The nearest first. */
export const nearNames = (wanted: string, names: readonly string[]): readonly string[] => {
  const asked = wanted.toLowerCase();
  return names
    .map((name) => {
      const own = name.toLowerCase();
      const isPart = asked.length > 2 && (own.includes(asked) || asked.includes(own));
      return { name, far: isPart ? 1 : distance(asked, own, DISTANCE_MAX) };
    })
    .filter(({ far }) => far <= DISTANCE_MAX)
    .toSorted((left, right) => left.far - right.far || (left.name < right.name ? -1 : 1))
    .slice(0, NEAR_MAX)
    .map(({ name }) => name);
};
