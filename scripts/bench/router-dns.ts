/**
 * `npm run drill:dns`: the death of DNS against the Node router. As root in a network namespace with a resolv.conf and a name
 * server of its own, so that the router asks exactly what it asks in production; otherwise the same name server by
 * `dns.servers`. Exits with 1 where a bar is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Bar, isMet, showBar } from './router/bars.ts';
import {
  type DnsDeath,
  type DnsStage,
  fillSnapshot,
  openDnsStage,
  playColdStart,
  playDeath,
  playStuckLookup,
} from './router/dns-drill.ts';
import { DNS_FAULTS } from './router/dns-server.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, inside: { type: 'boolean', default: false } },
});

const PER_SECOND = 100;
const FOR_MS = 4000;
const DNS_PORT = 53;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Runs this script again in a namespace; undefined where that is not possible here. */
const runInside = (folder: string): number | undefined => {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const resolvConf = path.join(folder, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n');
  const script = `ip link set lo up && mount --bind ${resolvConf} /etc/resolv.conf && exec "$@"`;
  const inside = ['unshare', '-n', '-m', 'sh', '-c', script, 'sh'];
  const isPossible = spawnSync(inside[0] ?? '', [...inside.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  if (!isPossible) {
    return undefined;
  }
  const args = [...inside.slice(1), process.execPath, import.meta.filename, '--inside', ...process.argv.slice(2)];
  return spawnSync(inside[0] ?? '', args, { stdio: 'inherit' }).status ?? 1;
};

interface Drilled {
  readonly deaths: Readonly<Record<string, DnsDeath>>;
  readonly seedMs: number;
  readonly snapshotMs: number;
  readonly addedMs: number;
}

const drill = async (stage: DnsStage, folder: string): Promise<Drilled> => {
  const deaths: Record<string, DnsDeath> = {};
  for (const mode of DNS_FAULTS) {
    const death = await playDeath(stage, mode, PER_SECOND, FOR_MS);
    deaths[mode] = death;
    const { sent, failed, p99Ms, slowestMs } = death;
    say(
      `${mode.padEnd(10)} of ${sent} failed ${failed}, p99 ${p99Ms.toFixed(1)} ms, slowest ${slowestMs.toFixed(0)} ms, ${death.mode}`,
    );
  }
  const seedMs = await playColdStart(stage, 'black-hole', { seeds: ['127.0.0.1'] });
  const stateFolder = path.join(folder, 'state');
  await fillSnapshot(stage, stateFolder);
  const snapshotMs = await playColdStart(stage, 'black-hole', { stateFolder });
  say(`cold start, DNS dead: ${seedMs.toFixed(0)} ms from the seed, ${snapshotMs.toFixed(0)} ms from the snapshot`);
  const { addedMs, stuck } = await playStuckLookup(stage);
  say(`${stuck} look-ups of one Region stuck: ${addedMs.toFixed(2)} ms more for the other`);
  return { deaths, seedMs, snapshotMs, addedMs };
};

const barsOf = ({ deaths, seedMs, snapshotMs, addedMs }: Drilled): readonly Bar[] => [
  ...Object.entries(deaths).map(([mode, { failed }]) => ({ what: `DNS ${mode}: failed`, measured: failed, atMost: 0 })),
  { what: 'cold start from the seed, ms', measured: seedMs, atMost: 1000 },
  { what: 'cold start from the snapshot, ms', measured: snapshotMs, atMost: 1000 },
  { what: 'a stuck look-up adds to the other Region, ms', measured: addedMs, atMost: 5 },
];

const run = async (folder: string): Promise<boolean> => {
  const stage = await openDnsStage(values.inside ? DNS_PORT : 0);
  try {
    const drilled = await drill(stage, folder);
    const bars = barsOf(drilled);
    say('');
    for (const bar of bars) {
      say(showBar(bar));
    }
    const isGood = bars.every((bar) => isMet(bar) !== false);
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ isGood, isFaithful: values.inside, bars, ...drilled })}\n`);
    }
    return isGood;
  } finally {
    await stage.close();
  }
};

const folder = mkdtempSync(path.join(tmpdir(), 'twinmap-drill-dns-'));
try {
  const status = values.inside ? undefined : runInside(folder);
  if (status === undefined) {
    say(
      values.inside
        ? 'in a network namespace, with its own resolv.conf'
        : 'without a namespace: the name server by dns.servers',
    );
    process.exitCode = (await run(folder)) ? 0 : 1;
  } else {
    process.exitCode = status;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
