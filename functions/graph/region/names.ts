/** How AWS writes Regions: codes, SDK constants, zones and short forms; and what a name is without them. */

const CODE =
  '(?:us-gov|us-iso[a-z]?|us|eu-isoe|eusc-de|eu|ap|sa|ca|me|af|il|mx|cn)-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]';

export const REGION_PATTERN = CODE;

const WHOLE = new RegExp(`^${CODE}$`, 'u');
const ZONE = new RegExp(`^(?<region>${CODE})[a-f]$`, 'u');

export const isRegion = (text: string): boolean => WHOLE.test(text);

/** The Region of `us-east-1a`; undefined where the text is no zone. */
export const regionOfZone = (text: string): string | undefined => ZONE.exec(text)?.groups?.['region'];

const CONSTANT =
  /^(?<area>us_?gov(?:_?cloud)?|us|eu|ap|sa|ca|me|af|il|mx|cn)_?(?<side>north|south|east|west|central|northeast|northwest|southeast|southwest)_?(?<number>[1-9])$/iu;

/** `US_EAST_1`, `USEast1`, `UsEast1`, `us_east_1`. */
export const regionOfConstant = (text: string): string | undefined => {
  const { area, side, number } = CONSTANT.exec(text)?.groups ?? {};
  if (area === undefined || side === undefined || number === undefined) {
    return undefined;
  }
  const code = `${area.toLowerCase().replace(/^us_?gov(?:_?cloud)?$/u, 'us-gov')}-${side.toLowerCase()}-${number}`;
  return isRegion(code) ? code : undefined;
};

const SHORT = /^(?<area>us|eu|ap|sa|ca|me|af|il|mx)(?<side>ne|nw|se|sw|n|s|e|w|c)(?<number>[1-9])$/u;
const SIDES: Readonly<Record<string, string>> = {
  n: 'north',
  s: 'south',
  e: 'east',
  w: 'west',
  c: 'central',
  ne: 'northeast',
  nw: 'northwest',
  se: 'southeast',
  sw: 'southwest',
};

/** The Region of `use1`, as some hosts write it. */
export const regionOfShort = (text: string): string | undefined => {
  const { area, side, number } = SHORT.exec(text)?.groups ?? {};
  const code = `${area ?? ''}-${SIDES[side ?? ''] ?? ''}-${number ?? ''}`;
  return isRegion(code) ? code : undefined;
};

export type Partition = 'aws' | 'aws-us-gov' | 'aws-cn';

export const partitionOf = (region: string): Partition => {
  if (region.startsWith('us-gov-')) {
    return 'aws-us-gov';
  }
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
};

const TOKENS = new RegExp(
  `${CODE}|${CODE.replaceAll('-', '_')}|\\b(?:us|eu|ap|sa|ca|me|af|il|mx)[nsewc]{1,2}[1-9]\\b`,
  'giu',
);
const WORDS =
  /(?:^|[-_./])(?:east|west|north|south|central|primary|secondary|main|dr|failover|standby|passive|active|replica|peer)\d?(?=$|[-_./])/giu;

/** A name without what says only where: two of them that are equal are the same thing in two places. */
export const withoutRegion = (name: string): string =>
  name
    .replaceAll('_', '-')
    .replaceAll(TOKENS, '')
    .replaceAll(WORDS, '')
    .replaceAll(/[-_]{2,}/gu, '-')
    .replaceAll(/(?<=^|[./])[-_]+|[-_]+(?=$|[./])/gu, '');
