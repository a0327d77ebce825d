/**
 * `npm run browser:console`: every page of the console in a real browser, on two local Regions: while they are well, while their roots
 * differ, in the middle of a failover, with home's vectors dead and with the peer dead. Pictures go to a folder of their own
 * (`--out DIR` keeps them); `--json` prints the figures.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ConsoleCheck } from './console-page-check.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, out: { type: 'string' } },
});

const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-console-'));
const out = values.out ?? path.join(folder, 'screenshots');
mkdirSync(out, { recursive: true });

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

try {
  const check = await ConsoleCheck.open({ out, say });
  try {
    const findings = await check.everything();
    const isGood = findings.every((finding) => finding.isGood);
    say(isGood ? 'Everything is as it should be.' : 'Something is not as it should be.');
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ isGood, findings, figures: check.figures })}\n`);
    }
    process.exitCode = isGood ? 0 : 1;
  } finally {
    await check.close();
  }
} finally {
  if (values.out === undefined) {
    rmSync(folder, { recursive: true, force: true });
  }
}
