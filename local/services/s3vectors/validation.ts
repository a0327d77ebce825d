/** Field checks of S3 Vectors requests: every refusal is a ValidationException that names the field, as AWS answers. */
import { type JsonObject, WireError } from '../service.ts';

export const invalid = (path: string, message: string): WireError =>
  new WireError(400, 'ValidationException', `Invalid value for ${path}: ${message}`, {
    fieldList: [{ path, message }],
  });

export const optionalText = (input: JsonObject, name: string): string | undefined => {
  const value = input[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw invalid(name, 'must be a string.');
  }
  return value;
};

export const requiredText = (input: JsonObject, name: string): string => {
  const value = optionalText(input, name);
  if (value === undefined || value === '') {
    throw invalid(name, 'is required.');
  }
  return value;
};

export const optionalFlag = (input: JsonObject, name: string): boolean => {
  const value = input[name];
  if (value !== undefined && value !== null && typeof value !== 'boolean') {
    throw invalid(name, 'must be true or false.');
  }
  return value === true;
};

export const integerIn = (value: unknown, name: string, min: number, max: number): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(name, `must be an integer from ${min} to ${max}.`);
  }
  return value;
};

export const optionalInteger = (
  input: JsonObject,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly otherwise: number },
): number => {
  const value = input[name];
  return value === undefined || value === null ? bounds.otherwise : integerIn(value, name, bounds.min, bounds.max);
};

export const listIn = (input: JsonObject, name: string, max: number): readonly unknown[] => {
  const value = input[name];
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    throw invalid(name, `must be a list of 1 to ${max} members.`);
  }
  return value;
};

const KEY_CHARS_MAX = 1024;

export const vectorKey = (value: unknown, path: string): string => {
  if (typeof value !== 'string' || value.length === 0 || value.length > KEY_CHARS_MAX) {
    throw invalid(path, `must be a string of 1 to ${KEY_CHARS_MAX} characters.`);
  }
  return value;
};

/** Page tokens are opaque to clients; a token of another request or of another time is refused, never guessed at. */
export const encodePosition = (position: JsonObject): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

export const decodePosition = (token: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) {
      return { ...value };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  throw invalid('nextToken', 'is not a token of this operation.');
};
