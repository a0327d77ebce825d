/**
 * What somebody shows who breaks the glass: a signed question to the STS of this Region, "who am I?". Only STS can check the
 * signature, and its answer is the name. The signature covers a header that names this product, the account of the install and the
 * Region, so that what was signed for another service is worth nothing here, and what was signed for here is worth nothing elsewhere:
 * an account has one install in a Region, and whoever is listed at two of them shows neither what the other one takes.
 */
export const PROOF_SCHEME = 'TwinmapIam';

/** The header that the signature covers. */
export const PROOF_HEADER = 'x-twinmap-for';

export interface ProofPlace {
  /** Of the install: where its function is, and not of who asks. */
  readonly account: string;
  readonly region: string;
}

export const proofAudience = ({ account, region }: ProofPlace): string => `twinmap/${account}/${region}`;

/** Of a question that somebody asks for themselves: no install takes it. */
export const SELF_AUDIENCE = 'twinmap/self';

export const PROOF_QUERY: Readonly<Record<string, string>> = { Action: 'GetCallerIdentity', Version: '2011-06-15' };

const TOKEN = /^twinmapiam +(?<proof>[\w-]{1,6000})$/iu;

/** The signed query of an `authorization` header; undefined where it shows none. */
export const proofIn = (authorization: string): string | undefined =>
  TOKEN.exec(authorization.trim())?.groups?.['proof'];

export const isProof = (authorization: string): boolean => /^twinmapiam\s/iu.test(authorization.trim());

/** `arn:aws:sts::1:assumed-role/oncall/ada` is the role `arn:aws:iam::1:role/oncall`, whichever path that has. */
const ASSUMED = /^arn:(?<partition>[\w-]+):sts::(?<account>\d{12}):assumed-role\/(?<role>[^/]+)\/(?<session>.+)$/u;
const OWN = /^arn:(?<partition>[\w-]+):iam::(?<account>\d{12}):(?<kind>role|user)\/(?:.*\/)?(?<name>[^/]+)$/u;

/** Undefined where it is no ARN of an account. */
export const accountIn = (arn: string): string | undefined =>
  /^arn:[\w-]+:[\w-]+:[\w-]*:(?<account>\d{12}):/u.exec(arn)?.groups?.['account'];

/** Partition, account, kind and name: what an assumed role and its role have in common. Undefined where it is neither role nor user. */
export const principalNamed = (arn: string): string | undefined => {
  const assumed = ASSUMED.exec(arn)?.groups;
  if (assumed !== undefined) {
    return [assumed['partition'], assumed['account'], 'role', assumed['role']].join(':');
  }
  const own = OWN.exec(arn)?.groups;
  return own === undefined ? undefined : [own['partition'], own['account'], own['kind'], own['name']].join(':');
};
