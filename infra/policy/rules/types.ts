/** Which types and features may be declared at all: a list of what may, and by name what may not. */
import { ALLOWED_TYPES, COMPONENT_PREFIX, EXPECTED_OF_PLUGINS } from '../allowed-types.ts';
import { bannedProperties } from '../banned-properties.ts';
import { bannedType } from '../banned-types.ts';
import type { ResourceRule } from '../rule.ts';

export const allowedTypes: ResourceRule = {
  kind: 'resource',
  name: 'allowed-types',
  description: 'Only resource types that were judged one by one may be declared.',
  check: ({ type }) => {
    const banned = bannedType(type);
    if (banned !== undefined) {
      return [`${type} is ${banned.feature}, which is refused: ${banned.why}.`];
    }
    return ALLOWED_TYPES.has(type) || EXPECTED_OF_PLUGINS.has(type) || type.startsWith(COMPONENT_PREFIX)
      ? []
      : [
          `${type} is unknown to the allow-list: judge it and add it to infra/policy/allowed-types.ts, or leave it out.`,
        ];
  },
};

export const noReplication: ResourceRule = {
  kind: 'resource',
  name: 'no-replication',
  description: 'No property may switch on a managed cross-Region service.',
  check: ({ type, props }) =>
    bannedProperties(type, props).map(
      ({ path, feature }) =>
        `${path} of ${type} makes it ${feature}, which is refused: the program writes both Regions itself.`,
    ),
};
