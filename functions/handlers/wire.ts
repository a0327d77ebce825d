/** What the entries share: telemetry on stdout, the gate, the embedder. A composition root: environment and clock enter here. */
import { readFile } from 'node:fs/promises';

import { LIMITS } from '../domain/limits.ts';
import type { Embedder } from '../embed/embedder.ts';
import { modelFilePath } from '../embed/model-file.ts';
import { createStaticEmbedder } from '../embed/static-embedder.ts';
import { loadStaticTable } from '../embed/static-table.ts';
import { AppConfigGateSource } from '../gate/appconfig-source.ts';
import type { GateDependencies } from '../gate/gate.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { StdoutTelemetry } from '../telemetry/stdout.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, requireText } from './environment.ts';

export const environment: Readonly<Record<string, string | undefined>> = process.env;

export const now = (): number => Date.now();

export const createTelemetry = (functionName: string): StdoutTelemetry =>
  new StdoutTelemetry({
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
    now,
    functionName,
    debug: environment['TWINMAP_DEBUG'] === '1',
  });

export const gateOf = (home: RegionStores, telemetry: Telemetry): GateDependencies => ({
  source: new AppConfigGateSource(homeTarget(environment, 'APPCONFIGDATA', LIMITS.gateCallTimeoutMs), {
    application: requireText(environment, 'TWINMAP_GATE_APPLICATION'),
    environment: requireText(environment, 'TWINMAP_GATE_ENVIRONMENT'),
    profile: requireText(environment, 'TWINMAP_GATE_PROFILE'),
  }),
  records: home.tables.workspaces,
  telemetry,
  region: home.region,
});

/** Loads the table that the build put beside the bundle. */
export const openEmbedder = async (): Promise<Embedder> =>
  createStaticEmbedder(loadStaticTable(await readFile(modelFilePath(import.meta.dirname))));
