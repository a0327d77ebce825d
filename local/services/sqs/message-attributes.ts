/** The MD5 over message attributes that SQS returns and clients may check: length-prefixed names, types and values. */
import { createHash } from 'node:crypto';

import { isJsonObject, type JsonObject } from '../service.ts';

const STRING_VALUE = 1;
const BINARY_VALUE = 2;

const prefixed = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const attributeBytes = (name: string, attribute: JsonObject): Buffer => {
  const { DataType: type, StringValue: text, BinaryValue: binary } = attribute;
  const isText = typeof text === 'string';
  const value = isText ? Buffer.from(text) : Buffer.from(typeof binary === 'string' ? binary : '', 'base64');
  return Buffer.concat([
    prefixed(Buffer.from(name)),
    prefixed(Buffer.from(typeof type === 'string' ? type : '')),
    Buffer.from([isText ? STRING_VALUE : BINARY_VALUE]),
    prefixed(value),
  ]);
};

export const md5 = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');

/** Undefined where there are no attributes: then SQS sends no digest either. */
export const md5OfAttributes = (attributes: JsonObject): string | undefined => {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) {
    return undefined;
  }
  const parts = names.map((name) => {
    const attribute = attributes[name];
    return attributeBytes(name, isJsonObject(attribute) ? attribute : {});
  });
  return md5(Buffer.concat(parts));
};
