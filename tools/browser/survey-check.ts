/**
 * `npm run browser:survey`: the survey's page in a real browser, from disk and from a static host, while the preferred Region's DNS
 * dies and comes back. It runs in a network namespace with its own resolv.conf, so that the browser asks a name server that can
 * fail, as it would ask anybody's; and it needs Debian's chromium. `--out DIR` keeps the screenshots.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { SurveyCheck } from './survey-page-check.ts';

const DNS_PORT = 53;
const ROOT = path.resolve(import.meta.dirname, '../..');

const { values } = parseArgs({
  options: {
    inside: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The same script again, where loopback is all there is and DNS is ours. Undefined where this machine allows no namespace. */
const runInside = (folder: string): number | undefined => {
  const resolvConf = path.join(folder, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n');
  const script = `ip link set lo up && mount --bind ${resolvConf} /etc/resolv.conf && exec "$@"`;
  const inside = ['--map-root-user', '--net', '--mount', 'sh', '-c', script, 'sh'];
  if (spawnSync('unshare', [...inside, 'true'], { stdio: 'ignore' }).status !== 0) {
    return undefined;
  }
  const again = [...inside, process.execPath, import.meta.filename, '--inside', ...process.argv.slice(2)];
  return spawnSync('unshare', again, { stdio: 'inherit' }).status ?? 1;
};

const check = async (folder: string): Promise<boolean> => {
  const out = values.out ?? path.join(folder, 'screenshots');
  mkdirSync(out, { recursive: true });
  const survey = await SurveyCheck.open({ rootDirectory: ROOT, folder, out, dnsPort: DNS_PORT });
  try {
    const findings = await survey.everything();
    for (const { isGood, what } of findings) {
      say(`${isGood ? 'good  ' : 'FAILED'} ${what}`);
    }
    const isGood = findings.every((finding) => finding.isGood);
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ isGood, findings, figures: survey.figures })}\n`);
    }
    return isGood;
  } finally {
    await survey.close();
  }
};

const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-browser-'));
try {
  if (values.inside) {
    process.exitCode = (await check(folder)) ? 0 : 1;
  } else {
    const status = runInside(folder);
    if (status === undefined) {
      say(
        'This check needs Linux with user namespaces (unshare, ip): a browser can be shown a failing DNS in no other way.',
      );
    }
    process.exitCode = status ?? 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
