/** Asks a Region's functions straight, as the account's operator: no API, no load balancer and no token in between. */
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { boundedCall, clientOptions, type ClientTarget } from '../../functions/aws/client-options.ts';
import { done, failed, type Result } from '../../functions/domain/failure.ts';

const parseAnswer = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // A function that returns no JSON is none of ours; whoever asked finds no field that it knows.
    return undefined;
  }
};

const errorTypeOf = (answer: unknown): string =>
  typeof answer === 'object' && answer !== null && 'errorType' in answer && typeof answer.errorType === 'string'
    ? answer.errorType
    : 'FunctionError';

const messageOf = (answer: unknown): string =>
  typeof answer === 'object' && answer !== null && 'errorMessage' in answer && typeof answer.errorMessage === 'string'
    ? answer.errorMessage
    : 'the function failed and does not say why';

export class FunctionClient {
  readonly #client: LambdaClient;
  readonly #callTimeoutMs: number;

  constructor(target: ClientTarget) {
    this.#client = new LambdaClient(clientOptions(target));
    this.#callTimeoutMs = target.bounds.callTimeoutMs;
  }

  /** A function that failed is a failure like any other, with the type of its error as code. */
  async invoke(functionName: string, payload: unknown): Promise<Result<unknown>> {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(payload ?? {})),
    });
    const invoked = await boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(command, bound));
    if (invoked.kind === 'failed') {
      return invoked;
    }
    const answer = parseAnswer(Buffer.from(invoked.value.Payload ?? []).toString('utf8'));
    return invoked.value.FunctionError === undefined
      ? done(answer)
      : failed({ reason: 'unknown', code: errorTypeOf(answer), message: messageOf(answer).slice(0, 200) });
  }

  /** The hash of the code that it runs. */
  async codeOf(functionName: string): Promise<Result<string>> {
    const command = new GetFunctionConfigurationCommand({ FunctionName: functionName });
    const read = await boundedCall(this.#callTimeoutMs, (bound) => this.#client.send(command, bound));
    return read.kind === 'failed' ? read : done(read.value.CodeSha256 ?? '');
  }
}
