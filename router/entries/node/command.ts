/** The `twinmap-router` command: runs the Node entry; every mistake is one message and an exit code. */
import { TwinmapError } from '../../../functions/domain/errors.ts';
import { runRouter } from './main.ts';

const HELP = `twinmap-router --config router.json

Answers on one address for two Regions. The config and its defaults: docs/router.md
SIGTERM drains, SIGHUP reads certificates and the kept override again.
`;

const EXIT_USAGE = 64;

const args = process.argv.slice(2);

if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(HELP);
} else {
  try {
    await runRouter(args);
  } catch (error) {
    const isMistake = error instanceof TwinmapError || (error instanceof Error && 'code' in error);
    if (!isMistake) {
      throw error;
    }
    process.stderr.write(`twinmap-router: ${error.message}\n`);
    process.exitCode = EXIT_USAGE;
  }
}
