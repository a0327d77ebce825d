/** `npm start`: two Regions on this machine, a repository read into both, and the proof that they hold the same. */
import path from 'node:path';

import { TwinmapError } from '../../functions/domain/errors.ts';
import { EXIT } from '../../ops/command.ts';
import { LocalRegionError } from '../region/region-link.ts';
import { START_HELP, parseStartOptions } from './options.ts';
import { runStart } from './run-start.ts';
import { earlyReport } from './verdict.ts';

/** Tells why there is nothing to judge; with `--json` also as the one object that scripts read. */
const endEarly = (message: string, exitCode: number): number => {
  process.stderr.write(`npm start: ${message}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(earlyReport(message, exitCode, performance.now()))}\n`);
  }
  return exitCode;
};

const main = async (): Promise<number> => {
  const parsed = parseStartOptions(process.argv.slice(2));
  switch (parsed.kind) {
    case 'help': {
      process.stdout.write(START_HELP);
      return 0;
    }
    case 'wrong': {
      return endEarly(`${parsed.problems.join('; ')}. What there is: npm start -- --help`, EXIT.usage);
    }
    case 'options': {
      return runStart(parsed.options, path.resolve(import.meta.dirname, '../..'));
    }
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  if (process.env['TWINMAP_DEBUG'] === '1') {
    throw error;
  }
  const known = error instanceof TwinmapError;
  const message = error instanceof Error ? error.message : 'something that is no error was thrown';
  process.exitCode = endEarly(
    known ? message : `a defect of Twinmap: ${message} (TWINMAP_DEBUG=1 npm start shows where)`,
    error instanceof LocalRegionError ? EXIT.unreachable : EXIT.error,
  );
}
