/**
 * Whether a role's statements allow one action on one resource, by IAM's rules: an explicit deny wins, else any allow, else
 * no. Pure; statements come from `parsePolicy`, which lets nothing through that is not handled here.
 */
import { InvariantError } from '../../functions/domain/errors.ts';
import { arnParts, type ConditionKey, type ConditionOperator, type PolicyStatement } from './policy-document.ts';

/** What a request says of itself; an absent key is one that the request does not have. */
export type RequestContext = Readonly<Partial<Record<ConditionKey, string | readonly string[]>>>;

export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  readonly context?: RequestContext;
}

export type Decision =
  | { readonly kind: 'allowed' }
  /** `explicit`: a statement denies it; `implicit`: none allows it. */
  | { readonly kind: 'denied'; readonly because: 'explicit' | 'implicit' };

/** A star stands for any number of characters. */
const matchesStars = (pattern: string, text: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(text);
};

/** Part by part: a star in the account must not swallow the colon and what comes after it. */
export const matchesArn = (pattern: string, arn: string): boolean => {
  if (pattern === '*') {
    return true;
  }
  const wanted = arnParts(pattern);
  const given = arnParts(arn);
  return wanted !== undefined && given !== undefined && wanted.every((part, at) => matchesStars(part, given[at] ?? ''));
};

const valuesOf = (value: string | readonly string[] | undefined): readonly string[] => {
  if (value === undefined) {
    return [];
  }
  return typeof value === 'string' ? [value] : value;
};

/** One key of one operator: any of its values will do, and a key that the request does not have never matches. */
const holds = (
  operator: ConditionOperator,
  wanted: readonly string[],
  given: string | readonly string[] | undefined,
): boolean => {
  const values = valuesOf(given);
  switch (operator) {
    case 'StringEquals': {
      // Several values under an operator for one are refused by IAM, too.
      return values.length === 1 && wanted.includes(values[0] ?? '');
    }
    case 'ForAnyValue:StringEquals': {
      return values.some((value) => wanted.includes(value));
    }
    case 'ArnLike': {
      return values.length === 1 && wanted.some((pattern) => matchesArn(pattern, values[0] ?? ''));
    }
    default: {
      throw new InvariantError('a condition operator that is not evaluated');
    }
  }
};

const conditionsHold = ({ Condition }: PolicyStatement, context: RequestContext): boolean =>
  Object.entries(Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      holds(operator as ConditionOperator, wanted, context[key as ConditionKey]),
    ),
  );

/** Actions differ in case only where somebody mistyped: IAM takes them for the same. */
export const isSameAction = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

const applies = (statement: PolicyStatement, { action, resource, context = {} }: AccessRequest): boolean =>
  statement.Action.some((one) => isSameAction(one, action)) &&
  statement.Resource.some((pattern) => matchesArn(pattern, resource)) &&
  conditionsHold(statement, context);

export const evaluate = (statements: readonly PolicyStatement[], request: AccessRequest): Decision => {
  const applying = statements.filter((statement) => applies(statement, request));
  if (applying.some(({ Effect }) => Effect === 'Deny')) {
    return { kind: 'denied', because: 'explicit' };
  }
  return applying.length > 0 ? { kind: 'allowed' } : { kind: 'denied', because: 'implicit' };
};

/** For a request that names nothing that exists: the service answers it, if the role may ask such a thing at all. */
export const mayAsk = (statements: readonly PolicyStatement[], action: string): boolean =>
  statements.some(({ Effect, Action }) => Effect === 'Allow' && Action.some((one) => isSameAction(one, action)));
