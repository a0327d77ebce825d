/** `npm run inventory`: writes docs/inventory.md from a run of the program for both stacks, and docs/alarms.md. No cloud, no CLI. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { alarmsText, exampleAlarms } from './infra/alarms-document.ts';
import { inventoryText } from './infra/inventory.ts';
import { recordStack, ROOT, withPlaceholderBundles } from './infra/record-stack.ts';

const file = path.join(ROOT, 'docs/inventory.md');

const ORDINARY = { single: false, govcloud: false, isolated: false, twoAccounts: false };

const [primary, secondary, shaped] = await withPlaceholderBundles(async (functionsDirectory) =>
  Promise.all([
    recordStack('primary', { ...ORDINARY, functionsDirectory }),
    recordStack('secondary', { ...ORDINARY, functionsDirectory }),
    recordStack('primary', { ...ORDINARY, isolated: true, twoAccounts: true, functionsDirectory }),
  ]),
);
await writeFile(file, await inventoryText({ primary, secondary, shaped }, file));
process.stderr.write(`${path.relative(ROOT, file)} written\n`);

const alarmsFile = path.join(ROOT, 'docs/alarms.md');
await writeFile(alarmsFile, await alarmsText(exampleAlarms(), alarmsFile));
process.stderr.write(`${path.relative(ROOT, alarmsFile)} written\n`);
