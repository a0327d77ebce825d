/** The engine's view of a resource to plain data. Touching a value that is not known yet throws there; here it is `UNKNOWN`. */
import { type PolicyResource, type ResourceValidationArgs, UnknownValueError } from '@pulumi/policy';

import { type Plain, type PlainObject, type Resource, UNKNOWN } from './rule.ts';

/** A file, folder or archive of them: no rule looks inside. */
const ASSET = '<asset>';

const plain = (read: () => unknown): Plain => {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    if (error instanceof UnknownValueError) {
      return UNKNOWN;
    }
    throw error;
  }
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    // Not `map`: it would touch an unknown item outside of `plain`.
    return Array.from({ length: list.length }, (_empty, place) => plain(() => list[place]));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.getPrototypeOf(value) === Object.prototype ? plainObject(value) : ASSET;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};

const plainObject = (target: object): PlainObject =>
  Object.fromEntries(Object.keys(target).map((key) => [key, plain(() => Reflect.get(target, key))]));

export const resourceOf = ({
  urn,
  type,
  name,
  props,
  opts,
  provider,
}: ResourceValidationArgs | PolicyResource): Resource => ({
  urn,
  type,
  name,
  props: plainObject(props),
  protect: opts.protect,
  ...(provider === undefined ? {} : { provider: plainObject(provider.props) }),
});
