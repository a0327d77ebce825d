/** A question to one Region: the production search over its home stores, as the API asks it. */
import { search } from '../../../functions/query/search.ts';
import { simEmbedder } from '../world/embedder.ts';
import { silent, type RunOptions, type World } from '../world/world.ts';

export const startSearch = (
  world: World,
  options: RunOptions & { readonly name: string; readonly query: string },
): void => {
  world.start(options.name, options, async (process) => {
    const { tables, vectors, region } = world.stores(process, world.regionOf(process.region));
    const outcome = await search({
      home: { region, records: tables.graph, vectors },
      embedder: simEmbedder,
      telemetry: silent,
      query: options.query,
      limit: 20,
      isAllowed: () => true,
      signal: world.signal,
    });
    world.note(() => `${process.name} ended: ${outcome.kind}`);
    if (outcome.kind === 'found') {
      world.tell((watcher) => watcher.onSearch?.(outcome.passages, process));
    }
  });
};
