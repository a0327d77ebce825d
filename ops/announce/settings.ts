/**
 * Who is told, and which DNS record a customer may want to change: words of the config file, of the command line and of the
 * environment. Addresses of webhooks are references here, never the addresses themselves.
 */
import { z } from 'zod';

import { openSecretSource } from '../../functions/aws/secret-source.ts';
import { environmentSecrets, secretReferenceSchema, type SecretSource } from '../../functions/connectors/secrets.ts';
import { parseSecretReference } from '../../functions/domain/secret-reference.ts';
import { type CommandOption, UsageError } from '../command.ts';
import type { Channel } from './announce.ts';
import { CHANNEL_KINDS } from './bodies.ts';

export const ANNOUNCE_TIMEOUT_MS = 5000;

const recordName = z.string().regex(/^(?:[\w-]{1,63}\.)+[\w-]{2,63}\.?$/u, 'the full name of a record');

/** In the config file: `"announce": {"channels": […], "dns": {…}}`. */
export const announceSchema = z.strictObject({
  channels: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60).optional(),
        kind: z.enum(CHANNEL_KINDS),
        url: secretReferenceSchema,
      }),
    )
    .max(10)
    .default([]),
  dns: z
    .strictObject({
      /** The name that people use, for instance `twinmap.example.com`. */
      record: recordName,
      type: z.enum(['CNAME', 'A', 'ALIAS']).default('CNAME'),
      ttlSeconds: z.int().min(1).max(86_400).default(60),
      /** What it points to while a Region works; without it the host of that Region's endpoint. */
      primary: z.string().min(1).max(255).optional(),
      secondary: z.string().min(1).max(255).optional(),
    })
    .optional(),
});

export type AnnounceSettings = z.infer<typeof announceSchema>;

export const NO_ANNOUNCE: AnnounceSettings = { channels: [] };

/** Where nothing else names a channel. */
const VARIABLES = { slack: 'TWINMAP_SLACK_WEBHOOK', teams: 'TWINMAP_TEAMS_WEBHOOK' } as const;

type Environment = Readonly<Record<string, string | undefined>>;

export const ANNOUNCE_OPTIONS: readonly CommandOption[] = [
  { flags: '--slack <reference>', help: `a Slack webhook, env:NAME or secretsmanager:NAME; else ${VARIABLES.slack}` },
  { flags: '--teams <reference>', help: `a Teams webhook (Workflows), likewise; else ${VARIABLES.teams}` },
  { flags: '--dns-record <name>', help: 'the record that people use: its change is printed for your DNS provider' },
  {
    flags: '--dns-hook <program>',
    help: 'a program that changes it: gets record, type, old, new and TTL as arguments',
  },
];

/** The file's channels; an option or a variable replaces those of its kind. */
export const channelsOf = (
  settings: AnnounceSettings,
  options: Readonly<Record<string, string | boolean | undefined>>,
  environment: Environment,
): readonly Channel[] =>
  CHANNEL_KINDS.flatMap((kind): readonly Channel[] => {
    const given = options[kind];
    if (typeof given === 'string') {
      if (!secretReferenceSchema.safeParse(given).success) {
        // What was given may be the address itself: it is not repeated.
        throw new UsageError(`--${kind} takes a reference, env:NAME or secretsmanager:NAME, never the address itself`);
      }
      return [{ name: kind, kind, url: given }];
    }
    const own = settings.channels.filter((channel) => channel.kind === kind);
    if (own.length > 0) {
      return own.map(({ name = kind, url }) => ({ name, kind, url }));
    }
    const variable = environment[VARIABLES[kind]];
    return variable === undefined || variable === '' ? [] : [{ name: kind, kind, url: `env:${VARIABLES[kind]}` }];
  });

export interface SecretPlace {
  /** The Region that survives: no other is asked. */
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly dnsServers?: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** `env:` from this process, `secretsmanager:` from the survivor. */
export const announceSecrets = (place: SecretPlace, environment: Environment): SecretSource => {
  const own = environmentSecrets(environment);
  const remote = openSecretSource({
    target: {
      region: place.region,
      ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
      dnsServers: place.dnsServers,
      bounds: { connectTimeoutMs: place.timeoutMs, callTimeoutMs: place.timeoutMs, attemptsMax: 2 },
    },
    now: () => Date.now(),
  });
  return {
    read: async (reference, signal) =>
      parseSecretReference(reference)?.store === 'env' ? own.read(reference, signal) : remote.read(reference, signal),
  };
};
