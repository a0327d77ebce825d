/**
 * The change of the DNS record that people use, for whoever runs the customer's DNS: printed always, and handed to a program of the
 * customer's where one is named. Nothing waits for it: both Regions have stable addresses of their own.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';

import type { Role } from '../../functions/domain/region.ts';
import type { AnnounceSettings } from './settings.ts';

export interface DnsChange {
  readonly record: string;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly ttlSeconds: number;
}

export interface DnsEnds {
  readonly record: string | undefined;
  readonly from: { readonly role: Role; readonly endpoint: string };
  readonly to: { readonly role: Role; readonly endpoint: string };
}

const DEFAULT_TTL_SECONDS = 60;

/** Undefined where nobody named a record. `record` is the command line's. */
export const dnsChangeOf = ({ dns }: AnnounceSettings, { record, from, to }: DnsEnds): DnsChange | undefined => {
  const name = record ?? dns?.record;
  if (name === undefined) {
    return undefined;
  }
  return {
    record: name,
    type: dns?.type ?? 'CNAME',
    from: dns?.[from.role] ?? new URL(from.endpoint).hostname,
    to: dns?.[to.role] ?? new URL(to.endpoint).hostname,
    ttlSeconds: dns?.ttlSeconds ?? DEFAULT_TTL_SECONDS,
  };
};

export const dnsLines = ({ record, type, from, to, ttlSeconds }: DnsChange): readonly string[] => [
  'DNS, for your own provider (not required: both Regions have stable addresses):',
  `  record  ${record}  ${type}`,
  `  old     ${from}`,
  `  new     ${to}`,
  `  TTL     ${ttlSeconds} s`,
];

export type HookOutcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly why: string };

export interface HookOptions {
  readonly timeoutMs: number;
  /** What the program is given beside its arguments. */
  readonly environment: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

const SAID_CHARS_MAX = 2000;

/** The whole group: a program that hangs has children that hang. */
const endGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) {
      process.kill(-pid, 'SIGKILL');
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
};

/** No shell sees it: the program is one path, and the change is its arguments. */
export const runDnsHook = async (program: string, change: DnsChange, options: HookOptions): Promise<HookOutcome> => {
  const { record, type, from, to, ttlSeconds } = change;
  const ended = Promise.withResolvers<HookOutcome>();
  const child = spawn(path.resolve(program), [record, type, from, to, String(ttlSeconds)], {
    shell: false,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.environment,
  });
  const timer = setTimeout(() => {
    endGroup(child.pid);
    ended.resolve({ kind: 'failed', why: `it did not end within ${options.timeoutMs} ms` });
  }, options.timeoutMs);
  let said = '';
  const hear = (text: string): void => {
    said = (said + text).slice(-SAID_CHARS_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  child.once('error', (error: NodeJS.ErrnoException) => {
    ended.resolve({ kind: 'failed', why: `${program} can't be run (${error.code ?? 'no reason given'})` });
  });
  child.once('close', (code, signal) => {
    ended.resolve(
      code === 0 ? { kind: 'done' } : { kind: 'failed', why: `it ended with ${signal ?? `${code ?? '?'}`}` },
    );
  });
  const outcome = await ended.promise;
  clearTimeout(timer);
  for (const line of said.split('\n').filter((text) => text.trim() !== '')) {
    options.onLine?.(line);
  }
  return outcome;
};
