/** What became of everything that was acknowledged: read from both Regions' own tables, strongly, by a client with patience. */
import {
  FIRST_GENERATION,
  parseVotePayload,
  voteKey,
  votesPartition,
} from '../../examples/survey/functions/records.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { Result } from '../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { fenceOfVersion, parseFence } from '../../functions/domain/version.ts';
import { openRegion } from '../../functions/handlers/open-region.ts';
import { toStores } from '../../ops/pair-stores.ts';
import type { AcknowledgedWrite } from './load/synthetic-client.ts';
import type { DrillPair } from './pair.ts';
import { SURVEY } from './world.ts';

type Tables = ReturnType<typeof openRegion>['tables'];

/** A table that has just come back may let a first reading wait: it is read again. */
const READINGS_MAX = 5;
/** Who counts has time: a machine that is busy with a drill is no reason to count nothing. */
const PATIENT = { connectTimeoutMs: 3000, callTimeoutMs: 15_000, attemptsMax: 3 } as const;

const read = async <T>(what: string, ask: () => Promise<Result<T>>): Promise<T> => {
  let why = '';
  for (let tries = 0; tries < READINGS_MAX; tries += 1) {
    const answer = await ask();
    if (answer.kind === 'done') {
      return answer.value;
    }
    why = answer.failure.message;
  }
  throw new InvariantError(`${what} can't be read: ${why}`);
};

const everyPage = async <T>(ask: (after: string | undefined) => Promise<{ items: readonly T[]; next?: string }>) => {
  const all: T[] = [];
  let after: string | undefined;
  do {
    const page = await ask(after);
    all.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return all;
};

export class Ledger {
  readonly #tables: Readonly<Record<Role, Tables>>;

  constructor(pair: DrillPair) {
    this.#tables = {
      primary: openRegion(toStores(pair.addresses.primary), PATIENT).tables,
      secondary: openRegion(toStores(pair.addresses.secondary), PATIENT).tables,
    };
  }

  async #choices(role: Role): Promise<ReadonlyMap<string, string>> {
    const partition = votesPartition(SURVEY, FIRST_GENERATION);
    const { workspaces } = this.#tables[role];
    const records = await everyPage(async (after) =>
      read(`the votes in ${role}`, async () => workspaces.query(partition, after === undefined ? {} : { after })),
    );
    return new Map(records.map(({ sk, data }) => [sk, parseVotePayload(data)?.choice ?? '']));
  }

  /** Acknowledged, and not held by this Region at this moment. */
  async missing(role: Role, acknowledged: readonly AcknowledgedWrite[]): Promise<readonly AcknowledgedWrite[]> {
    const choices = await this.#choices(role);
    return acknowledged.filter(
      ({ voter, choice }) => choices.get(voteKey(SURVEY, FIRST_GENERATION, voter).sk) !== choice,
    );
  }

  /** Records of writes beyond those that were sent: a write that became two. */
  async surplus(role: Role, sent: number): Promise<number> {
    return Math.max(0, (await this.#choices(role)).size - sent);
  }

  /** Versions of everything that cycles wrote under a fence of this Region, in both Regions' tables. */
  async versionsBy(region: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const role of ROLES) {
      const { graph } = this.#tables[role];
      const records = await everyPage(async (after) =>
        read(`the graph in ${role}`, async () =>
          graph.scan({ segment: 0, segments: 1, ...(after === undefined ? {} : { after }) }),
        ),
      );
      for (const { pk, sk, v } of records) {
        if (parseFence(fenceOfVersion(v) ?? '')?.region === region) {
          found.add(`${role} ${pk} ${sk} ${v}`);
        }
      }
    }
    return found;
  }
}
