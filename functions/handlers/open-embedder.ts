/**
 * Opens the embedder that the stack declares: the table that ships with the functions, or Titan on Bedrock in the home Region.
 * Bedrock's client is loaded only where it is used: the built-in embedder needs no service.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import { parseDnsServers } from '../aws/dns-servers.ts';
import { ConfigError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { parseBedrockModel, TITAN_MODEL } from '../embed/bedrock-model.ts';
import type { Embedder } from '../embed/embedder.ts';
import { modelFilePath } from '../embed/model-file.ts';
import { createStaticEmbedder } from '../embed/static-embedder.ts';
import { loadStaticTable } from '../embed/static-table.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Environment, requireText } from './environment.ts';

/** A cycle has minutes, a person has seconds. */
export type EmbedderUse = 'ingest' | 'query';

export interface EmbedderSetting {
  readonly environment: Environment;
  readonly telemetry: Telemetry;
  readonly use: EmbedderUse;
  readonly now: () => number;
  /** Where the bundle lies, and the table beside it. */
  readonly directory: string;
}

const BOUNDS: Readonly<Record<EmbedderUse, { readonly callTimeoutMs: number; readonly patienceMs: number }>> = {
  ingest: { callTimeoutMs: LIMITS.embedCallTimeoutMs, patienceMs: LIMITS.embedPatienceMs },
  query: { callTimeoutMs: LIMITS.embedQueryCallTimeoutMs, patienceMs: LIMITS.embedQueryPatienceMs },
};

const METRICS = { cut: 'EmbedTextsCut', throttled: 'EmbedThrottled', retried: 'EmbedRetried' } as const;

const openBedrock = async ({ environment, telemetry, use, now }: EmbedderSetting): Promise<Embedder> => {
  const { createBedrockEmbedder } = await import('../embed/bedrock-embedder.ts');
  const region = requireText(environment, 'TWINMAP_HOME_REGION');
  const endpoint = environment['TWINMAP_BEDROCK_ENDPOINT'];
  const { callTimeoutMs, patienceMs } = BOUNDS[use];
  return createBedrockEmbedder({
    model: parseBedrockModel(
      environment['TWINMAP_EMBEDDER_MODEL'] ?? TITAN_MODEL,
      requireText(environment, 'TWINMAP_EMBEDDING_DIMENSIONS'),
    ),
    target: {
      region,
      ...(endpoint === undefined || endpoint === '' ? {} : { endpoint }),
      dnsServers: parseDnsServers(environment['TWINMAP_DNS_SERVERS']),
      bounds: { connectTimeoutMs: LIMITS.embedConnectTimeoutMs, callTimeoutMs, attemptsMax: 1 },
    },
    inFlightMax: LIMITS.embedCallsInFlightMax,
    patienceMs,
    now,
    sleep: async (ms, signal) => {
      await wait(ms, undefined, { signal });
    },
    note: (what) => {
      telemetry.count(METRICS[what], { Region: region }, 1);
    },
  });
};

const openStatic = async ({ directory }: EmbedderSetting): Promise<Embedder> =>
  createStaticEmbedder(loadStaticTable(await readFile(modelFilePath(directory))));

export const openEmbedder = async (setting: EmbedderSetting): Promise<Embedder> => {
  const kind = setting.environment['TWINMAP_EMBEDDER'] ?? 'static';
  if (kind === 'static' || kind === '') {
    return openStatic(setting);
  }
  if (kind === 'bedrock') {
    return openBedrock(setting);
  }
  throw new ConfigError(`TWINMAP_EMBEDDER is ${JSON.stringify(kind)}; it is static or bedrock: deploy the stack again`);
};
