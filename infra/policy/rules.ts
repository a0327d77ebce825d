/** Every rule of the pack, in the order in which a reviewer asks. */
import type { Rule } from './rule.ts';
import { encrypted, logsKept, protectedData, restorable } from './rules/data.ts';
import { boundedRetries, functionAlarm, functionLogGroup } from './rules/functions.ts';
import { privateEndpoints, privateFront, withoutNat } from './rules/network.ts';
import { leastPrivilege, noControlPlane, noPublicPrincipal } from './rules/permissions.ts';
import { ownPartition, ownRegion } from './rules/place.ts';
import { noInlineSecrets } from './rules/secrets.ts';
import { allowedTypes, noReplication } from './rules/types.ts';

export const RULES: readonly Rule[] = [
  allowedTypes,
  noReplication,
  ownRegion,
  ownPartition,
  encrypted,
  protectedData,
  restorable,
  logsKept,
  privateFront,
  withoutNat,
  privateEndpoints,
  leastPrivilege,
  noControlPlane,
  noPublicPrincipal,
  noInlineSecrets,
  boundedRetries,
  functionLogGroup,
  functionAlarm,
];
