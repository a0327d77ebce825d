/**
 * What somebody shows who breaks the glass: a signed question to the STS of this Region, "who am I?". Only STS can check the
 * signature, and its answer is the name. The signature covers a header that names this Region of this product, so that what was
 * signed for another service is worth nothing here, and what was signed for here is worth nothing elsewhere.
 */
export const PROOF_SCHEME = 'TwinmapIam';

/** The header that the signature covers. */
export const PROOF_HEADER = 'x-twinmap-for';

export const proofAudience = (region: string): string => `twinmap/${region}`;

export const PROOF_QUERY: Readonly<Record<string, string>> = { Action: 'GetCallerIdentity', Version: '2011-06-15' };

const TOKEN = /^twinmapiam +(?<proof>[\w-]{1,6000})$/iu;

/** The signed query of an `authorization` header; undefined where it shows none. */
export const proofIn = (authorization: string): string | undefined =>
  TOKEN.exec(authorization.trim())?.groups?.['proof'];

export const isProof = (authorization: string): boolean => /^twinmapiam\s/iu.test(authorization.trim());

/** `arn:aws:sts::1:assumed-role/oncall/ada` is the role `arn:aws:iam::1:role/oncall`, whichever path that has. */
const ASSUMED = /^arn:(?<partition>[\w-]+):sts::(?<account>\d{12}):assumed-role\/(?<role>[^/]+)\/(?<session>.+)$/u;
const OWN = /^arn:(?<partition>[\w-]+):iam::(?<account>\d{12}):(?<kind>role|user)\/(?:.*\/)?(?<name>[^/]+)$/u;

/** Partition, account, kind and name: what an assumed role and its role have in common. Undefined where it is neither role nor user. */
export const principalNamed = (arn: string): string | undefined => {
  const assumed = ASSUMED.exec(arn)?.groups;
  if (assumed !== undefined) {
    return [assumed['partition'], assumed['account'], 'role', assumed['role']].join(':');
  }
  const own = OWN.exec(arn)?.groups;
  return own === undefined ? undefined : [own['partition'], own['account'], own['kind'], own['name']].join(':');
};
