/**
 * Breaking the glass: somebody comes in by an identity of AWS, when keys are lost or the identity provider is out. STS of this Region
 * says who it is; a list of the stack says who may; a reason has to be given; and nothing is answered before the audit log holds it.
 * It reads everything and changes nothing: whoever holds those credentials changes things by other ways, which are recorded too.
 */
import type { Principal } from '../domain/access.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import { principalNamed, PROOF_HEADER, PROOF_QUERY, proofIn } from '../domain/caller-proof.ts';
import type { Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Authentication, Authenticator, Credentials } from './authenticator.ts';

export interface IamAuthenticatorOptions {
  readonly region: string;
  /** ARNs of roles and users. */
  readonly principals: readonly string[];
  /** Whose signature that is, as STS says; undefined where it is nobody's. */
  readonly askCaller: (query: string) => Promise<Result<string | undefined>>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

const MALFORMED: Authentication = { kind: 'refused', reason: 'malformed' };
const UNKNOWN: Authentication = { kind: 'refused', reason: 'unknown' };
const NOT_LISTED: Authentication = { kind: 'refused', reason: 'not-listed' };

/** Each of these once, and no other: what is not known here might mean something to STS. */
const PARAMETERS: ReadonlySet<string> = new Set([
  ...Object.keys(PROOF_QUERY),
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
]);

const DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/u;

const momentOf = (text: string): number => {
  const iso = text.replace(DATE, '$1-$2-$3T$4:$5:$6Z');
  return iso === text ? Number.NaN : Date.parse(iso);
};

type Proof =
  { readonly kind: 'sound'; readonly query: string } | { readonly kind: 'malformed' } | { readonly kind: 'expired' };

const readProof = (authorization: string, region: string, nowMs: number): Proof => {
  const proof = proofIn(authorization);
  if (proof === undefined) {
    return { kind: 'malformed' };
  }
  const query = Buffer.from(proof, 'base64url').toString('utf8');
  const parameters = new URLSearchParams(query);
  const names = [...parameters.keys()];
  const get = (name: string): string => parameters.get(name) ?? '';
  const [, , scopeRegion, service] = get('X-Amz-Credential').split('/');
  const isSound =
    /^[\w%.~=&-]+$/u.test(query) &&
    names.every((name) => PARAMETERS.has(name)) &&
    new Set(names).size === names.length &&
    Object.entries(PROOF_QUERY).every(([name, value]) => get(name) === value) &&
    get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    get('X-Amz-SignedHeaders') === `host;${PROOF_HEADER}` &&
    scopeRegion === region &&
    service === 'sts';
  if (!isSound) {
    return { kind: 'malformed' };
  }
  const ageSeconds = (nowMs - momentOf(get('X-Amz-Date'))) / 1000;
  const isYoung = ageSeconds > -LIMITS.tokenSkewSeconds && ageSeconds < LIMITS.callerProofSeconds;
  return isYoung ? { kind: 'sound', query } : { kind: 'expired' };
};

/** One line that a person wrote. */
const isReason = (text: string): boolean =>
  text === text.trim() &&
  text.length >= LIMITS.reasonCharsMin &&
  text.length <= LIMITS.auditTextCharsMax &&
  !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

export class IamAuthenticator implements Authenticator {
  readonly #options: IamAuthenticatorOptions;
  readonly #listed: ReadonlySet<string | undefined>;

  constructor(options: IamAuthenticatorOptions) {
    this.#options = options;
    this.#listed = new Set(options.principals.flatMap((arn) => principalNamed(arn) ?? []));
  }

  async authenticate({ authorization = '', reason = '', address = '' }: Credentials): Promise<Authentication> {
    const { region, now, askCaller } = this.#options;
    const proof = readProof(authorization, region, now());
    if (proof.kind !== 'sound') {
      return proof.kind === 'expired' ? { kind: 'refused', reason: 'expired' } : MALFORMED;
    }
    const caller = await askCaller(proof.query);
    if (caller.kind === 'failed') {
      return { kind: 'unavailable', failure: caller.failure };
    }
    if (caller.value === undefined) {
      return UNKNOWN;
    }
    const arn = caller.value;
    const isListed = this.#listed.has(principalNamed(arn));
    const isWelcome = isListed && isReason(reason);
    const recorded = await this.#record(arn, isWelcome, address, isReason(reason) ? reason : 'none given');
    if (!isWelcome) {
      return NOT_LISTED;
    }
    return recorded ?? { kind: 'recognised', principal: this.#principalOf(arn) };
  }

  #principalOf(arn: string): Principal {
    return { id: `iam:${arn}`, name: arn.split('/').at(-1) ?? arn, roles: ['reader'], sources: 'all' };
  }

  /** Undefined where the audit log holds it: in a Region that can't even record, nothing is opened by this way. */
  async #record(arn: string, isWelcome: boolean, address: string, reason: string): Promise<Authentication | undefined> {
    const { audit, now } = this.#options;
    const recorded = await audit.record({
      at: now(),
      actor: `iam:${arn}`,
      action: 'access.glass-broken',
      target: `api:${address}`,
      outcome: isWelcome ? 'done' : 'refused',
      details: { reason },
    });
    return recorded.kind === 'held' ? undefined : { kind: 'unavailable', failure: recorded.home };
  }
}
