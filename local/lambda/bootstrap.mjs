/**
 * The runtime inside an execution environment: imports the bundle, takes one request at a time over the process channel,
 * and answers with the result or the error in Lambda's form. Plain JavaScript with no import but Node's own, because the
 * environment may read nothing beside this file and the bundle; type stripping would add a compiler to the memory that is
 * measured as the function's.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {import('./environment-messages.ts').RequestMessage} RequestMessage
 * @typedef {(event: unknown, context: object) => unknown} Handler
 * @typedef {{ errorType: string, errorMessage: string, trace: string[] }} ErrorFields
 */

const ERROR_MESSAGE_CHARS_MAX = 65_536;
const TRACE_LINES_MAX = 100;

const {
  LAMBDA_TASK_ROOT: taskRoot = '',
  _HANDLER: handlerName = '',
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_VERSION: functionVersion,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryLimitInMB,
} = process.env;

/**
 * @param {object} message
 * @returns {Promise<void>}
 */
const send = async (message) => {
  /** @type {PromiseWithResolvers<void>} */
  const { promise, resolve } = Promise.withResolvers();
  process.send?.(message, undefined, {}, () => {
    resolve();
  });
  await promise;
};

/**
 * @param {NodeJS.WriteStream} stream
 * @returns {Promise<void>}
 */
const flush = async (stream) => {
  /** @type {PromiseWithResolvers<void>} */
  const { promise, resolve } = Promise.withResolvers();
  stream.write('', () => {
    resolve();
  });
  await promise;
};

/**
 * What was printed before an answer is read before it: a log line never turns up under the next request.
 * @param {object} message
 */
const answer = async (message) => {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  await send(message);
};

/**
 * @param {unknown} error
 * @param {string} [errorType]
 * @returns {ErrorFields}
 */
const describe = (error, errorType) => {
  if (error instanceof Error) {
    return {
      errorType: errorType ?? error.name,
      errorMessage: error.message.slice(0, ERROR_MESSAGE_CHARS_MAX),
      trace: (error.stack ?? '').split('\n').slice(0, TRACE_LINES_MAX),
    };
  }
  return {
    errorType: errorType ?? typeof error,
    errorMessage: String(error).slice(0, ERROR_MESSAGE_CHARS_MAX),
    trace: [],
  };
};

/**
 * @param {unknown} error
 * @param {string} [errorType]
 */
const fail = async (error, errorType) => {
  await answer({ type: 'fatal', error: describe(error, errorType) });
  process.exit(1);
};

/**
 * @param {string} name
 * @param {string} message
 * @param {unknown} [cause]
 */
const runtimeError = (name, message, cause) => Object.assign(new Error(message, { cause }), { name });

/** @returns {Promise<Handler>} */
const loadHandler = async () => {
  const dot = handlerName.lastIndexOf('.');
  const file = path.join(taskRoot, `${handlerName.slice(0, dot)}.mjs`);
  const module = /** @type {Record<string, unknown>} */ (await import(pathToFileURL(file).href));
  const handler = module[handlerName.slice(dot + 1)];
  if (typeof handler !== 'function') {
    throw runtimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (handler.length >= 3) {
    throw runtimeError(
      'Runtime.CallbackHandlerDeprecated',
      'This runtime takes async handlers only: return a promise instead of calling back.',
    );
  }
  return /** @type {Handler} */ (handler);
};

/** @param {RequestMessage} request */
const contextOf = (request) => {
  const deadlineMs = Date.now() + request.timeoutMs;
  return {
    awsRequestId: request.requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion,
    invokedFunctionArn: request.functionArn,
    memoryLimitInMB,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: request.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
};

/**
 * @param {unknown} result
 * @returns {string}
 */
const serialise = (result) => {
  try {
    /** @type {string | undefined} */
    const text = JSON.stringify(result);
    return text ?? 'null';
  } catch (error) {
    throw runtimeError('Runtime.MarshalError', `Unable to stringify the response: ${String(error)}`, error);
  }
};

/**
 * @param {Handler} handler
 * @param {RequestMessage} request
 */
const handle = async (handler, request) => {
  try {
    const payload = serialise(await handler(JSON.parse(request.payload), contextOf(request)));
    const bytes = Buffer.byteLength(payload);
    await answer(bytes > request.responseBytesMax ? { type: 'too-large', bytes } : { type: 'result', payload });
  } catch (error) {
    await answer({ type: 'error', error: describe(error) });
  }
};

/** @param {unknown} error */
const initErrorType = (error) => {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
    return 'Runtime.ImportModuleError';
  }
  return error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : undefined;
};

// The parent is gone, by whatever death: an environment never outlives its Region.
process.on('disconnect', () => {
  process.exit(0);
});
// Ctrl-C reaches the whole process group; the parent decides when an environment ends, so that work in flight finishes.
const ignore = () => {};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, ignore);
}
process.on('unhandledRejection', (reason) => {
  void fail(reason, 'Runtime.UnhandledPromiseRejection');
});
process.on('uncaughtException', (error) => {
  void fail(error);
});

try {
  const handler = await loadHandler();
  process.on('message', (request) => {
    void handle(handler, /** @type {RequestMessage} */ (request));
  });
  await send({ type: 'ready' });
} catch (error) {
  await fail(error, initErrorType(error));
}
