/** `npm start`: two Regions on this machine, a repository read into both, and the proof that they hold the same. */
import path from 'node:path';

import { TwinmapError } from '../../functions/domain/errors.ts';
import { LocalRegionError } from '../region/region-link.ts';
import { START_HELP, parseStartOptions } from './options.ts';
import { runStart } from './run-start.ts';

const EXIT_USAGE = 64;
const EXIT_UNREACHABLE = 4;

const main = async (): Promise<number> => {
  const parsed = parseStartOptions(process.argv.slice(2));
  switch (parsed.kind) {
    case 'help': {
      process.stdout.write(START_HELP);
      return 0;
    }
    case 'wrong': {
      process.stderr.write(`${parsed.problems.map((problem) => `npm start: ${problem}`).join('\n')}\n`);
      process.stderr.write('What there is: npm start -- --help\n');
      return EXIT_USAGE;
    }
    case 'options': {
      return runStart(parsed.options, path.resolve(import.meta.dirname, '../..'));
    }
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TwinmapError)) {
    throw error;
  }
  process.stderr.write(`npm start: ${error.message}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ acknowledged: false, identical: false, error: error.message, code: error.code })}\n`,
    );
  }
  // A Region that can't start or has died is a Region that can't be reached.
  process.exitCode = error instanceof LocalRegionError ? EXIT_UNREACHABLE : 1;
}
