/**
 * The subset of IAM's policy language that the program emits, as text to statements. Whatever the evaluator does not know is
 * refused when it is declared: a policy that is read half would allow on the laptop what AWS denies, or the other way round.
 */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';

/** Present in a request, or known to be absent from it: any other key could not be told from one that does not match. */
export const CONDITION_KEYS = [
  'aws:PrincipalArn',
  'kms:ViaService',
  'kms:ResourceAliases',
  'lambda:SourceFunctionArn',
] as const;

export const CONDITION_OPERATORS = ['StringEquals', 'ForAnyValue:StringEquals', 'ArnLike'] as const;

export type ConditionKey = (typeof CONDITION_KEYS)[number];
export type ConditionOperator = (typeof CONDITION_OPERATORS)[number];

const listOf = z.union([z.string().transform((text) => [text]), z.array(z.string()).min(1)]);

const ACTION = /^[a-z0-9-]+:[A-Za-z0-9]+$/u;
const ARN_PARTS = 6;

/** `arn:partition:service:region:account:resource`, the last of which may hold colons; undefined where it is no ARN. */
export const arnParts = (arn: string): readonly string[] | undefined => {
  const parts = arn.split(':');
  return parts[0] === 'arn' && parts.length >= ARN_PARTS
    ? [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')]
    : undefined;
};

/** `*` as the whole of it, or an ARN whose wildcards are stars; nothing that is filled in by AWS, and no single-letter ones. */
const isPattern = (pattern: string): boolean =>
  pattern === '*' || (arnParts(pattern) !== undefined && !/[?$]/u.test(pattern));

const resource = z
  .string()
  .refine(isPattern, 'is neither an ARN nor one with stars; what AWS fills in itself is not evaluated here');

const conditionSchema = z.partialRecord(
  z.enum(CONDITION_OPERATORS),
  z.partialRecord(
    z.enum(CONDITION_KEYS),
    listOf.refine((values) => values.every((value) => !value.includes('$'))),
  ),
);

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: listOf.refine(
    (actions) => actions.every((action) => ACTION.test(action)),
    'names every action in full; a wildcard would grant what AWS adds later',
  ),
  Resource: z.union([resource.transform((text) => [text]), z.array(resource).min(1)]),
  Condition: conditionSchema.optional(),
});

const documentSchema = z.strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(statementSchema).min(1) });

export type PolicyStatement = z.infer<typeof statementSchema>;

const placeOf = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'it' : path.map(String).join('.'));

/** The statements of a policy, with single texts as lists. */
export const parsePolicy = (text: string): readonly PolicyStatement[] => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigError('the policy is not JSON', { cause: error });
  }
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `the policy is not one that can be checked: ${placeOf(issue?.path ?? [])}: ${issue?.message ?? ''}. Say it in what the program's other policies use, or teach local/iam the new part`,
    );
  }
  return parsed.data.Statement;
};
