/** The declared event sources of one Region: each queue's poller, provisioned, waited for and closed together. */
import { ConfigError } from '../../functions/domain/errors.ts';
import type { EventSourceSpec } from '../region/services.ts';
import type { EventSource, EventSourceOptions } from './event-source.ts';
import { createEventSource } from './event-source.ts';

/** SQS gives at most ten messages of a FIFO queue to one batch. */
const FIFO_BATCH_ITEMS_MAX = 10;

export interface EventSourcesOptions extends Omit<EventSourceOptions, 'spec' | 'concurrencyMax'> {
  readonly concurrencyOf: (functionName: string) => number;
}

export interface EventSources {
  ensureEventSource(spec: EventSourceSpec): Promise<void>;
  idle(): Promise<void>;
  close(options: { readonly graceMs: number }): Promise<void>;
}

export const createEventSources = (options: EventSourcesOptions): EventSources => {
  const sources = new Map<string, { readonly batchSize: number; readonly source: EventSource }>();
  const all = (): readonly EventSource[] => [...sources.values()].map(({ source }) => source);

  return {
    ensureEventSource: async (spec) => {
      if (!Number.isInteger(spec.batchSize) || spec.batchSize < 1 || spec.batchSize > FIFO_BATCH_ITEMS_MAX) {
        throw new ConfigError(
          `The event source of ${spec.functionName} declares a batch of ${spec.batchSize}; a FIFO queue gives 1 to ${FIFO_BATCH_ITEMS_MAX} messages.`,
        );
      }
      const key = `${spec.queueArn} ${spec.functionName}`;
      const old = sources.get(key);
      if (old?.batchSize === spec.batchSize) {
        return;
      }
      await old?.source.close();
      const concurrencyMax = (): number => options.concurrencyOf(spec.functionName);
      sources.set(key, { batchSize: spec.batchSize, source: createEventSource({ ...options, spec, concurrencyMax }) });
    },
    // The function of one queue may send to another: idle is when none has found work while the others finished.
    idle: async () => {
      do {
        await Promise.all(all().map(async (source) => source.idle()));
      } while (all().some(({ busy }) => busy));
    },
    close: async ({ graceMs }) => {
      await Promise.all(all().map(async (source) => source.close({ graceMs })));
    },
  };
};
