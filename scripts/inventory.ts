/** `npm run inventory`: writes docs/inventory.md from a run of the program for both stacks. No cloud, no CLI. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ROLES } from '../functions/domain/region.ts';
import { inventoryText } from './infra/inventory.ts';
import { recordStack, ROOT, withPlaceholderBundles } from './infra/record-stack.ts';

const file = path.join(ROOT, 'docs/inventory.md');

const recordings = await withPlaceholderBundles(async (functionsDirectory) =>
  Promise.all(ROLES.map(async (stack) => recordStack(stack, { single: false, govcloud: false, functionsDirectory }))),
);
await writeFile(file, await inventoryText(recordings, file));
process.stderr.write(`${path.relative(ROOT, file)} written\n`);
