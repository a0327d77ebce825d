/**
 * `router drill`: makes the whole fleet use the other Region for a while, by the same signed override that an operator would
 * use, asks through the router all the time, and reports what clients saw. Nobody knows that a fallback works until it has.
 */
import { ConfigError } from '../../../functions/domain/errors.ts';
import { mint, mintOptionsOf } from './token.ts';
import {
  CONFIG_OPTION,
  parseDurationMs,
  readConfig,
  ROUTER_EXIT,
  type RouterCommand,
  type RouterCommandInput,
  textOption,
} from './router-command.ts';

const EVERY_MS = 50;
const REQUEST_TIMEOUT_MS = 5000;
/** After the override ends, traffic has to be seen to return. */
const AFTER_MS = 2000;

interface Asked {
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number;
  readonly region: string;
}

const ask = async (url: string, startMs: number): Promise<Asked> => {
  const sentMs = performance.now();
  const atMs = sentMs - startMs;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    await response.arrayBuffer();
    const region = response.headers.get('x-router-region') ?? 'unknown';
    return { atMs, tookMs: performance.now() - sentMs, status: response.status, region };
  } catch {
    return { atMs, tookMs: performance.now() - sentMs, status: 0, region: 'none' };
  }
};

const pause = async (ms: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};

const put = async (base: string, token: string): Promise<void> => {
  const response = await fetch(new URL('/__router/override', base), {
    method: 'PUT',
    body: token,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) {
    const problem = (await response.text()).slice(0, 500);
    throw new ConfigError(`The router did not take the override (HTTP ${response.status}): ${problem}`);
  }
};

export interface DrillReport {
  readonly asked: number;
  readonly failed: number;
  readonly slowestMs: number;
  readonly movedAfterMs: number | null;
  readonly returnedAfterMs: number | null;
  readonly regions: Readonly<Record<string, number>>;
}

export const summarise = (asked: readonly Asked[], target: string, lastsMs: number): DrillReport => {
  const regions: Record<string, number> = {};
  for (const { region } of asked) {
    regions[region] = (regions[region] ?? 0) + 1;
  }
  const moved = asked.find(({ region }) => region === target);
  const back = asked.find(({ atMs, region }) => atMs >= lastsMs && region !== target && region !== 'none');
  return {
    asked: asked.length,
    failed: asked.filter(({ status }) => status === 0 || status >= 500).length,
    slowestMs: Math.round(Math.max(0, ...asked.map(({ tookMs }) => tookMs))),
    movedAfterMs: moved === undefined ? null : Math.round(moved.atMs),
    returnedAfterMs: back === undefined ? null : Math.round(back.atMs - lastsMs),
    regions,
  };
};

const run = async (input: RouterCommandInput): Promise<number> => {
  const config = await readConfig(input);
  const base = textOption(input, 'router');
  const target = input.words[0] ?? '';
  const lastsMs = parseDurationMs(textOption(input, 'for') ?? '30s');
  if (base === undefined || lastsMs === undefined || !config.regions.some(({ id }) => id === target)) {
    input.say(
      `Use: router drill <${config.regions.map(({ id }) => id).join('|')}> --router <url> --for 30s --key … --kid …`,
    );
    return ROUTER_EXIT.usage;
  }
  const options = mintOptionsOf(input, `prefer:${target}`, config.name);
  const minted = await mint({
    ...options,
    scope: 'fleet',
    lifetimeMs: lastsMs,
    why: textOption(input, 'why') ?? 'router drill',
  });
  input.say(`All traffic goes to ${target} for ${lastsMs / 1000} s.`);
  const url = new URL(textOption(input, 'path') ?? config.probes.statusPath, base).href;
  const startMs = performance.now();
  await put(base, minted);
  const sent: Promise<Asked>[] = [];
  while (performance.now() - startMs < lastsMs + AFTER_MS) {
    sent.push(ask(url, startMs));
    await pause(EVERY_MS);
  }
  const report = summarise(await Promise.all(sent), target, lastsMs);
  input.say(
    `${report.asked} requests, ${report.failed} failed, slowest ${report.slowestMs} ms; moved after ${report.movedAfterMs ?? '–'} ms, ` +
      `returned ${report.returnedAfterMs ?? '–'} ms after the end.`,
  );
  input.give(report);
  return report.failed === 0 && report.movedAfterMs !== null ? ROUTER_EXIT.done : ROUTER_EXIT.error;
};

export const drill: RouterCommand = {
  name: 'drill',
  arguments: [{ name: 'region', help: 'where all traffic goes for a while' }],
  help: 'force the fallback for a while, and report what clients saw',
  options: [
    CONFIG_OPTION,
    { flags: '--router <url>', help: 'the running router' },
    { flags: '--for <duration>', help: 'how long', fallback: '30s' },
    { flags: '--path <path>', help: 'what is asked; the status unless set' },
    { flags: '--key <file>', help: 'the private key' },
    { flags: '--kid <name>', help: 'its name in the config' },
    { flags: '--why <text>', help: 'the reason, shown to everybody' },
  ],
  run,
};
