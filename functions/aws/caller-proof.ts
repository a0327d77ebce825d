/** Makes the proof of who somebody is, with the credentials that the AWS SDK finds for them: no call is made. */
import { STSClient } from '@aws-sdk/client-sts';

import { PROOF_HEADER, PROOF_QUERY, PROOF_SCHEME } from '../domain/caller-proof.ts';
import { LIMITS } from '../domain/limits.ts';
import { signQuery } from './sigv4-query.ts';

export interface ProofRequest {
  readonly region: string;
  /** The host of STS as the Region's function calls it. */
  readonly stsHost: string;
  /** Whom it is for, as the signature covers it. */
  readonly audience: string;
  readonly atMs: number;
}

/** STS of one Region; the global endpoint is served from one Region for many. */
export const regionalStsHost = (region: string): string =>
  `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;

/** The signed query, as STS takes it. */
export const signCallerQuery = async ({ region, stsHost, audience, atMs }: ProofRequest): Promise<string> => {
  const credentials = await new STSClient({ region }).config.credentials();
  return signQuery(credentials, {
    service: 'sts',
    region,
    host: stsHost,
    query: PROOF_QUERY,
    headers: { [PROOF_HEADER]: audience },
    expiresSeconds: LIMITS.callerProofSeconds,
    atMs,
  });
};

/** The value of the `authorization` header. */
export const makeCallerProof = async (request: ProofRequest): Promise<string> => {
  const query = await signCallerQuery(request);
  return `${PROOF_SCHEME} ${Buffer.from(query).toString('base64url')}`;
};
