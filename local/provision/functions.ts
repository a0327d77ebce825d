/** Functions, with exactly the environment, memory and time that the program declares. */
import { z } from 'zod';

import { stableHex } from './arns.ts';
import { functionNameOf, type Handler, type Handlers, readInputs, readName } from './handler.ts';

const FUNCTION_SHAPE = {
  name: z.string(),
  role: z.string(),
  /** The folder of the bundle: the monitor has unwrapped the archive. */
  code: z.string(),
  handler: z.string(),
  runtime: z.literal('nodejs24.x'),
  memorySize: z.number(),
  timeout: z.number(),
  ephemeralStorage: z.strictObject({ size: z.number() }).default({ size: 512 }),
  reservedConcurrentExecutions: z.number().optional(),
  environment: z.strictObject({ variables: z.record(z.string(), z.string()) }),
};

const lambdaFunction: Handler = async (resource, { services, arns }) => {
  const inputs = readInputs(resource, FUNCTION_SHAPE, ['architectures', 'loggingConfig', 'vpcConfig']);
  const arn = arns.regional('lambda', `function:${inputs.name}`);
  await services.functions.ensureFunction({
    name: inputs.name,
    arn,
    roleArn: inputs.role,
    codeDirectory: inputs.code,
    handler: inputs.handler,
    memoryMb: inputs.memorySize,
    timeoutSeconds: inputs.timeout,
    ephemeralStorageMb: inputs.ephemeralStorage.size,
    ...(inputs.reservedConcurrentExecutions === undefined
      ? {}
      : { reservedConcurrency: inputs.reservedConcurrentExecutions }),
    environment: inputs.environment.variables,
  });
  return { id: inputs.name, outputs: { arn, version: '$LATEST', qualifiedArn: `${arn}:$LATEST` } };
};

const permission: Handler = (resource) => {
  const statementId = `local-${stableHex(resource.urn, 12)}`;
  return { id: statementId, outputs: { statementId } };
};

/** The embedded scheduler keeps the schedule's own bounds, which the program sets to the same values. */
const invokeConfig: Handler = (resource) => ({ id: functionNameOf(readName(resource, 'functionName')), outputs: {} });

export const functionHandlers: Handlers = {
  'aws:lambda/function:Function': lambdaFunction,
  'aws:lambda/permission:Permission': permission,
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': invokeConfig,
};
