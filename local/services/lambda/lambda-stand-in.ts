/**
 * Lambda's own API of one local Region, as far as an operator's tools need it: invoke a function, and say which code it runs.
 * What is invoked is the same host that schedules, queues and the load balancer use.
 */
import type { Invoke, InvokeOutcome } from '../../lambda/outcome.ts';
import { explainOutcome } from '../../lambda/outcome.ts';
import {
  decodePathPart,
  partitionOf,
  type ServiceBackend,
  type ServiceHead,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { failureReply } from '../wire-errors.ts';

const BODY_BYTES_MAX = 6 * 1024 * 1024;
const VERSION = '2015-03-31';

const ROUTES: readonly (readonly [operation: string, method: string, pattern: RegExp])[] = [
  ['Invoke', 'POST', new RegExp(`^/${VERSION}/functions/(?<name>[^/]+)/invocations$`, 'u')],
  ['GetFunctionConfiguration', 'GET', new RegExp(`^/${VERSION}/functions/(?<name>[^/]+)/configuration$`, 'u')],
];

/** Which code a function runs. */
export interface FunctionDescription {
  readonly name: string;
  readonly arn: string;
  /** Base64, as the service shows it. */
  readonly codeSha256: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

export interface LambdaFunctions {
  readonly invoke: Invoke;
  describe(functionName: string): Promise<FunctionDescription | undefined>;
}

export interface LambdaStandInOptions extends LambdaFunctions {
  readonly region: string;
  readonly accountId: string;
}

interface Matched {
  readonly operation: string;
  readonly name: string;
}

const match = ({ method, path }: Pick<ServiceHead, 'method' | 'path'>): Matched => {
  for (const [operation, wanted, pattern] of ROUTES) {
    const found = method === wanted ? pattern.exec(path) : null;
    if (found !== null) {
      const name = decodePathPart(found.groups?.['name'] ?? '');
      return { operation, name: name.startsWith('arn:') ? (name.split(':')[6] ?? name) : name };
    }
  }
  return { operation: 'Unknown', name: '' };
};

const jsonReply = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): ServiceReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: body === undefined ? '' : JSON.stringify(body),
});

const notFound = (name: string): WireError =>
  new WireError(404, 'ResourceNotFoundException', `Function not found: ${name}`, { Type: 'User' });

const replyOf = (outcome: InvokeOutcome, name: string): ServiceReply => {
  if (outcome.kind === 'returned') {
    return jsonReply(200, outcome.payload ?? null, { 'x-amz-executed-version': '$LATEST' });
  }
  if (outcome.kind === 'unknown-function') {
    throw notFound(name);
  }
  if (outcome.kind === 'throttled') {
    throw new WireError(429, 'TooManyRequestsException', 'Rate Exceeded.', { Reason: 'ReservedFunctionConcurrent' });
  }
  // Lambda answers 200 for a function that failed, in whatever way; the header tells.
  const told =
    outcome.kind === 'function-error'
      ? { errorType: outcome.errorType, errorMessage: outcome.message, trace: outcome.trace }
      : { errorType: `Runtime.${outcome.kind}`, errorMessage: explainOutcome(outcome) };
  return jsonReply(200, told, { 'x-amz-function-error': 'Unhandled' });
};

const parsePayload = (body: Buffer): unknown => {
  if (body.length === 0) {
    return {};
  }
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return value;
  } catch {
    throw new WireError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
};

const invoke = async (options: LambdaStandInOptions, name: string, request: ServiceRequest): Promise<ServiceReply> => {
  const payload = parsePayload(request.body);
  const kind = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (kind === 'DryRun') {
    if ((await options.describe(name)) === undefined) {
      throw notFound(name);
    }
    return jsonReply(204, undefined);
  }
  // A caller that leaves does not end the function, as on AWS: what it began goes on.
  const running = options.invoke(name, payload);
  return kind === 'Event' ? jsonReply(202, undefined) : replyOf(await running, name);
};

const describe = async (options: LambdaStandInOptions, name: string): Promise<ServiceReply> => {
  const found = await options.describe(name);
  if (found === undefined) {
    throw notFound(name);
  }
  return jsonReply(200, {
    FunctionName: found.name,
    FunctionArn: found.arn,
    CodeSha256: found.codeSha256,
    MemorySize: found.memoryMb,
    Timeout: found.timeoutSeconds,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Version: '$LATEST',
  });
};

export const openLambda = (options: LambdaStandInOptions): ServiceBackend => ({
  service: 'lambda',
  bodyBytesMax: BODY_BYTES_MAX,
  operationOf: (head) => match(head).operation,
  permissionsOf: (operation, request) => {
    const { name } = match(request);
    const { region, accountId } = options;
    return operation === 'Unknown'
      ? []
      : [
          {
            action: operation === 'Invoke' ? 'lambda:InvokeFunction' : `lambda:${operation}`,
            resource: `arn:${partitionOf(region)}:lambda:${region}:${accountId}:function:${name}`,
          },
        ];
  },
  handle: async (operation, request) => {
    const { name } = match(request);
    switch (operation) {
      case 'Invoke': {
        return invoke(options, name, request);
      }
      case 'GetFunctionConfiguration': {
        return describe(options, name);
      }
      default: {
        return failureReply('lambda', 'unknown', `Unknown operation ${request.method} ${request.path}.`);
      }
    }
  },
});
