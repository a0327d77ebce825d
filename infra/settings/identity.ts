/** Which stack this is: role, Region, account, and the peer where there is one. */
import { parseRegion, type RegionName, type Role, ROLES } from '../../functions/domain/region.ts';
import { partitionOf } from '../names.ts';
import { matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface IdentitySettings {
  readonly role: Role;
  readonly region: RegionName;
  readonly accountId: string;
  /** Absent: a single-Region install, where the second write does not exist. */
  readonly peerRegion?: RegionName;
}

const regionText = (text: string): Parsed<RegionName> => {
  const region = parseRegion(text);
  return region === undefined
    ? wrong(`is ${JSON.stringify(text)}, which is not a Region name such as us-east-2`)
    : value(region);
};

const checkPair = (reader: SettingReader, region: RegionName, peerRegion: RegionName): void => {
  if (region === peerRegion) {
    const why = `is ${peerRegion}, the Region of this very stack: a copy beside the original is lost with it`;
    reader.problem('twinmap:peerRegion', why, 'twinmap:peerRegion <the other Region>');
  }
  if (partitionOf(region) !== partitionOf(peerRegion)) {
    const why = `is ${peerRegion} in partition ${partitionOf(peerRegion)}, but ${region} is in ${partitionOf(region)}: no credential is valid in both`;
    reader.problem('twinmap:peerRegion', why, `twinmap:peerRegion <a Region of ${partitionOf(region)}>`);
  }
};

export const readIdentity = (reader: SettingReader): IdentitySettings | undefined => {
  const role = reader.required({
    key: 'twinmap:role',
    meaning: 'which of the two stacks this is',
    mend: 'twinmap:role primary',
    parse: oneOf(ROLES),
  });
  const region = reader.required({
    key: 'aws:region',
    meaning: 'which Region this stack is made in',
    mend: 'aws:region us-east-2',
    parse: regionText,
  });
  const accountId = reader.required({
    key: 'twinmap:accountId',
    meaning: 'which account the stack belongs to, so that a wrong profile changes nothing',
    mend: 'twinmap:accountId 111122223333',
    parse: matching(/^\d{12}$/u, 'an account id of 12 digits'),
  });
  const peerRegion = reader.optional({
    key: 'twinmap:peerRegion',
    meaning: 'which Region holds the other copy',
    mend: 'twinmap:peerRegion us-west-2',
    parse: regionText,
  });
  if (region !== undefined && peerRegion !== undefined) {
    checkPair(reader, region, peerRegion);
  }
  if (role === undefined || region === undefined || accountId === undefined) {
    return undefined;
  }
  return { role, region, accountId, ...(peerRegion === undefined ? {} : { peerRegion }) };
};
