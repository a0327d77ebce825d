/** The command line of `npm start`, parsed before anything is touched; every mistake is told at once. */
import { parseArgs } from 'node:util';

import { CONNECTION_MODES, REQUEST_MODES } from '../services/faults.ts';
import { SERVICE_NAMES } from '../services/service.ts';

export interface StartOptions {
  /** Paths or URLs as typed; empty, and without a file, means this repository. */
  readonly sources: readonly string[];
  /** A `sources.yaml`. */
  readonly sourcesFile: string | undefined;
  readonly once: boolean;
  readonly json: boolean;
  /** Replaces the schedule of the stack files. */
  readonly intervalMs: number | undefined;
  readonly dataDirectory: string;
  readonly faults: readonly FaultOption[];
  /** Whether the example survey runs beside the product. */
  readonly survey: boolean;
}

export interface FaultOption {
  readonly role: 'primary' | 'secondary';
  readonly service: string;
  readonly mode: string;
}

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: StartOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export const START_HELP = `Two Regions on this machine, from the Pulumi program that AWS would get.

  npm start -- [options]

  --source PATH_OR_URL  a git repository to read; repeatable (default: this one)
  --sources FILE        what to read, of any kind, as a YAML file (docs/connectors.md has one); secrets as env:NAME
  --once                one sync, a proof, and an end:
                        0 acknowledged and identical, 1 not acknowledged, 2 the Regions differ,
                        4 a Region is unreachable, 5 no Region is active, 64 wrong usage
  --json                progress to stderr, one JSON object as the last line of stdout
  --interval DURATION   sync this often, for instance 30s, 5m, 1h (default: the stacks' schedule)
  --data DIR            where both Regions keep their state (default: .twinmap)
  --fault ROLE:SERVICE:MODE
                        break a service of a Region to see what happens, for instance
                        secondary:dynamodb:blackhole; repeatable. Services: dynamodb, s3vectors, appconfig, sqs, kms, *
                        Modes: refuse, blackhole, tls-stall, header-stall, body-stall, reset, delay, error-500, error-503,
                        throttle, truncate, lost-reply, dns-empty, dns-nxdomain, dns-servfail, dns-silent
  --survey              run examples/survey in both Regions too, and print where its page is
  --help                this text
`;

const FAULT_SERVICES: ReadonlySet<string> = new Set([...SERVICE_NAMES, '*']);
const FAULT_MODES: ReadonlySet<string> = new Set(
  [...CONNECTION_MODES, ...REQUEST_MODES, 'delay'].filter((mode) => mode !== 'none'),
);

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const INTERVAL_MIN_MS = 1000;

const parseInterval = (text: string | undefined, problems: string[]): number | undefined => {
  if (text === undefined) {
    return undefined;
  }
  const [, amount, unit] = /^(\d+)([smh])$/u.exec(text) ?? [];
  const intervalMs = Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!(intervalMs >= INTERVAL_MIN_MS)) {
    problems.push(`--interval ${text}: write a number and a unit, for instance 30s, 5m or 1h`);
    return undefined;
  }
  return intervalMs;
};

const parseFault = (text: string, problems: string[]): FaultOption | undefined => {
  const [role, service, mode] = text.split(':');
  if (
    (role !== 'primary' && role !== 'secondary') ||
    service === undefined ||
    mode === undefined ||
    !FAULT_SERVICES.has(service) ||
    !FAULT_MODES.has(mode)
  ) {
    problems.push(`--fault ${text}: write ROLE:SERVICE:MODE, for instance secondary:dynamodb:blackhole`);
    return undefined;
  }
  return { role, service, mode };
};

interface RawOptions {
  readonly source?: string[];
  readonly sources?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly interval?: string;
  readonly data?: string;
  readonly fault?: string[];
  readonly survey?: boolean;
  readonly help?: boolean;
}

const readRaw = (args: readonly string[]): RawOptions | string => {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        source: { type: 'string', multiple: true },
        sources: { type: 'string' },
        once: { type: 'boolean' },
        json: { type: 'boolean' },
        interval: { type: 'string' },
        data: { type: 'string' },
        fault: { type: 'string', multiple: true },
        survey: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the options could not be read';
    return message.split('. ')[0] ?? message;
  }
};

export const parseStartOptions = (args: readonly string[]): ParsedOptions => {
  const raw = readRaw(args);
  if (typeof raw === 'string') {
    return { kind: 'wrong', problems: [raw] };
  }
  if (raw.help === true) {
    return { kind: 'help' };
  }
  const problems: string[] = [];
  const intervalMs = parseInterval(raw.interval, problems);
  const faults = (raw.fault ?? []).map((text) => parseFault(text, problems)).filter((fault) => fault !== undefined);
  if ((raw.source ?? []).some((source) => source.trim() === '')) {
    problems.push('--source: an empty value; write a path or an https:// address');
  }
  if (raw.once === true && raw.interval !== undefined) {
    problems.push('--once and --interval exclude each other: one sync, or one every interval');
  }
  if (raw.once === true && raw.survey === true) {
    problems.push('--once and --survey exclude each other: nobody could vote');
  }
  return problems.length > 0
    ? { kind: 'wrong', problems }
    : {
        kind: 'options',
        options: {
          sources: raw.source ?? [],
          sourcesFile: raw.sources,
          once: raw.once ?? false,
          json: raw.json ?? false,
          intervalMs,
          dataDirectory: raw.data ?? '.twinmap',
          faults,
          survey: raw.survey ?? false,
        },
      };
};
