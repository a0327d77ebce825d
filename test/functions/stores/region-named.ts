/** A Region by its name, for tests that make one up. */
import { parseRegion, type RegionName } from '../../../functions/domain/region.ts';

export const regionNamed = (text: string): RegionName => {
  const region = parseRegion(text);
  if (region === undefined) {
    throw new TypeError(`${text} is no Region`);
  }
  return region;
};
