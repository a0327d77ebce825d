/**
 * What is taken out before anything is stored or embedded: credentials by the forms that their issuers gave them, and personal
 * data by form and check digit. Every rule is bounded on every text (no nested repetition), names one kind, and has an example
 * that it must find and one that it must leave.
 */
import { bitsPerChar, isAccountNumber, isCardNumber } from './checks.ts';

export interface RedactionRule {
  /** Told in place of the text: `[redacted:aws-access-key]`. */
  readonly kind: string;
  readonly class: 'credential' | 'personal';
  /** Global. Where it has a group `secret`, only that part is taken out. */
  readonly pattern: RegExp;
  /** Undefined: every match counts. */
  readonly accepts?: (found: string) => boolean;
  readonly finds: string;
  readonly leaves: string;
}

const SECRET_BITS_MIN = 3;
/** What people write where a secret belongs: `<your token>`, `${TOKEN}`, `xxxx`, `changeme`, a call. */
const PLACEHOLDER = /^(?:[<[{$%(].*|\*+|x+|\.+|.*(?:example|changeme|placeholder|your[-_]|redacted|dummy).*)$/iu;

const looksSecret = (found: string): boolean => bitsPerChar(found) >= SECRET_BITS_MIN && !PLACEHOLDER.test(found);
const isNoPlaceholder = (found: string): boolean => !PLACEHOLDER.test(found);

/** Examples are put together here, so that no scanner of secrets stumbles over this file. */
const made = (...parts: readonly string[]): string => parts.join('');

const CREDENTIALS: readonly RedactionRule[] = [
  {
    kind: 'private-key',
    class: 'credential',
    pattern:
      /-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?<secret>(?:(?!-----)[\s\S]){16,20000})-----END (?:[A-Z]{1,12} ){0,3}PRIVATE KEY/gu,
    finds: made('-----BEGIN RSA PRIVATE ', 'KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3\n-----END RSA PRIVATE KEY-----'),
    leaves: '-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3\n-----END CERTIFICATE-----',
  },
  {
    kind: 'aws-access-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/gu,
    accepts: (found) => !found.endsWith('EXAMPLE'),
    finds: made('AKIA', 'IOSFODNN7QWERTYU'),
    leaves: 'AKIAIOSFODNN7EXAMPLE',
  },
  {
    kind: 'aws-secret-key',
    class: 'credential',
    pattern: /aws.{0,20}?(?:secret|sk).{0,20}?[=:]\s{0,4}["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/giu,
    accepts: looksSecret,
    finds: made('aws_secret_access_key = ', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzT9qLmNo4s'),
    leaves: 'aws_secret_access_key = var.secret',
  },
  {
    kind: 'github-token',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})/gu,
    finds: made('ghp_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'),
    leaves: 'ghp_short',
  },
  {
    kind: 'gitlab-token',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9_])gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent|oas)-[A-Za-z0-9_-]{20,200}/gu,
    finds: made('glpat-', 'aB3dE6gH9jK2mN5pQ8sT'),
    leaves: 'glpat-token',
  },
  {
    kind: 'slack-token',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,250}|(?<![A-Za-z0-9])xapp-[A-Za-z0-9-]{20,250}/gu,
    finds: made('xoxb-', '1234567890-abcDEF123ghi'),
    leaves: 'xoxb-',
  },
  {
    kind: 'webhook-address',
    class: 'credential',
    pattern:
      /https:\/\/(?:hooks\.slack\.com\/(?:services|workflows|triggers)|[a-z0-9.-]{1,80}\.webhook\.office\.com\/webhookb2|discord(?:app)?\.com\/api\/webhooks)\/(?<secret>[A-Za-z0-9/_@=?&%.-]{20,400})/gu,
    finds: made('https://hooks.slack.com/', 'services/T0AB12CD3/B0EF45GH6/aBcDeFgHiJkLmNoPqRsTuVwX'),
    leaves: 'https://hooks.slack.com/services/…',
  },
  {
    kind: 'stripe-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])[sr]k_live_[A-Za-z0-9]{16,200}/gu,
    finds: made('sk_live_', '4eC39HqLyjWDarjtT1zdp7dc'),
    leaves: 'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
  },
  {
    kind: 'google-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/gu,
    finds: made('AIza', 'SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY'),
    leaves: 'AIzaShort',
  },
  {
    kind: 'package-token',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9_])(?:npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{50,300}|dckr_pat_[A-Za-z0-9_-]{20,60})/gu,
    finds: made('npm_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'),
    leaves: 'npm_config_registry',
  },
  {
    kind: 'model-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,250}/gu,
    accepts: looksSecret,
    finds: made('sk-ant-', 'api03-aB3dE6gH9jK2mN5pQ8sTuV1wX4yZ7'),
    leaves: 'sk-learn',
  },
  {
    kind: 'mail-service-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/gu,
    finds: made('SG.', 'aB3dE6gH9jK2mN5pQ8sTuV', '.', 'aB3dE6gH9jK2mN5pQ8sTuVaB3dE6gH9jK2mN5pQ8sTu'),
    leaves: 'SG.json.SG',
  },
  {
    kind: 'storage-key',
    class: 'credential',
    pattern: /(?:AccountKey|SharedAccessKey|sig)=(?<secret>[A-Za-z0-9+/%]{40,120}={0,2})/gu,
    accepts: looksSecret,
    finds: made('AccountKey=', 'aB3dE6gH9jK2mN5pQ8sTuVaB3dE6gH9jK2mN5pQ8sTuVaB3dE6gH9jK2mN=='),
    leaves: 'AccountKey=<key>',
  },
  {
    kind: 'twinmap-key',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9])twm_[a-z0-9]{16}_[A-Za-z0-9_-]{20,100}/gu,
    finds: made('twm_', 'a1b2c3d4e5f6g7h8', '_', 'aB3dE6gH9jK2mN5pQ8sTuVwXyZ0123456789abcdefg'),
    leaves: 'twm_…',
  },
  {
    kind: 'bearer-token',
    class: 'credential',
    pattern:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,6000}\.[A-Za-z0-9_-]{10,2000}|(?:Bearer|Basic) {1,2}(?<secret>[A-Za-z0-9._~+/=-]{20,4000})/gu,
    accepts: looksSecret,
    finds: made('authorization: Bearer ', 'aB3dE6gH9jK2mN5pQ8sTuVwX'),
    leaves: 'authorization: Bearer <your token, see the page on keys>',
  },
  {
    kind: 'address-with-password',
    class: 'credential',
    pattern: /(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{1,100}:(?<secret>[^\s:@/"'<>]{3,200})@/gu,
    accepts: isNoPlaceholder,
    finds: made('postgres://shop:', 'hunter2!', '@db.internal:5432/shop'),
    leaves: 'postgres://shop:${DB_PASSWORD}@db.internal:5432/shop',
  },
  {
    kind: 'assigned-secret',
    class: 'credential',
    pattern:
      /(?:passw(?:or)?d|passwd|secret|token|api[-_]?key|private[-_]?key|client[-_]?secret|credential)["']?\s{0,4}(?:=>|:=|[=:])\s{0,4}(?<quote>["'])(?<secret>[^\s"'`]{8,200})\k<quote>/giu,
    accepts: looksSecret,
    finds: made('DB_PASSWORD = "', 'k3Yb0ard-C4t!9', '"'),
    leaves: 'password = "changeme-please"',
  },
];

const PERSONAL: readonly RedactionRule[] = [
  {
    kind: 'mail-address',
    class: 'personal',
    pattern:
      /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/gu,
    accepts: (found) =>
      !/@(?:[A-Za-z0-9-]{1,63}\.){0,8}(?:example\.(?:com|net|org)|[a-z]{1,20}\.example|localhost)$/iu.test(found),
    finds: made('kim.lee', '@', 'shop-and-go.co.uk'),
    leaves: 'somebody@example.com',
  },
  {
    kind: 'phone-number',
    class: 'personal',
    pattern: /(?<![\w+.])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}(?![\w.])/gu,
    accepts: (found) => found.replaceAll(/\D/gu, '').length >= 9,
    finds: '+44 20 7946 0958',
    leaves: 'UTC+01:00',
  },
  {
    kind: 'card-number',
    class: 'personal',
    pattern: /(?<![\w.-])[3-6]\d{3}[ -]?(?:\d{4}[ -]?){2}\d{1,7}(?![\w.-])/gu,
    accepts: isCardNumber,
    finds: made('4111 1111', ' 1111 1111'),
    leaves: '4111 1111 1111 1112',
  },
  {
    kind: 'account-number',
    class: 'personal',
    pattern: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/gu,
    accepts: isAccountNumber,
    finds: 'GB82 WEST 1234 5698 7654 32',
    leaves: 'GB83 WEST 1234 5698 7654 32',
  },
  {
    kind: 'social-security-number',
    class: 'personal',
    pattern: /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/gu,
    finds: made('078-05', '-1120'),
    leaves: '2026-11-22',
  },
];

export const REDACTION_RULES: readonly RedactionRule[] = [...CREDENTIALS, ...PERSONAL];

/** Raised whenever a rule finds something else in the same text: everything is read again then. */
export const REDACTION_VERSION = 1;
