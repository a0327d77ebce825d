/** Between Pulumi's wire values (secrets, archives and references in signed wrappers) and plain ones. */
import path from 'node:path';

import { ProgramError } from './program-error.ts';
import type { Properties } from './registered-resource.ts';

/** Stands where a value is known only after the resource exists: in previews. */
export const UNKNOWN = '<known after creation>';

export const WIRE_UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';
const RESOURCE = '5cf8f73096256a8f31e491e813e4eb8e';

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `rootDirectory` is what relative paths of archives and assets start from: the program's working directory. */
export const plainValue = (value: unknown, rootDirectory: string): unknown => {
  if (value === WIRE_UNKNOWN) {
    return UNKNOWN;
  }
  if (Array.isArray(value)) {
    return value.map((item) => plainValue(item, rootDirectory));
  }
  if (!isObject(value)) {
    return value;
  }
  const signature = value[SIGNATURE_KEY];
  return signature === undefined ? plainProperties(value, rootDirectory) : unwrapped(value, signature, rootDirectory);
};

export const plainProperties = (properties: Properties, rootDirectory: string): Properties =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, plainValue(value, rootDirectory)]));

const unwrapped = (value: Properties, signature: unknown, rootDirectory: string): unknown => {
  switch (signature) {
    case SECRET:
      return plainValue(value['value'], rootDirectory);
    case RESOURCE:
      return plainValue(value['id'] ?? value['urn'], rootDirectory);
    case ASSET:
    case ARCHIVE:
      if (typeof value['path'] === 'string') {
        return path.resolve(rootDirectory, value['path']);
      }
      throw new ProgramError(
        'The program holds an asset that is not a file or a folder; the local monitor knows no other.',
      );
    default:
      throw new ProgramError(
        `The program sent a value of a kind that the local monitor doesn't know (${String(signature)}).`,
      );
  }
};

/** Names of the inputs that are secrets as a whole. */
export const secretNames = (properties: Properties): readonly string[] =>
  Object.entries(properties)
    .filter(([, value]) => isObject(value) && value[SIGNATURE_KEY] === SECRET)
    .map(([key]) => key);
