/** Versions order writes by text: epoch before Region before run before the write's own number. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RegionName } from '../../../functions/domain/region.ts';
import { parseRegion } from '../../../functions/domain/region.ts';
import {
  encodeFence,
  type Fence,
  fenceOfVersion,
  ingestVersion,
  parseFence,
} from '../../../functions/domain/version.ts';

const regions = ['us-east-2', 'us-west-2', 'us-gov-west-1'].map((name) => parseRegion(name) as RegionName);

const fences = fc.record({
  epoch: fc.integer({ min: 1, max: 1_000_000 }),
  region: fc.constantFrom(...regions),
  run: fc.integer({ min: 1, max: 1_000_000 }),
  op: fc.constantFrom('01J00000000000000000000000', '01JZZZZZZZZZZZZZZZZZZZZZZZ'),
});

const order = (left: Fence, right: Fence): number =>
  left.epoch - right.epoch ||
  (left.region < right.region ? -1 : Number(left.region > right.region)) ||
  left.run - right.run ||
  (left.op < right.op ? -1 : Number(left.op > right.op));

describe('fences', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fences, (fence) => {
        expect(parseFence(encodeFence(fence))).toEqual(fence);
      }),
    );
  });

  it('are ordered as text by epoch, Region, run and op', () => {
    fc.assert(
      fc.property(fences, fences, (left, right) => {
        const [a, b] = [encodeFence(left), encodeFence(right)];
        expect(a < b ? -1 : Number(a > b)).toBe(Math.sign(order(left, right)));
      }),
    );
  });

  it('are none where the text is something else', () => {
    expect(parseFence('7/us-east-2/1/x')).toBeUndefined();
    expect(parseFence('')).toBeUndefined();
  });
});

describe('ingest versions', () => {
  it('carry their fence and order the writes of one run', () => {
    fc.assert(
      fc.property(fences, fc.nat(100_000), fc.nat(100_000), (fence, first, second) => {
        const text = encodeFence(fence);
        expect(fenceOfVersion(ingestVersion(text, first))).toBe(text);
        expect(ingestVersion(text, first) < ingestVersion(text, second)).toBe(first < second);
      }),
    );
  });

  it('have no fence where the version is interactive', () => {
    expect(fenceOfVersion('u|0000000000001|us-east-2|op')).toBeUndefined();
  });
});
