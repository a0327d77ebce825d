/** `npm run docs`: writes the generated parts of docs/deploy.md (costs), docs/security.md (roles), docs/drill.md and README.md (last drill). `--check` only says what is stale. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { generatePages } from './docs/blocks.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});

const stale = (await generatePages(ROOT)).filter(({ isStale }) => isStale);
for (const { file, text } of stale) {
  if (!values.check) {
    await writeFile(path.join(ROOT, file), text);
  }
  process.stderr.write(`${file} ${values.check ? 'is stale: npm run docs' : 'written'}\n`);
}
if (values.json) {
  process.stdout.write(`${JSON.stringify({ stale: stale.map(({ file }) => file), written: !values.check })}\n`);
}
process.exitCode = values.check && stale.length > 0 ? 1 : 0;
