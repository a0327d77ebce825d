/** What a move says to the world: router, DNS, channels and stack files, from the pair's file and the command line. */
import type { Role } from '../../functions/domain/region.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { announce } from '../announce/announce.ts';
import { type DnsChange, dnsChangeOf, dnsLines, runDnsHook } from '../announce/dns.ts';
import { announcementText } from '../announce/message.ts';
import { ANNOUNCE_TIMEOUT_MS, announceSecrets, channelsOf, NO_ANNOUNCE } from '../announce/settings.ts';
import type { CommandInput } from '../command.ts';
import type { Address } from '../pair-stores.ts';
import { textOption } from '../store-writes.ts';
import type { MoveOptions } from './move-options.ts';
import type { OpenedAddresses } from './open-access.ts';
import type { Plan } from './plan.ts';
import { PEER_OF } from './region-access.ts';
import type { Outside } from './run-context.ts';
import { writeMoved } from './stack-edits.ts';

export interface OutsideInput {
  readonly input: CommandInput;
  readonly opened: OpenedAddresses;
  readonly options: MoveOptions;
  readonly plan: Plan;
  readonly documents: Readonly<Record<Role, GateDocument>>;
  readonly reason: string;
  /** Where the stack files are; undefined where they are left alone. */
  readonly directory: string | undefined;
  readonly isOtherReachable: boolean;
}

const HOOK_TIMEOUT_MS = 10_000;

const UNKNOWN_ENDPOINT = 'its own endpoint';

const endpointOf = ({ endpoint }: Address): string => endpoint ?? UNKNOWN_ENDPOINT;

const dnsOf = ({ input, opened, plan }: OutsideInput): DnsChange | undefined => {
  const { file, addresses } = opened;
  const [to, from] = [addresses[plan.to], addresses[PEER_OF[plan.to]]];
  return to.endpoint === undefined || from.endpoint === undefined
    ? undefined
    : dnsChangeOf(file.announce ?? NO_ANNOUNCE, {
        record: textOption(input, 'dnsRecord'),
        from: { role: from.role, endpoint: from.endpoint },
        to: { role: to.role, endpoint: to.endpoint },
      });
};

/** Bounded: a program that hangs must not hold the move up. A rehearsal changes nobody's DNS. */
const hookOf = (about: OutsideInput): Pick<Outside, 'changeDns'> => {
  const program = textOption(about.input, 'dnsHook');
  const change = dnsOf(about);
  return program === undefined || change === undefined || about.options.isDrill
    ? {}
    : {
        changeDns: async () =>
          runDnsHook(program, change, {
            timeoutMs: HOOK_TIMEOUT_MS,
            environment: process.env,
            onLine: about.input.say,
          }),
      };
};

const directionsOf = (about: OutsideInput): readonly string[] => {
  const { plan } = about;
  const dns = dnsOf(about);
  return [
    `router: it follows the active Region by itself; to force it: npx twinmap override --mode prefer:${plan.region} --for 4h`,
    ...(dns === undefined ? ['DNS: nobody named a record (--dns-record), so none is to be changed'] : dnsLines(dns)),
  ];
};

const textOf = ({ opened, options, plan, reason, isOtherReachable }: OutsideInput): string => {
  const { addresses } = opened;
  const [to, from] = [addresses[plan.to], addresses[PEER_OF[plan.to]]];
  return announcementText({
    move: plan.move,
    to: { region: to.region, role: to.role, endpoint: endpointOf(to) },
    from: { region: from.region, role: from.role, endpoint: endpointOf(from) },
    isFromReachable: isOtherReachable,
    at: Date.now(),
    by: options.by,
    reason,
    ...(options.isDrill ? { isDrill: true } : {}),
  });
};

export const openOutside = (about: OutsideInput): Outside => {
  const { input, opened, plan, documents, directory } = about;
  const { file, addresses } = opened;
  const channels = channelsOf(file.announce ?? NO_ANNOUNCE, input.options, process.env);
  const { region, stores } = addresses[plan.to];
  return {
    directions: () => directionsOf(about),
    ...hookOf(about),
    announcement: () => textOf(about),
    announce: async (text) => {
      const results = await announce(text, channels, {
        secrets: announceSecrets(
          { region, dnsServers: stores.dnsServers, timeoutMs: ANNOUNCE_TIMEOUT_MS },
          process.env,
        ),
        timeoutMs: ANNOUNCE_TIMEOUT_MS,
      });
      return results.map(({ channel, outcome }) => ({
        channel,
        outcome: outcome.kind === 'sent' ? 'sent' : outcome.why,
      }));
    },
    ...(directory === undefined ? {} : { writeStackFiles: async () => writeMoved(directory, documents) }),
  };
};
