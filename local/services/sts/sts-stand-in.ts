/**
 * STS of one local Region, as far as taking on a role goes: the query protocol of AssumeRole. Whether the caller may is asked of its own
 * policy before, and of the role's trust here; on AWS both must say yes across accounts, and neither tells which one did not.
 */
import { parseScope } from '../credential-scope.ts';
import { type ServiceBackend, type ServiceReply, type ServiceRequest, WireError } from '../service.ts';

/** Undefined where the role does not exist or does not trust the caller: AWS tells neither from the other. */
export type AssumeRole = (accessKeyId: string, roleArn: string) => Assumed | undefined;

export interface Assumed {
  readonly accessKeyId: string;
  /** `arn:…:assumed-role/<role>/<session>` without the session. */
  readonly sessionArnStart: string;
}

export interface StsRoles {
  readonly assume: AssumeRole;
  /** The caller, as a refusal names it. */
  readonly nameOf: (accessKeyId: string) => string;
}

export interface StsOptions extends StsRoles {
  readonly accountId: string;
  readonly now: () => number;
}

const BODY_BYTES_MAX = 64 * 1024;
const SECONDS_MIN = 900;
/** For whoever is a role already; only users may have more. */
const SECONDS_MAX = 3600;
const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/u;

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);

const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

const invalid = (message: string): WireError => new WireError(400, 'ValidationError', message);

const fieldsOf = ({ body }: ServiceRequest): URLSearchParams => new URLSearchParams(body.toString('utf8'));

const callerOf = ({ headers, query }: ServiceRequest): string =>
  parseScope(headers.authorization, query.get('X-Amz-Credential') ?? undefined)?.accessKeyId ?? '';

const secondsOf = (fields: URLSearchParams): number => {
  const seconds = Number(fields.get('DurationSeconds') ?? SECONDS_MAX);
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
    throw invalid(
      `The requested DurationSeconds is not from ${SECONDS_MIN} to the ${SECONDS_MAX} seconds that a role gets of another role.`,
    );
  }
  return seconds;
};

const reply = (result: string): ServiceReply => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<AssumeRoleResponse xmlns="${NAMESPACE}"><AssumeRoleResult>${result}</AssumeRoleResult><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></AssumeRoleResponse>`,
});

const assumeRole = (options: StsOptions, request: ServiceRequest): ServiceReply => {
  const fields = fieldsOf(request);
  if (fields.get('Action') !== 'AssumeRole') {
    throw new WireError(
      400,
      'InvalidAction',
      `The local STS has no operation ${fields.get('Action') ?? 'without a name'}.`,
    );
  }
  const roleArn = fields.get('RoleArn') ?? '';
  const session = fields.get('RoleSessionName') ?? '';
  if (!SESSION_NAME.test(session)) {
    throw invalid('RoleSessionName must have from 2 to 64 letters, digits or any of +=,.@-_');
  }
  const seconds = secondsOf(fields);
  const caller = callerOf(request);
  const assumed = options.assume(caller, roleArn);
  if (assumed === undefined) {
    const message = `User: ${options.nameOf(caller)} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
    throw new WireError(403, 'AccessDenied', message);
  }
  const { accessKeyId, sessionArnStart } = assumed;
  const credentials = [
    element('AccessKeyId', accessKeyId),
    element('SecretAccessKey', 'local-session-secret'),
    element('SessionToken', `local-session-of-${session}`),
    element('Expiration', new Date(options.now() + seconds * 1000).toISOString()),
  ].join('');
  const user = `${element('Arn', `${sessionArnStart}/${session}`)}${element('AssumedRoleId', `AROALOCAL:${session}`)}`;
  return reply(`<AssumedRoleUser>${user}</AssumedRoleUser><Credentials>${credentials}</Credentials>`);
};

/** Whoever signed; what the signature covers was sent along, as AWS finds out by computing it. */
const whoIsThat = ({ nameOf, accountId }: StsOptions, request: ServiceRequest): ServiceReply => {
  const covered = (request.query.get('X-Amz-SignedHeaders') ?? '').split(';').filter((name) => name !== '');
  if (covered.some((name) => request.headers[name] === undefined)) {
    const message = 'The request signature we calculated does not match the signature you provided.';
    throw new WireError(403, 'SignatureDoesNotMatch', message);
  }
  const name = nameOf(callerOf(request));
  // Whoever administers a local Region is no role: an access key alone.
  const arn = name.startsWith('arn:') ? name : `arn:aws:iam::${accountId}:user/${name}`;
  const result = [element('Arn', arn), element('UserId', 'AIDALOCAL'), element('Account', arn.split(':')[4] ?? '')];
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<GetCallerIdentityResponse xmlns="${NAMESPACE}"><GetCallerIdentityResult>${result.join('')}</GetCallerIdentityResult><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  };
};

const WHO = 'GetCallerIdentity';

export const openSts = (options: StsOptions): { readonly backend: ServiceBackend } => ({
  backend: {
    service: 'sts',
    bodyBytesMax: BODY_BYTES_MAX,
    // The query protocol names its operation in the body; this one has one.
    operationOf: ({ query }) => (query.get('Action') === WHO ? WHO : 'AssumeRole'),
    permissionsOf: (_operation, request) => {
      const resource = fieldsOf(request).get('RoleArn') ?? '';
      return resource === '' ? [] : [{ action: 'sts:AssumeRole', resource }];
    },
    handle: async (operation, request) =>
      operation === WHO ? whoIsThat(options, request) : assumeRole(options, request),
  },
});
