/**
 * `npm run sbom`: writes dist/sbom.cdx.json, a CycloneDX bill of what is installed to run, and of what is in each function's bundle. Offline.
 * Exits with 1 where a bundle holds a package that is only for development.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { readBundles } from './sbom/bundles.ts';
import { licenceOf, readLockBom, unknownPackages, withBundles } from './sbom/cyclonedx.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(ROOT, 'dist/sbom.cdx.json') },
    json: { type: 'boolean', default: false },
  },
});

const [lock, bundles] = await Promise.all([readLockBom(ROOT), readBundles(ROOT)]);
const bom = await withBundles(ROOT, lock, bundles);
await mkdir(path.dirname(values.out), { recursive: true });
await writeFile(values.out, `${JSON.stringify(bom, undefined, 2)}\n`);

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const running = new Set(bundles.flatMap(({ packages }) => packages.map(({ name, version }) => `${name}@${version}`)));
const unknown = unknownPackages(lock, bundles);
const licences = Object.fromEntries(
  [...Map.groupBy(lock.components, (component) => licenceOf(component))]
    .map(([licence, found]) => [licence, found.length] as const)
    .toSorted(([, left], [, right]) => right - left),
);
say(`${path.relative(ROOT, values.out)}: ${lock.components.length} packages, ${running.size} of them in functions`);
for (const { name, packages, bytes } of bundles) {
  say(`  ${name.padEnd(9)} ${String(Math.ceil(bytes / 1024)).padStart(5)} KiB, ${packages.length} packages`);
}
for (const [licence, count] of Object.entries(licences)) {
  say(`  ${String(count).padStart(4)} ${licence}`);
}
for (const one of unknown) {
  say(`only for development, and in a bundle: ${one}`);
}
if (values.json) {
  const contents = bundles.map(({ name, bytes, ownFiles, packages }) => ({ name, bytes, ownFiles, packages }));
  process.stdout.write(
    `${JSON.stringify({ file: values.out, packages: lock.components.length, running: running.size, licences, bundles: contents, unknown })}\n`,
  );
}
process.exitCode = unknown.length > 0 ? 1 : 0;
