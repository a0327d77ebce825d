/** What must hold of an answer: each passage was listed by a home record at some moment while the question was asked. */
import { chunkKey, documentPrefix } from '../../../functions/domain/corpus.ts';
import type { TableName } from '../../../functions/domain/record.ts';
import type { Passage } from '../../../functions/query/search.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { Watcher, World } from '../world/world.ts';
import type { Item } from '../stores/expression.ts';
import { chunkOf } from './snapshot-checks.ts';
import { documentOf } from './vector-checks.ts';

interface Past {
  readonly untilMs: number;
  readonly item: Item | undefined;
}

/** A question takes seconds; what was replaced longer ago was not seen by it. */
const KEPT_MS = 120_000;

export class QueryChecks implements Watcher {
  readonly #world: World;
  /** By Region and key: what an item was, and until when. */
  readonly #past = new Map<string, Past[]>();

  constructor(world: World) {
    this.#world = world;
  }

  onItem(region: SimRegion, table: TableName, { pk, sk, before }: ItemChange): void {
    if (table === 'graph' && before !== undefined) {
      const name = `${region.name}|${pk}|${sk}`;
      const untilMs = this.#world.kernel.nowMs;
      const kept = (this.#past.get(name) ?? []).filter((past) => past.untilMs > untilMs - KEPT_MS);
      this.#past.set(name, [...kept, { untilMs, item: before }]);
    }
  }

  onSearch(passages: readonly Passage[], by: SimProcess): void {
    const region = this.#world.regionOf(by.region);
    for (const passage of passages) {
      if (!this.#wasListed(region, passage, by.startedMs)) {
        const what = `lines ${passage.startLine} to ${passage.endLine} of ${passage.path}`;
        this.#world.violate(
          'query-shows-only-listed',
          `${by.name} shows ${what}, which no record of ${region.name} lists`,
        );
      }
    }
  }

  #versionsOf(region: SimRegion, pk: string, sk: string, sinceMs: number): (Item | undefined)[] {
    const past = (this.#past.get(`${region.name}|${pk}|${sk}`) ?? []).filter(({ untilMs }) => untilMs >= sinceMs);
    return [region.peek('graph', pk, sk), ...past.map(({ item }) => item)];
  }

  #wasListed(region: SimRegion, passage: Passage, sinceMs: number): boolean {
    const { source, document } = passage;
    const documents = this.#versionsOf(region, `source#${source}`, `${documentPrefix}${document}`, sinceMs);
    return documents.some((item) =>
      documentOf(item)?.chunks.some(({ c, l }) => {
        const key = chunkKey(source, document, c);
        return (
          l[0] === passage.startLine &&
          l[1] === passage.endLine &&
          this.#versionsOf(region, key.pk, key.sk, sinceMs).some((chunk) => chunkOf(chunk)?.text === passage.text)
        );
      }),
    );
  }
}
