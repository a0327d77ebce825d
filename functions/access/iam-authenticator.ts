/**
 * Breaking the glass: somebody comes in by an identity of AWS, when keys are lost or the identity provider is out. STS of this Region
 * says who it is; a list of the stack says who may; a reason has to be given; and nothing is answered before the audit log holds it.
 * Anybody in the world has some identity of AWS: what other accounts try is counted, and what is refused in one's own is recorded a few
 * times a minute, so that nobody who may not come in fills a log that is kept for good.
 * It reads everything and changes nothing: whoever holds those credentials changes things by other ways, which are recorded too.
 */
import type { Principal } from '../domain/access.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import { accountIn, principalNamed, PROOF_HEADER, PROOF_QUERY, proofIn } from '../domain/caller-proof.ts';
import type { Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Authentication, Authenticator, Credentials } from './authenticator.ts';

export interface IamAuthenticatorOptions {
  readonly region: string;
  /** ARNs of roles and users. */
  readonly principals: readonly string[];
  /** Whose signature that is, as STS says; undefined where it is nobody's. */
  readonly askCaller: (query: string) => Promise<Result<string | undefined>>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly telemetry: Pick<Telemetry, 'count'>;
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

interface Attempt {
  readonly arn: string;
  readonly address: string;
  readonly outcome: 'done' | 'refused';
  readonly details: Readonly<Record<string, string | number>>;
}

export class IamAuthenticator implements Authenticator {
  readonly #options: IamAuthenticatorOptions;
  readonly #listed: ReadonlySet<string | undefined>;
  readonly #accounts: ReadonlySet<string | undefined>;
  /** Refusals since then, and how many of them stand in no event. */
  #refused = { sinceMs: Number.NEGATIVE_INFINITY, count: 0, untold: 0 };

  constructor(options: IamAuthenticatorOptions) {
    this.#options = options;
    this.#listed = new Set(options.principals.flatMap((arn) => principalNamed(arn) ?? []));
    this.#accounts = new Set(options.principals.flatMap((arn) => accountIn(arn) ?? []));
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
    const details = { reason: isReason(reason) ? reason : 'none given' };
    if (!isWelcome) {
      await this.#refuse(arn, address, details);
      return NOT_LISTED;
    }
    const unrecorded = await this.#record({ arn, address, outcome: 'done', details });
    return unrecorded ?? { kind: 'recognised', principal: this.#principalOf(arn) };
  }

  async #refuse(arn: string, address: string, details: Attempt['details']): Promise<void> {
    const { region, telemetry, now } = this.#options;
    telemetry.count('GlassRefused', { Region: region }, 1);
    if (!this.#accounts.has(accountIn(arn))) {
      return;
    }
    const nowMs = now();
    if (nowMs - this.#refused.sinceMs >= LIMITS.glassRefusalsMs) {
      this.#refused = { sinceMs: nowMs, count: 0, untold: this.#refused.untold };
    }
    this.#refused.count += 1;
    if (this.#refused.count > LIMITS.glassRefusalsRecordedMax) {
      this.#refused.untold += 1;
      return;
    }
    const { untold } = this.#refused;
    this.#refused.untold = 0;
    // How many were refused before this one and stand in no event.
    const told = untold === 0 ? details : { ...details, refusedBefore: untold };
    await this.#record({ arn, address, outcome: 'refused', details: told });
  }

  #principalOf(arn: string): Principal {
    return { id: `iam:${arn}`, name: arn.split('/').at(-1) ?? arn, roles: ['reader'], sources: 'all' };
  }

  /** Undefined where the audit log holds it: in a Region that can't even record, nothing is opened by this way. */
  async #record({ arn, address, outcome, details }: Attempt): Promise<Authentication | undefined> {
    const { audit, now } = this.#options;
    const recorded = await audit.record({
      at: now(),
      actor: `iam:${arn}`,
      action: 'access.glass-broken',
      target: `api:${address}`,
      outcome,
      details,
    });
    return recorded.kind === 'held' ? undefined : { kind: 'unavailable', failure: recorded.home };
  }
}
