/** Which stack this is: role, Region, account, and the peer where there is one. */
import { parseRegion, type RegionName, type Role, ROLES } from '../../functions/domain/region.ts';
import { iamArn, namesOf, partitionOf, peerRoleArn } from '../names.ts';
import { matching, oneOf } from './parsers.ts';
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface IdentitySettings {
  readonly role: Role;
  readonly region: RegionName;
  readonly accountId: string;
  /** Absent: a single-Region install, where the second write does not exist. */
  readonly peerRegion?: RegionName;
  /** Where the peer is in another account: what the functions become there. */
  readonly peerAccount?: PeerAccount;
}

export interface PeerAccount {
  readonly accountId: string;
  readonly roleArn: string;
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

const ACCOUNT_ID = /^\d{12}$/u;
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/u;

/** A name becomes a role of the peer's account; an ARN must be of that account, and of this partition. */
const roleArnIn =
  (region: RegionName, accountId: string) =>
  (text: string): Parsed<string> => {
    const start = iamArn(namesOf(region, accountId), 'role/');
    if (text.startsWith('arn:')) {
      return text.startsWith(start) && text.length > start.length
        ? value(text)
        : wrong(`is not a role of the peer's account: it must start with ${start}`);
    }
    return ROLE_NAME.test(text)
      ? value(`${start}${text}`)
      : wrong(`is ${JSON.stringify(text)}, which is no role's name`);
  };

const readPeerAccount = (
  reader: SettingReader,
  own: string | undefined,
  peerRegion: RegionName | undefined,
): PeerAccount | undefined => {
  const accountId = reader.optional({
    key: 'twinmap:peerAccountId',
    meaning: 'which account the peer is in, where it is not this one',
    mend: 'twinmap:peerAccountId 444455556666',
    parse: matching(ACCOUNT_ID, 'an account id of 12 digits'),
  });
  const roleArn = reader.optional({
    key: 'twinmap:peerRoleName',
    meaning: "which role of the peer's account the functions take on there",
    mend: 'twinmap:peerRoleName <name or ARN of the role>',
    parse: peerRegion === undefined || accountId === undefined ? value : roleArnIn(peerRegion, accountId),
  });
  if (accountId !== undefined && accountId === own) {
    const why = `is ${accountId}, the account of this very stack: inside one account no other role is needed`;
    reader.problem('twinmap:peerAccountId', why, "twinmap:peerAccountId ''");
  }
  for (const key of ['twinmap:peerAccountId', 'twinmap:peerRoleName']) {
    if (reader.has(key) && !reader.has('twinmap:peerRegion')) {
      reader.problem(key, 'is set, but the stack has no peer', 'twinmap:peerRegion <the other Region>');
    }
  }
  if (reader.has('twinmap:peerRoleName') && !reader.has('twinmap:peerAccountId')) {
    const why = 'is set, but the peer is in this account, where functions need no other role';
    reader.problem('twinmap:peerRoleName', why, 'twinmap:peerAccountId <the account of the peer>');
  }
  return accountId === undefined || peerRegion === undefined
    ? undefined
    : { accountId, roleArn: roleArn ?? peerRoleArn(namesOf(peerRegion, accountId)) };
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
    parse: matching(ACCOUNT_ID, 'an account id of 12 digits'),
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
  const peerAccount = readPeerAccount(reader, accountId, peerRegion);
  if (role === undefined || region === undefined || accountId === undefined) {
    return undefined;
  }
  return {
    role,
    region,
    accountId,
    ...(peerRegion === undefined ? {} : { peerRegion }),
    ...(peerAccount === undefined ? {} : { peerAccount }),
  };
};
