/**
 * `npm run worker:dry-run`: renders the router for Cloudflare and lets the real wrangler check it, without a log-in and without
 * the network. `--config router.json` takes a config of one's own; `--json` ends with the figures on stdout.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type RouterConfig, routerConfigSchema } from '../../router/config/schema.ts';
import { readConfig } from '../../router/entries/cli/router-command.ts';
import { renderCloudflare } from '../../router/entries/cli/render-files.ts';

const TIMEOUT_MS = 60_000;
const WRANGLER = path.join(import.meta.dirname, 'node_modules/wrangler/bin/wrangler.js');

const EXAMPLE = {
  regions: [
    { id: 'us-east-2', endpoint: 'https://twinmap1.example' },
    { id: 'us-west-2', endpoint: 'https://twinmap2.example' },
  ],
};

const { values } = parseArgs({ options: { config: { type: 'string' }, json: { type: 'boolean', default: false } } });

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const configOf = async (file: string | undefined): Promise<RouterConfig> =>
  file === undefined
    ? routerConfigSchema.parse(EXAMPLE)
    : readConfig({ words: [], options: { config: file }, say, give: () => undefined });

/** In a home of its own: nothing of a person's log-in is read or written. */
const wrangler = async (home: string, args: readonly string[]): Promise<string> => {
  const ended = Promise.withResolvers<string>();
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
  execFile(process.execPath, [WRANGLER, ...args], { timeout: TIMEOUT_MS, env }, (error, stdout, stderr) => {
    if (error === null) {
      ended.resolve(stdout);
    } else {
      ended.reject(new Error(`wrangler refuses it: ${stderr.trim() || error.message}`));
    }
  });
  return ended.promise;
};

const folder = mkdtempSync(path.join(tmpdir(), 'router-dry-run-'));
try {
  const { file, configHash } = await renderCloudflare(await configOf(values.config), folder);
  const stdout = await wrangler(folder, [
    'deploy',
    '--dry-run',
    '--config',
    file,
    '--outdir',
    path.join(folder, 'dry'),
  ]);
  say(stdout.trim());
  const { total, gzip } = /Total Upload: (?<total>[\d.]+) KiB \/ gzip: (?<gzip>[\d.]+) KiB/u.exec(stdout)?.groups ?? {};
  if (total === undefined || gzip === undefined) {
    throw new Error('wrangler did not say what it would upload.');
  }
  const figures = { configHash, uploadKib: Number(total), gzipKib: Number(gzip) };
  process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `would upload ${total} KiB (${gzip} KiB gzip)\n`);
} catch (error) {
  say(`worker:dry-run: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
