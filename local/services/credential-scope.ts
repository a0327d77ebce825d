/**
 * Reads the SigV4 credential scope of a request: which Region and service the client meant, and who signed. It is how one
 * port serves a whole Region, and how a client of the wrong Region is found out. Signatures themselves are not verified:
 * the stand-ins hold no secrets.
 */

export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const HEADER_PATTERN = /^AWS4-[A-Z0-9-]+\s.*Credential=(?<credential>[^,\s]+)/u;

export const parseScope = (
  authorization: string | undefined,
  presigned: string | undefined,
): CredentialScope | undefined => {
  const credential =
    authorization === undefined ? presigned : HEADER_PATTERN.exec(authorization)?.groups?.['credential'];
  const [accessKeyId, , region, service, terminator] = credential?.split('/') ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined || terminator !== 'aws4_request') {
    return undefined;
  }
  return { accessKeyId, region, service };
};
