/**
 * `twinmap announce`: tells people which endpoint to use, from wherever it runs, without asking any Region. The line to paste by hand
 * is printed whatever becomes of the channels.
 */
import { userInfo } from 'node:os';

import { ConfigError } from '../functions/domain/errors.ts';
import { ROLES } from '../functions/domain/region.ts';
import { type Command, type CommandInput, EXIT, UsageError } from './command.ts';
import { type Address, type PairFile, readPairFile, STORES_FILE_HELP } from './pair-stores.ts';
import { textOption } from './store-writes.ts';
import { announce, type Channel, type ChannelResult } from './announce/announce.ts';
import { type DnsChange, dnsChangeOf, dnsLines, type HookOutcome, runDnsHook } from './announce/dns.ts';
import { type AnnouncedRegion, announcementText } from './announce/message.ts';
import {
  ANNOUNCE_OPTIONS,
  ANNOUNCE_TIMEOUT_MS,
  announceSecrets,
  channelsOf,
  NO_ANNOUNCE,
} from './announce/settings.ts';

const HOOK_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 1500;

interface Move {
  readonly to: Address & { readonly endpoint: string };
  readonly from: Address & { readonly endpoint: string };
}

const withEndpoint = (address: Address | undefined): Address & { readonly endpoint: string } => {
  if (address?.endpoint === undefined) {
    throw new ConfigError(
      'the file does not say where both APIs answer ("endpoint" of each Region); write it anew with: twinmap config',
    );
  }
  return { ...address, endpoint: address.endpoint };
};

const moveOf = ({ regions }: PairFile, to: string): Move => {
  const chosen = regions.find(({ role, region }) => role === to || region === to);
  if (chosen === undefined) {
    const known = regions.map(({ role, region }) => `${role} (${region})`).join(', ');
    throw new UsageError(`--to takes a role or a Region; this pair has ${known}`);
  }
  return { to: withEndpoint(chosen), from: withEndpoint(regions.find((one) => one !== chosen)) };
};

/** Only for the wording: a Region that does not answer at once is said not to answer. */
const answersNow = async (endpoint: string): Promise<boolean> => {
  try {
    const response = await fetch(new URL('/readyz', endpoint), {
      redirect: 'error',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // No answer, whatever the reason: that is what is told.
    return false;
  }
};

export const channelLines = (results: readonly ChannelResult[]): readonly string[] =>
  results.map(({ channel, outcome }) =>
    outcome.kind === 'sent' ? `  ${channel}: taken` : `  ${channel}: NOT sent, ${outcome.why}; paste the line by hand`,
  );

const announcedOf = ({ region, role, endpoint }: Move['to']): AnnouncedRegion => ({ region, role, endpoint });

const textOf = async (input: CommandInput, { to, from }: Move): Promise<string> => {
  const kind = textOption(input, 'kind') ?? 'failover';
  if (kind !== 'failover' && kind !== 'failback') {
    throw new UsageError('--kind takes failover or failback');
  }
  return announcementText({
    move: kind,
    to: announcedOf(to),
    from: announcedOf(from),
    isFromReachable: await answersNow(from.endpoint),
    at: Date.now(),
    by: textOption(input, 'by') ?? userInfo().username,
    reason: textOption(input, 'reason') ?? 'not given',
    isDrill: input.options['drill'] === true,
  });
};

const send = async (text: string, channels: readonly Channel[], { to }: Move): Promise<readonly ChannelResult[]> => {
  const { region, stores } = to;
  const place = { region, dnsServers: stores.dnsServers, timeoutMs: ANNOUNCE_TIMEOUT_MS };
  return announce(text, channels, {
    secrets: announceSecrets(place, process.env),
    timeoutMs: ANNOUNCE_TIMEOUT_MS,
  });
};

const tellDns = async (input: CommandInput, change: DnsChange, isDry: boolean): Promise<HookOutcome | undefined> => {
  for (const line of dnsLines(change)) {
    input.say(line);
  }
  const program = textOption(input, 'dnsHook');
  if (program === undefined || isDry) {
    return undefined;
  }
  const outcome = await runDnsHook(program, change, {
    timeoutMs: HOOK_TIMEOUT_MS,
    environment: process.env,
    onLine: (line) => {
      input.say(`  ${program}: ${line}`);
    },
  });
  input.say(outcome.kind === 'done' ? `  ${program}: done` : `  ${program}: FAILED, ${outcome.why}; change it by hand`);
  return outcome;
};

const runAnnounce = async (input: CommandInput): Promise<number> => {
  const wanted = textOption(input, 'to');
  if (wanted === undefined) {
    throw new UsageError(`say whose endpoint is to be used: --to ${ROLES.join('|')}, or a Region`);
  }
  const file = await readPairFile({
    file: textOption(input, 'stores'),
    dataDirectory: textOption(input, 'data') ?? '.twinmap',
  });
  const settings = file.announce ?? NO_ANNOUNCE;
  const move = moveOf(file, wanted);
  const channels = channelsOf(settings, input.options, process.env);
  const isDry = input.options['dryRun'] === true;
  const text = await textOf(input, move);
  input.say(text);
  const results = isDry ? [] : await send(text, channels, move);
  for (const line of channelLines(results)) {
    input.say(line);
  }
  if (channels.length === 0 || isDry) {
    const names = channels.map(({ name }) => name).join(', ');
    input.say(
      isDry
        ? `  not sent (--dry-run); channels: ${names === '' ? 'none' : names}`
        : '  no channel is named: paste the line by hand',
    );
  }
  const change = dnsChangeOf(settings, { record: textOption(input, 'dnsRecord'), from: move.from, to: move.to });
  const hook = change === undefined ? undefined : await tellDns(input, change, isDry);
  input.give({
    announcement: { text, channels: results },
    endpoint: move.to.endpoint,
    ...(change === undefined ? {} : { dns: change }),
    ...(hook === undefined ? {} : { dnsHook: hook }),
  });
  return results.every(({ outcome }) => outcome.kind === 'sent') && hook?.kind !== 'failed' ? EXIT.done : EXIT.error;
};

export const announceCommand: Command = {
  name: 'announce',
  arguments: [],
  help: 'tell Slack and Teams which endpoint to use; the line to paste by hand is always printed',
  options: [
    { flags: '--to <region>', help: 'whose endpoint is to be used: a role or a Region' },
    { flags: '--kind <kind>', help: 'failover or failback', fallback: 'failover' },
    { flags: '--reason <text>', help: 'why, on one line' },
    { flags: '--by <name>', help: 'who says so; without it, the user of this machine' },
    { flags: '--drill', help: 'say that it is a drill, and that nobody has to do anything' },
    ...ANNOUNCE_OPTIONS,
    { flags: '--dry-run', help: 'print everything, send nothing and run no hook' },
    { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
    { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
  ],
  run: runAnnounce,
};
