/**
 * Who a Region is. `primary`/`secondary` name a stack and never change; `home`/`peer` are relative to the running code;
 * `active`/`passive` is the gate's business and lives there.
 */

/** An AWS Region name, for instance `us-east-2`. */
export type RegionName = string & { readonly __brand: 'RegionName' };

export type Role = 'primary' | 'secondary';

export type Side = 'home' | 'peer';

export const ROLES: readonly Role[] = ['primary', 'secondary'];

const REGION_PATTERN = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/u;

/** Says whether the text is of the form `us-east-2` or `us-gov-west-1`. */
export const isRegionName = (text: string): text is RegionName => REGION_PATTERN.test(text);

/** Parses a Region name; undefined where it is none. */
export const parseRegion = (text: string): RegionName | undefined => (isRegionName(text) ? text : undefined);
