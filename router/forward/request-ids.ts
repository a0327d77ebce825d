/**
 * The id under which a request is found in the logs of router and Region: its client's own, where that is one word, else a new one.
 * A prefix for each router and a number are enough to tell two requests apart, and cost nothing to make.
 */

const GIVEN = /^[\w.-]{8,64}$/u;

/** `prefix` is asked for with the first request: a worker has no randomness before it. */
export const createRequestIds = (prefix: () => string): ((given: string | undefined) => string) => {
  let made: string | undefined;
  let number = 0;
  return (given) => {
    if (given !== undefined && GIVEN.test(given)) {
      return given;
    }
    made ??= prefix();
    number += 1;
    return `${made}-${number.toString(36)}`;
  };
};
