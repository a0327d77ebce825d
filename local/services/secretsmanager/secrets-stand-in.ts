/**
 * Secrets Manager of one local Region, as far as reading goes: AwsJson1_1. Nothing is kept here: a secret is a variable of the
 * environment that the Region was started with, so that whoever tries a source types its token in a shell and in no file.
 */
import { createHash } from 'node:crypto';

import {
  parseJsonObject,
  partitionOf,
  type Permission,
  type ServiceBackend,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';

const BODY_BYTES_MAX = 64 * 1024;

export interface SecretsOptions {
  readonly region: string;
  readonly accountId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What `env:NAME` of a source comes as. */
const BY_NAME = /^twinmap\/env\/(?<name>\w+)$/u;

/** `twinmap/env/NAME` is the variable NAME; any other name its own in capitals: `twinmap/atlassian` is TWINMAP_ATLASSIAN. */
export const variableOf = (secret: string): string =>
  BY_NAME.exec(secret)?.groups?.['name'] ?? secret.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, '_');

const nameIn = (request: ServiceRequest): string => {
  const id = parseJsonObject(request.body)?.['SecretId'];
  return typeof id === 'string' ? id.replace(/^arn:.*:secret:(.*)-[^-]{6}$/u, '$1') : '';
};

export const openSecrets = ({ region, accountId, environment }: SecretsOptions): ServiceBackend => {
  const arnOf = (name: string): string => {
    const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
    return `arn:${partitionOf(region)}:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
  };
  const read = (request: ServiceRequest): ServiceReply => {
    const name = nameIn(request);
    const text = environment[variableOf(name)];
    if (text === undefined || text === '') {
      throw new WireError(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    const body = { ARN: arnOf(name), Name: name, SecretString: text, VersionStages: ['AWSCURRENT'] };
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
  };
  return {
    service: 'secretsmanager',
    bodyBytesMax: BODY_BYTES_MAX,
    operationOf: ({ headers }) => {
      const target = headers['x-amz-target'];
      return typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'Unknown';
    },
    permissionsOf: (operation, request): readonly Permission[] => {
      const name = nameIn(request);
      return name === '' ? [] : [{ action: `secretsmanager:${operation}`, resource: arnOf(name) }];
    },
    handle: async (operation, request) =>
      operation === 'GetSecretValue'
        ? read(request)
        : failureReply('secretsmanager', 'unknown', `The local Secrets Manager has no operation ${operation}.`),
  };
};
