/** The list of AWS Regions is not behind that of the AWS SDK which is installed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { expect, it } from 'vitest';

import { KNOWN_REGIONS } from '../../../functions/graph/answers/known-regions.ts';
import { isRegion } from '../../../functions/graph/region/names.ts';

const PARTITIONS = 'submodules/client/util-endpoints/lib/aws/partitions.js';

it('every Region that the SDK knows is known, and each is written as a Region', () => {
  const core = path.dirname(createRequire(import.meta.url).resolve('@aws-sdk/core/package.json'));
  const text = readFileSync(path.join(core, 'dist-es', PARTITIONS), 'utf8');
  const codes = [...text.matchAll(/"(?<code>[a-z]+(?:-[a-z]+)+-\d)"/gu)].map(({ groups }) => groups?.['code'] ?? '');
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !KNOWN_REGIONS.has(code))).toEqual([]);
  expect([...KNOWN_REGIONS].filter((code) => !isRegion(code))).toEqual([]);
});
