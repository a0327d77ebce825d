/** What a tick of the schedule runs with: the home Region's gate, queue, and what is configured to be read. */
import { LIMITS } from '../domain/limits.ts';
import { readGate } from '../gate/gate.ts';
import type { DispatchDependencies } from '../ingest/dispatch.ts';
import { isSourceLeft } from '../ingest/source-left.ts';
import { readSourceDefinitions } from '../stores/source-definitions.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { openRegion } from './open-region.ts';
import { environment, gateOf, now } from './wire.ts';

/** Opened once per execution environment: clients keep their sockets between invocations. */
export const wireDispatch = (telemetry: Telemetry): DispatchDependencies => {
  const home = openRegion(parseStoresEnvironment(environment).home);
  const { workspaces, graph } = home.tables;
  const gate = gateOf(home, telemetry);
  const own = parseSources(environment);
  return {
    readSources: async () => readSourceDefinitions(workspaces, own),
    isLeft: async (source) => isSourceLeft(graph, source),
    readGate: async () => readGate(gate),
    queue: new SqsSyncQueue(
      homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs),
      requireText(environment, 'TWINMAP_SYNC_QUEUE_URL'),
    ),
    telemetry,
    region: home.region,
    sweeps: { records: workspaces, now },
  };
};
