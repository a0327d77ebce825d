/**
 * The id under which one request is found in every log: the router's, where it sent one, else a new one. It names nothing and proves
 * nothing, so anybody may choose it, as long as it can't be mistaken for anything else in a line.
 */

const REQUEST_ID = /^[\w.-]{8,64}$/u;
/** W3C trace context: version, trace, span, flags. */
const TRACEPARENT = /^[\da-f]{2}-(?<trace>[\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/u;
const NO_TRACE = /^0+$/u;

export const REQUEST_ID_HEADER = 'x-request-id';

export const requestIdOf = (headers: Headers, newId: () => string): string => {
  const given = headers.get(REQUEST_ID_HEADER) ?? '';
  if (REQUEST_ID.test(given)) {
    return given;
  }
  const trace = TRACEPARENT.exec(headers.get('traceparent') ?? '')?.groups?.['trace'];
  return trace === undefined || NO_TRACE.test(trace) ? newId() : trace;
};
