/**
 * Starts a TypeScript entry of this project: `node bin/run.mjs local/start/start.ts …`; without an entry it only checks the
 * Node that runs it. Plain JavaScript on purpose: an older Node can't read the entries, and this must say so in one sentence.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const NODE_MAJOR_MIN = 24;
const EXIT_USAGE = 64;

/**
 * What a script is for stands at its top: whoever asks a script without a help text of its own, or mistypes, gets that, and no stack.
 * @param {string} file
 * @param {unknown} error what its command line came to
 */
const explainUsage = (file, error) => {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS_')) {
    throw error;
  }
  const [, header = ''] = /^\/\*\*(.*?)\*\//su.exec(readFileSync(file, 'utf8')) ?? [];
  const about = header.replaceAll(/^[ \t]*\*?[ \t]?/gmu, '').trim();
  const isAsked = process.argv.includes('--help');
  process.stderr.write(`${isAsked ? '' : `${error.message}\n\n`}${about}\n`);
  process.exitCode = isAsked ? 0 : EXIT_USAGE;
};

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
    const file = path.resolve(import.meta.dirname, '..', entry);
    // The library of colours also paints where CI is set and nobody looks: what is piped to a file or a program stays plain.
    if (!process.stdout.isTTY && process.env['FORCE_COLOR'] === undefined) {
      process.env['NO_COLOR'] = '1';
    }
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      explainUsage(file, error);
    }
  }
};

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === import.meta.filename) {
  const [entry = '', ...rest] = process.argv.slice(2);
  // An entry that is imported is not `import.meta.main`: it knows by this whole path that it is the one to run.
  const whole = entry === '' ? '' : path.resolve(import.meta.dirname, '..', entry);
  process.argv.splice(1, process.argv.length - 1, whole, ...rest);
  await run(entry);
}
