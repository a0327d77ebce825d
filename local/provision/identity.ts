/** The provider, roles and their policies, keys and log groups: nothing is made, but others refer to them. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { stableHex, stableUuid } from './arns.ts';
import { type Handler, type Handlers, readInputs, readName } from './handler.ts';

const accountIds = z.array(z.string());

/** Provider inputs that are not text arrive as JSON text. */
const listInput = (input: unknown): readonly string[] => {
  const parsed = accountIds.safeParse(typeof input === 'string' ? JSON.parse(input) : input);
  return parsed.success ? parsed.data : [];
};

/** The guard that AWS credentials are for a real deployment: this Region and this account, and no other. */
const provider: Handler = (resource, { services }) => {
  const region = resource.inputs['region'];
  if (region !== services.region) {
    throw new ConfigError(`the stack is for ${String(region)}, and this is the embedded Region ${services.region}`);
  }
  const allowed = listInput(resource.inputs['allowedAccountIds']);
  if (!allowed.includes(services.accountId)) {
    throw new ConfigError(
      `the stack allows the account ${allowed.join(', ')}, and the embedded one is ${services.accountId}`,
    );
  }
  return { id: stableUuid(resource.urn), outputs: {} };
};

const role: Handler = (resource, { arns, roles }) => {
  const inputs = readInputs(resource, { name: z.string(), assumeRolePolicy: z.string() }, [
    'description',
    'maxSessionDuration',
    // It takes away and gives nothing; what it says is the customer's, and not in this program.
    'permissionsBoundary',
  ]);
  const arn = arns.iam(`role/${inputs.name}`);
  roles.declare({ name: inputs.name, arn, trust: inputs.assumeRolePolicy });
  return { id: inputs.name, outputs: { arn, uniqueId: `AROA${stableHex(inputs.name, 17).toUpperCase()}` } };
};

const rolePolicy: Handler = (resource, { roles }) => {
  const inputs = readInputs(resource, { name: z.string(), role: z.string(), policy: z.string() });
  roles.grant(inputs.role, inputs.name, inputs.policy);
  return { id: `${inputs.role}:${inputs.name}`, outputs: {} };
};

/** A key that signs is made; one that encrypts only has to be referred to. */
const key: Handler = async (resource, { arns, services }) => {
  const keyId = stableUuid(resource.urn);
  if (resource.inputs['keyUsage'] === 'SIGN_VERIFY') {
    if (resource.inputs['customerMasterKeySpec'] !== 'ECC_NIST_P256') {
      throw new ConfigError('the local KMS makes signing keys of the spec ECC_NIST_P256 only');
    }
    await services.keys.ensureSigningKey(keyId);
  }
  return { id: keyId, outputs: { keyId, arn: arns.regional('kms', `key/${keyId}`) } };
};

const alias: Handler = async (resource, { arns, services }) => {
  const name = readName(resource);
  await services.keys.ensureAlias(name, readName(resource, 'targetKeyId'));
  return { id: name, outputs: { arn: arns.regional('kms', name) } };
};

const logGroup: Handler = (resource, { arns }) => {
  const name = readName(resource);
  return { id: name, outputs: { arn: arns.regional('logs', `log-group:${name}`) } };
};

export const identityHandlers: Handlers = {
  'pulumi:providers:aws': provider,
  'aws:iam/role:Role': role,
  'aws:iam/rolePolicy:RolePolicy': rolePolicy,
  'aws:kms/key:Key': key,
  'aws:kms/alias:Alias': alias,
  'aws:cloudwatch/logGroup:LogGroup': logGroup,
};
