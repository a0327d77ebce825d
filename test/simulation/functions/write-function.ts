/** An interactive write at one Region: the production writer, the peer within its budget and behind a breaker. */
import type { InteractiveWrite } from '../../../functions/domain/interactive-write.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { Breaker } from '../../../functions/dual-write/breaker.ts';
import { guardRegion } from '../../../functions/dual-write/guarded-stores.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import type { SimProcess } from '../world/process.ts';
import { type RunOptions, silent, type World } from '../world/world.ts';

/** What an API's execution environment keeps between requests: the breakers of its peer, until it is replaced. */
export interface ApiEnvironment {
  readonly dynamodb: Breaker;
  readonly s3vectors: Breaker;
}

export const openApiEnvironment = (world: World, peer: string, onClosed: () => void): ApiEnvironment => {
  const breaker = (service: string): Breaker =>
    new Breaker({ name: `${service} in ${peer}`, now: () => Math.trunc(world.kernel.nowMs), onClosed });
  return { dynamodb: breaker('dynamodb'), s3vectors: breaker('s3vectors') };
};

const writerIn = (world: World, process: SimProcess, environment: ApiEnvironment): InteractiveWriter => {
  const home = world.regionOf(process.region);
  const peer = world.stores(process, world.peerOf(home), LIMITS.peerBudgetMs);
  return new InteractiveWriter({
    regions: { home: world.stores(process, home), peer: guardRegion(peer, environment) },
    telemetry: silent,
    now: () => process.now(),
    newOp: () => process.newOp(),
  });
};

export const startWrite = (
  world: World,
  environment: ApiEnvironment,
  options: RunOptions & { readonly name: string; readonly request: InteractiveWrite },
): void => {
  const { request } = options;
  world.start(options.name, options, async (process) => {
    world.tell((watcher) => watcher.onWriteStart?.(request, process));
    const outcome = await writerIn(world, process, environment).write(request);
    world.note(() => `${process.name} ended: ${JSON.stringify(outcome)}`);
    if (outcome.kind !== 'op-reused' && outcome.kind !== 'overtaken') {
      world.tell((watcher) => watcher.onWrite?.(request, outcome, process));
    }
  });
};
