/**
 * Starts a TypeScript entry of this project: `node bin/run.mjs local/start/start.ts …`; without an entry it only checks the
 * Node that runs it. Plain JavaScript on purpose: an older Node can't read the entries, and this must say so in one sentence.
 */
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const NODE_MAJOR_MIN = 24;

/** @param {string} entry a path within the project */
export const run = async (entry) => {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN) {
    process.stderr.write(
      `twinmap needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}: run it through npm (npm start, npm test, npx twinmap) ` +
        `after npm ci, which installs Node ${NODE_MAJOR_MIN} beside the project on Linux, or install Node ${NODE_MAJOR_MIN}.\n`,
    );
    process.exitCode = 1;
    return;
  }
  if (entry !== '') {
    await import(pathToFileURL(path.resolve(import.meta.dirname, '..', entry)).href);
  }
};

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === import.meta.filename) {
  const [entry = '', ...rest] = process.argv.slice(2);
  // An entry that is imported is not `import.meta.main`: it knows by this whole path that it is the one to run.
  const whole = entry === '' ? '' : path.resolve(import.meta.dirname, '..', entry);
  process.argv.splice(1, process.argv.length - 1, whole, ...rest);
  await run(entry);
}
