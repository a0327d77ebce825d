/** What the entries share: telemetry on stdout and the gate. A composition root: environment and clock enter here. */
import { LIMITS } from '../domain/limits.ts';
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
