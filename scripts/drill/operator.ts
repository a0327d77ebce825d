/**
 * The person on call, with a laptop, static keys and a config file: runs the real command as a child process, and keeps what it
 * answered. Names are asked of the drill's name server, and every connection passes the drill's wire.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { InvariantError } from '../../functions/domain/errors.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { Address, PairFile } from '../../ops/pair-stores.ts';
import type { DrillPair } from './pair.ts';
import type { WireCall } from './wire/wire-modes.ts';
import type { Wire } from './wire/wire.ts';

const envelopeSchema = z.object({
  schema: z.literal('twinmap/1'),
  command: z.string(),
  ok: z.boolean(),
  exitCode: z.number(),
  at: z.string(),
  data: z.record(z.string(), z.unknown()),
});

export type Envelope = z.infer<typeof envelopeSchema>;

export interface Ran {
  readonly words: readonly string[];
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly tookMs: number;
  /** Null where it was ended from outside. */
  readonly exitCode: number | null;
  /** Undefined where it printed none: it was ended, or broke. */
  readonly envelope: Envelope | undefined;
  /** For people. */
  readonly said: string;
  /** What the wire saw of it, by Region. */
  readonly asked: Readonly<Record<Role, Asked>>;
}

/** Calls that a Region did not answer as one that is well, look-ups of names without an address, and how long was waited for both. */
export interface Asked {
  readonly calls: number;
  readonly lookups: number;
  readonly waitedMs: number;
}

export interface OperatorOptions {
  readonly rootDirectory: string;
  readonly directory: string;
  readonly pair: DrillPair;
  readonly wire: Wire;
  readonly routerUrl: string;
}

const LAPTOP_KEYS = {
  AWS_ACCESS_KEY_ID: 'LOCALOPERATOR',
  AWS_SECRET_ACCESS_KEY: 'local-secret-access-key',
  AWS_SESSION_TOKEN: '',
} as const;
const RUN_TIMEOUT_MS = 180_000;
const RESOLVER = path.join(import.meta.dirname, 'wire', 'laptop-resolver.ts');

const addressOf = ({ pair, wire }: OperatorOptions, role: Role): Address => {
  const { gate, functions, stores, region } = pair.addresses[role];
  const url = (service: string): string => wire.urlOf('operator', role, service);
  if (gate === undefined || functions === undefined) {
    throw new InvariantError('a local pair does not say where its gate and its functions are');
  }
  return {
    role,
    region,
    endpoint: url('api'),
    stores: { ...stores, dynamodb: url('dynamodb'), s3vectors: url('s3vectors'), dnsServers: [wire.nameServer] },
    gate: { ...gate, appconfig: url('appconfig'), appconfigdata: url('appconfigdata') },
    functions: { ...functions, lambda: url('lambda') },
  };
};

const pairFileOf = (options: OperatorOptions): PairFile => ({
  regions: ROLES.map((role) => addressOf(options, role)),
  authority: path.join(options.pair.authorityDirectory, 'authority.pem'),
  router: options.routerUrl,
});

const parseEnvelope = (stdout: string): Envelope | undefined => {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return envelopeSchema.safeParse(JSON.parse(last)).data;
  } catch {
    // Ended in the middle of it: there is none.
    return undefined;
  }
};

/** A Region that comes and goes is out only while it does not answer: what is asked in between is no waste. */
const isAnswered = ({ mode, status }: WireCall): boolean => mode === 'ok' && status !== 0;

export class Operator {
  readonly runs: Ran[] = [];
  readonly #options: OperatorOptions;
  readonly #file: string;

  private constructor(options: OperatorOptions, file: string) {
    this.#options = options;
    this.#file = file;
  }

  static async open(options: OperatorOptions): Promise<Operator> {
    const file = path.join(options.directory, 'twinmap.json');
    await writeFile(file, JSON.stringify(pairFileOf(options), undefined, 2));
    return new Operator(options, file);
  }

  #askedSince(before: Readonly<Record<Role, { readonly calls: number; readonly lookups: number }>>): Ran['asked'] {
    const { wire } = this.#options;
    const of = (role: Role): Asked => {
      const calls = wire
        .callsTo(role)
        .slice(before[role].calls)
        .filter((call) => !isAnswered(call));
      const waitedMs = Math.round(calls.reduce((sum, { tookMs }) => sum + tookMs, 0));
      return { calls: calls.length, lookups: wire.lookups(role) - before[role].lookups, waitedMs };
    };
    return { primary: of('primary'), secondary: of('secondary') };
  }

  /** `kill`: ends the command in the middle, as a laptop's battery does. */
  async run(words: readonly string[], kill?: (say: string) => boolean): Promise<Ran> {
    const startedAt = Date.now();
    const startedMs = performance.now();
    const { rootDirectory, directory, pair, wire } = this.#options;
    const mark = (role: Role): { readonly calls: number; readonly lookups: number } => ({
      calls: wire.callsTo(role).length,
      lookups: wire.lookups(role),
    });
    const before = { primary: mark('primary'), secondary: mark('secondary') };
    const entry = path.join(rootDirectory, 'bin', 'twinmap.mjs');
    const args = [...words, '--stores', this.#file, '--json', '--no-input'];
    const child = spawn(process.execPath, ['--no-warnings', '--import', RESOLVER, entry, ...args], {
      cwd: directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory,
        ...LAPTOP_KEYS,
        TWINMAP_DRILL_DNS: wire.nameServer,
        TWINMAP_TOKEN: pair.tokens.operator,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const [stdout, said]: [string[], string[]] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout.push(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      if (kill?.(said.join('')) === true) {
        child.kill('SIGKILL');
      }
    });
    const ended = Promise.withResolvers<number | null>();
    child.once('error', ended.reject);
    child.once('close', ended.resolve);
    const exitCode = await ended.promise;
    const tookMs = performance.now() - startedMs;
    const envelope = parseEnvelope(stdout.join(''));
    const asked = this.#askedSince(before);
    const ran: Ran = { words, startedAt, tookMs, exitCode, envelope, said: said.join(''), asked };
    this.runs.push(ran);
    return ran;
  }

  /** For a step without which a drill means nothing. */
  async mustRun(words: readonly string[]): Promise<Ran & { readonly envelope: Envelope }> {
    const ran = await this.run(words);
    if (ran.envelope === undefined) {
      throw new InvariantError(`twinmap ${words.join(' ')} printed no answer: ${ran.said.slice(-2000)}`);
    }
    return { ...ran, envelope: ran.envelope };
  }
}

export const PEER: Readonly<Record<Role, Role>> = { primary: 'secondary', secondary: 'primary' };
