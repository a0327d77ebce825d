/** Secrets live in a store and are read at run time: in a property they would be in the state, in the console and in every log. */
import { isObject, leavesOf, valueAt } from '../plain-values.ts';
import { type PlainObject, type ResourceRule, UNKNOWN } from '../rule.ts';

/** What a secret looks like, wherever it stands. */
const SHAPES: readonly (readonly [what: string, shape: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/u],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/u],
  ['a token of a git host', /\b(?:gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,})/u],
  ['a chat token', /\bxox[abeprs]-[\w-]{10,}/u],
  ['a password in a URL', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/u],
];

/** Names that promise a secret, unless they end in what says where it is kept. */
const SECRET_NAME = /(?:PASSWORD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$/iu;

const inEnvironment = (props: PlainObject): readonly string[] => {
  const variables = valueAt(props, 'environment.variables');
  return isObject(variables) ? Object.keys(variables).filter((name) => SECRET_NAME.test(name)) : [];
};

export const noInlineSecrets: ResourceRule = {
  kind: 'resource',
  name: 'no-inline-secrets',
  description: 'No secret stands in a property.',
  check: ({ type, props }) => [
    ...leavesOf(props).flatMap(({ path, value }) =>
      value === UNKNOWN || typeof value !== 'string'
        ? []
        : SHAPES.filter(([, shape]) => shape.test(value)).map(([what]) => `${type}: ${path} holds ${what}.`),
    ),
    ...inEnvironment(props).map(
      (name) =>
        `${type}: the variable ${name} is named like a secret: pass the ARN of where it is kept, as ${name}_ARN.`,
    ),
  ],
};
