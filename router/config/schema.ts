/**
 * The router's one config file. Everything has a default but the two Regions; thresholds are those of the policy. Unknown
 * keys are errors: a misspelled bound that is silently ignored is found in the outage.
 */
import * as z from 'zod';

import { POLICY_DEFAULTS } from '../policy/settings.ts';

const region = z.strictObject({
  /** For instance `us-east-2`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/u, 'must be lower case letters, digits and hyphens'),
  /** The stable endpoint: scheme, host and port, nothing else. */
  endpoint: z.url({ protocol: /^https?$/u }),
  /** Fixed addresses; with them DNS is not asked. */
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
  /** Used when DNS has never answered. */
  seedAddresses: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
  /** Cloudflare Worker only: ids of Workers VPC Services by address, one per address of the Region's load balancer. */
  vpcServices: z.array(z.string().regex(/^[\w-]{1,64}$/u)).default([]),
  caFile: z.string().optional(),
  /** mTLS towards the Region. */
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
  isDrained: z.boolean().default(false),
});

const thresholds = z.strictObject(
  Object.fromEntries(Object.keys(POLICY_DEFAULTS).map((name) => [name, z.number().min(0).optional()])),
);

const mode = z
  .string()
  .regex(/^(?:auto|maintenance|(?:prefer|pin):.+)$/u, 'must be auto, maintenance, prefer:<region> or pin:<region>');

export const routerConfigSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/u)
    .default('twinmap-router'),
  listen: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8080),
      certFile: z.string().optional(),
      keyFile: z.string().optional(),
    })
    .default({ host: '127.0.0.1', port: 8080 }),
  /** Behind a proxy that ends TLS: what clients see, and whose forwarded headers count. */
  publicProto: z.enum(['http', 'https']).optional(),
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
  regions: z.array(region).min(1).max(2),
  mode: mode.default('auto'),
  failback: z.enum(['auto', 'manual']).default('auto'),
  policy: thresholds.default({}),
  /** Path prefixes on which both Regions honour one Idempotency-Key as one write. */
  sharedKeyPaths: z.array(z.string().startsWith('/')).default([]),
  /** Path prefixes that are never hedged. */
  unhedgedPaths: z.array(z.string().startsWith('/')).default([]),
  memory: z
    .strictObject({
      isSticky: z.boolean().default(false),
      readYourWritesSeconds: z.int().min(0).max(3600).default(30),
    })
    .default({ isSticky: false, readYourWritesSeconds: 30 }),
  probes: z
    .strictObject({
      livePath: z.string().startsWith('/').default('/healthz'),
      readyPath: z.string().startsWith('/').default('/readyz'),
      statusPath: z.string().startsWith('/').default('/v1/status'),
    })
    .default({ livePath: '/healthz', readyPath: '/readyz', statusPath: '/v1/status' }),
  override: z
    .strictObject({
      keys: z
        .array(
          z.strictObject({
            kid: z.string().min(1).max(64),
            publicKey: z.string().regex(/^[\w-]{43}$/u, 'must be 32 bytes in base64url'),
          }),
        )
        .default([]),
      lifetimeSecondsMax: z
        .int()
        .min(60)
        .default(7 * 86_400),
      isUnsignedPreferenceAllowed: z.boolean().default(false),
    })
    .default({ keys: [], lifetimeSecondsMax: 7 * 86_400, isUnsignedPreferenceAllowed: false }),
  /** Where override state and last-known-good addresses are kept. Without it both are lost with the process. */
  stateFolder: z.string().optional(),
  dns: z
    .strictObject({
      servers: z.array(z.string()).default([]),
      timeoutMs: z.int().min(50).max(5000).default(300),
      firstAnswerMs: z.int().min(50).max(5000).default(800),
      staleSecondsMax: z
        .int()
        .min(60)
        .default(7 * 86_400),
    })
    .default({ servers: [], timeoutMs: 300, firstAnswerMs: 800, staleSecondsMax: 7 * 86_400 }),
  limits: z
    .strictObject({
      replayBytesMax: z.int().min(0).max(1_048_576).default(65_536),
      bodyBytesMax: z.int().min(0).default(10_485_760),
      headerBytesMax: z.int().min(1024).max(131_072).default(16_384),
      connectionsMax: z.int().min(1).default(256),
      connectTimeoutMs: z.int().min(10).default(500),
      idleTimeoutMs: z.int().min(100).default(60_000),
      keepAliveMs: z.int().min(1000).default(60_000),
      /** How long this router waits for requests in flight when it is told to end. */
      drainMs: z.int().min(0).default(10_000),
      /** How long a Region that says x-drain is left alone. */
      originDrainMs: z.int().min(0).default(30_000),
    })
    .default({
      replayBytesMax: 65_536,
      bodyBytesMax: 10_485_760,
      headerBytesMax: 16_384,
      connectionsMax: 256,
      connectTimeoutMs: 500,
      idleTimeoutMs: 60_000,
      keepAliveMs: 60_000,
      drainMs: 10_000,
      originDrainMs: 30_000,
    }),
  maintenance: z
    .strictObject({
      allowPaths: z.array(z.string().startsWith('/')).default([]),
      retryAfterSeconds: z.int().default(300),
    })
    .default({ allowPaths: [], retryAfterSeconds: 300 }),
  runbook: z.url().optional(),
});

export type RouterConfig = z.infer<typeof routerConfigSchema>;
export type RegionConfig = RouterConfig['regions'][number];
