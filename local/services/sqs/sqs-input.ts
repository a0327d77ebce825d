/** Reads fields of SQS requests, with SQS's own refusals. */
import type { JsonObject } from '../service.ts';
import { queueError } from './queue-engine.ts';

export const optionalField = (input: JsonObject, name: string): string | undefined => {
  const value = input[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string' || value === '') {
    throw queueError('InvalidParameterValue', `The parameter ${name} must be a string that is not empty.`);
  }
  return value;
};

export const requiredField = (input: JsonObject, name: string): string => {
  const value = optionalField(input, name);
  if (value === undefined) {
    throw queueError('MissingParameter', `The request must contain the parameter ${name}.`);
  }
  return value;
};

export const optionalInteger = (input: JsonObject, name: string, min: number, max: number): number | undefined => {
  const value = input[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    const reason = `Must be between ${min} and ${max}.`;
    throw queueError(
      'InvalidParameterValue',
      `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: ${reason}`,
    );
  }
  return value;
};

/** The last part of a queue URL; host and port may be those of an earlier start. */
export const queueNameOf = (input: JsonObject): string => requiredField(input, 'QueueUrl').split('/').at(-1) ?? '';
