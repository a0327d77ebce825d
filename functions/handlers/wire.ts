/** What the entries share: telemetry on stdout and the gate. A composition root: environment and clock enter here. */
import { LIMITS } from '../domain/limits.ts';
import type { ClientTarget } from '../aws/client-options.ts';
import { AppConfigGateSource, type GateAddress, PolledGateSource } from '../gate/appconfig-source.ts';
import type { GateDependencies } from '../gate/gate.ts';
import { ShownGate } from '../gate/shown-gate.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { StdoutTelemetry } from '../telemetry/stdout.ts';
import { correlation } from '../telemetry/correlation.ts';
import { RecentMetrics } from '../telemetry/recent-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, requireText } from './environment.ts';

export const environment: Readonly<Record<string, string | undefined>> = process.env;

export const now = (): number => Date.now();

/** Of this execution environment: a process is one function. */
export const recentMetrics = new RecentMetrics({
  seriesMax: LIMITS.metricsSeriesMax,
  minutesMax: LIMITS.metricsMinutesDefault,
});

export const createTelemetry = (functionName: string): StdoutTelemetry =>
  new StdoutTelemetry({
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
    now,
    functionName,
    debug: environment['TWINMAP_DEBUG'] === '1',
    onMetric: (sample) => {
      recentMetrics.take(sample);
    },
    context: () => ({ region: environment['TWINMAP_HOME_REGION'], ...correlation() }),
  });

const gateTarget = (): ClientTarget => homeTarget(environment, 'APPCONFIGDATA', LIMITS.gateCallTimeoutMs);

const gateAddress = (): GateAddress => ({
  application: requireText(environment, 'TWINMAP_GATE_APPLICATION'),
  environment: requireText(environment, 'TWINMAP_GATE_ENVIRONMENT'),
  profile: requireText(environment, 'TWINMAP_GATE_PROFILE'),
});

const gateParts = (home: RegionStores, telemetry: Telemetry): Omit<GateDependencies, 'source'> => ({
  records: home.tables.workspaces,
  telemetry,
  region: home.region,
});

/** For who obeys the gate: every reading is fresh. */
export const gateOf = (home: RegionStores, telemetry: Telemetry): GateDependencies => ({
  ...gateParts(home, telemetry),
  source: new AppConfigGateSource(gateTarget(), gateAddress()),
});

/** For who shows it and does not act on it. */
export const shownGateOf = (home: RegionStores, telemetry: Telemetry): ShownGate =>
  new ShownGate({ ...gateParts(home, telemetry), source: new PolledGateSource(gateTarget(), gateAddress(), now) });
