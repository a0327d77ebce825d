/**
 * What a function that answers people writes with: home and peer behind its breakers, the interactive writer, and a drain that
 * begins as soon as the peer answers again. Opened once per execution environment: clients keep their sockets between requests.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { ulid } from 'ulid';

import { LIMITS } from '../domain/limits.ts';
import type { TableName } from '../domain/record.ts';
import { InteractiveWriter } from '../dual-write/interactive-writer.ts';
import type { RegionPair } from '../dual-write/regions.ts';
import { drainOwed } from '../repair/drain.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { parseStoresEnvironment, type StoresEnvironment } from './environment.ts';
import { openInteractivePair } from './open-region.ts';
import { environment, now } from './wire.ts';

export interface InteractiveWiring {
  readonly stores: StoresEnvironment;
  readonly regions: RegionPair;
  readonly writes: InteractiveWriter;
  /** What a request has set going beside its answer; a function is frozen as soon as it has answered. */
  readonly afterwards: () => Promise<void>;
}

/** `tables`: what people write through this function; everything else has its minute. */
export const wireInteractive = (telemetry: Telemetry, tables: readonly TableName[]): InteractiveWiring => {
  const stores = parseStoresEnvironment(environment);
  let draining: Promise<unknown> = Promise.resolve();
  const regions = openInteractivePair(stores, {
    now,
    onBreakerClosed: (region, service) => {
      telemetry.log('info', 'peer.answers-again', { region, service });
      if (service === 'dynamodb' && regions.peer !== undefined) {
        const direction = { from: regions.home, to: regions.peer };
        const deadlineMs = now() + LIMITS.drainAfterProbeMs;
        draining = drainOwed({ direction, telemetry, now, sleep, deadlineMs, tables });
      }
    },
  });
  return {
    stores,
    regions,
    writes: new InteractiveWriter({ regions, telemetry, now, newOp: ulid }),
    afterwards: async () => {
      await draining;
    },
  };
};
