/**
 * Validates configuration content against the JSON schemas of its profile. AppConfig reads schemas as draft 4; what the
 * two drafts share is all that a gate document needs, so `$schema` is left out and everything else goes to ajv as it is.
 */
import { Ajv } from 'ajv';

import { isJsonObject } from '../service.ts';

export type ContentCheck = { readonly kind: 'valid' } | { readonly kind: 'invalid'; readonly reason: string };

const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
};

const withoutDialect = (schema: object): object =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== '$schema'));

const checkOne = (content: unknown, schemaText: string): ContentCheck => {
  const schema = parse(schemaText);
  if (schema === undefined || !isJsonObject(schema.value)) {
    return { kind: 'invalid', reason: 'the JSON schema of the profile is not a JSON object' };
  }
  const ajv = new Ajv({ strict: false, allErrors: true });
  try {
    const validate = ajv.compile(withoutDialect(schema.value));
    return validate(content) ? { kind: 'valid' } : { kind: 'invalid', reason: ajv.errorsText(validate.errors) };
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Error ? error.message : 'the JSON schema does not compile' };
  }
};

export const checkContent = (content: string, schemas: readonly string[]): ContentCheck => {
  if (schemas.length === 0) {
    return { kind: 'valid' };
  }
  const parsed = parse(content);
  if (parsed === undefined) {
    return { kind: 'invalid', reason: 'the content is not JSON' };
  }
  const checks = schemas.map((schema) => checkOne(parsed.value, schema));
  return checks.find(({ kind }) => kind === 'invalid') ?? { kind: 'valid' };
};
