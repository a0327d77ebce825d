/**
 * ARNs and ids as AWS would hand them out for a declared resource. Made from what the resource says of itself and not from
 * `infra/names.ts`: so a name that the program derives wrongly for its policies shows up as a mismatch, here as in AWS.
 */
import { createHash } from 'node:crypto';

const PARTITIONS: readonly (readonly [start: string, partition: string])[] = [
  ['us-gov-', 'aws-us-gov'],
  ['cn-', 'aws-cn'],
  ['eusc-', 'aws-eusc'],
];

export interface Arns {
  /** `resource` is what follows the account, for instance `table/graph`. */
  regional(service: string, resource: string): string;
  /** IAM is global: no Region in the ARN. */
  iam(resource: string): string;
}

export const arnsOf = (region: string, accountId: string): Arns => {
  const partition = PARTITIONS.find(([start]) => region.startsWith(start))?.[1] ?? 'aws';
  return {
    regional: (service, resource) => `arn:${partition}:${service}:${region}:${accountId}:${resource}`,
    iam: (resource) => `arn:${partition}:iam::${accountId}:${resource}`,
  };
};

/** The same for the same text in every run: a Region that starts again must find its resources under the same ids. */
export const stableHex = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

export const stableUuid = (text: string): string => {
  const hex = stableHex(text, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
