/** `npm run costs`: what a month costs by size and shape, every figure computed from prices as data (`scripts/docs/prices.ts`). */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { countsOf, monthlyCost, SIZES } from './docs/cost-model.ts';
import { dollars, SHAPES } from './docs/cost-text.ts';
import { PRICES_READ_ON } from './docs/prices.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const counts = countsOf(await readFile(path.resolve(import.meta.dirname, '../docs/inventory.md'), 'utf8'));
const rows = SHAPES.flatMap(([name, shape]) =>
  SIZES.map((size) => {
    const { lines, usd, unverifiedShare } = monthlyCost(size, shape, counts);
    return { shape: name, size: size.name, lines, usd, unverifiedShare };
  }),
);
for (const { shape, size, usd, unverifiedShare } of rows) {
  process.stderr.write(
    `${shape.padEnd(24)} ${size.padEnd(7)} ${dollars(usd).padStart(9)} a month, ${Math.round(unverifiedShare * 100)} % of it by prices from memory\n`,
  );
}
if (values.json) {
  process.stdout.write(`${JSON.stringify({ pricesReadOn: PRICES_READ_ON, costs: rows })}\n`);
}
