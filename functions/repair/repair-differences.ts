/**
 * Two-way repair of what a comparison has named: by merge-max, whichever side has the higher version, so that repeating it,
 * or both Regions doing it at once, changes nothing. What is owed is left to the drain. People's writes go first, chunks before
 * the documents that list them, a source record after everything else of its source. Vectors are copied, never embedded again.
 */
import { SOURCES_PARTITION, documentPrefix } from '../domain/corpus.ts';
import { unreachableCase } from '../domain/errors.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey, TableName } from '../domain/record.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import { newerOf } from './compare.ts';
import type { JudgedDifference } from './judge.ts';
import { mendRecord, mendVector, type MendOutcome } from './mend.ts';
import { type PaceTime, paceVectors } from './paced-vectors.ts';
import type { ComparedRegions } from './peer-compare.ts';
import { documentOfVector } from './source-of-key.ts';
import { repairSource, type SourceRepair } from './source-settled.ts';
import { type Direction, transferRecord } from './transfer.ts';

export interface RepairInput extends PaceTime {
  readonly regions: ComparedRegions;
  /** It stops between two batches when this has passed; the next comparison finds what is left. */
  readonly deadlineMs: number;
  /** Asked between two batches: a person may pause it. */
  readonly isPaused: () => Promise<boolean>;
}

export interface RepairReport {
  readonly kind: 'repaired' | 'out-of-time' | 'paused' | 'stopped';
  /** Records sent in either direction, vectors mended, bytes mended. */
  readonly sent: number;
  readonly mended: number;
  /** Wait for something else: the rest of their source, a vector that no Region has, a drain. */
  readonly waiting: number;
  /** Keys that nobody can mend: both sides differ and match their hashes, or neither does. */
  readonly unmendable: readonly string[];
  readonly failure?: { readonly region: string; readonly failure: Failure };
}

const STAGES = ['people', 'parts', 'documents', 'vectors', 'sources'] as const;

const stageOf = ({ store, key: [pk = '', sk = ''] }: JudgedDifference): (typeof STAGES)[number] => {
  if (store === 'vectors') {
    return 'vectors';
  }
  if (store !== 'graph') {
    return 'people';
  }
  if (pk === SOURCES_PARTITION) {
    return 'sources';
  }
  return sk.startsWith(documentPrefix) ? 'documents' : 'parts';
};

interface Tally {
  sent: number;
  mended: number;
  waiting: number;
  readonly unmendable: string[];
  failure: RepairReport['failure'];
}

const nameOf = ({ pk, sk }: RecordKey): string => JSON.stringify([pk, sk]);

const keyOf = ({ key: [pk = '', sk = ''] }: JudgedDifference): RecordKey => ({ pk, sk });

/** Without what is owed, and without vectors whose document is repaired: it takes them along. */
const repairable = (differences: readonly JudgedDifference[]): readonly JudgedDifference[] => {
  const records = new Set(differences.filter(({ store }) => store === 'graph').map((one) => nameOf(keyOf(one))));
  return differences.filter(({ store, key, standing }) => {
    const document = store === 'vectors' ? documentOfVector(key[0] ?? '') : undefined;
    return standing !== 'owed' && (document === undefined || !records.has(nameOf(document)));
  });
};

class Repair {
  readonly #input: RepairInput;
  readonly #regions: ComparedRegions;
  readonly tally: Tally = { sent: 0, mended: 0, waiting: 0, unmendable: [], failure: undefined };

  constructor(input: RepairInput) {
    this.#input = input;
    const { home, peer } = input.regions;
    this.#regions = { home: paceVectors(home, input), peer: paceVectors(peer, input) };
  }

  async run(differences: readonly JudgedDifference[]): Promise<RepairReport> {
    const wanted = repairable(differences);
    for (const stage of STAGES) {
      const staged = wanted.filter((one) => stageOf(one) === stage);
      for (const batch of batchesOf(staged, stage === 'sources' ? 1 : LIMITS.repairInFlightMax)) {
        const stop = await this.#stopReason();
        if (stop !== undefined) {
          return this.#report(stop);
        }
        await Promise.all(batch.map(async (difference) => this.#one(difference)));
      }
    }
    return this.#report(this.tally.failure === undefined ? 'repaired' : 'stopped');
  }

  async #stopReason(): Promise<RepairReport['kind'] | undefined> {
    if (this.tally.failure !== undefined) {
      return 'stopped';
    }
    if (this.#input.now() >= this.#input.deadlineMs) {
      return 'out-of-time';
    }
    return (await this.#input.isPaused()) ? 'paused' : undefined;
  }

  #report(kind: RepairReport['kind']): RepairReport {
    const { failure, ...counts } = this.tally;
    return { kind, ...counts, ...(failure === undefined ? {} : { failure }) };
  }

  async #one(difference: JudgedDifference): Promise<void> {
    const { store, kind, key } = difference;
    if (store === 'vectors') {
      this.#countMend(difference, await mendVector(this.#regions, key[0] ?? ''));
      return;
    }
    const { home, peer } = this.#regions;
    const direction = newerOf<Direction>(kind, { from: home, to: peer }, { from: peer, to: home });
    if (direction === undefined) {
      this.#countMend(difference, await mendRecord(this.#regions, store, keyOf(difference)));
      return;
    }
    this.#countSend(direction, await this.#send(direction, store, difference));
  }

  async #send(direction: Direction, table: TableName, difference: JudgedDifference): Promise<SourceRepair> {
    return stageOf(difference) === 'sources'
      ? repairSource(direction, keyOf(difference), this.#input.now())
      : transferRecord(direction, table, keyOf(difference));
  }

  #countSend(direction: Direction, outcome: SourceRepair): void {
    switch (outcome.kind) {
      case 'sent': {
        this.tally.sent += 1;
        break;
      }
      case 'waits':
      case 'incomplete': {
        this.tally.waiting += 1;
        break;
      }
      case 'superseded':
      case 'absent': {
        // Somebody else's newer write, or a collection: nothing is to be done any more.
        break;
      }
      case 'failed': {
        this.tally.failure ??= { region: direction[outcome.at].region, failure: outcome.failure };
        break;
      }
      default: {
        unreachableCase(outcome);
      }
    }
  }

  #countMend({ key }: JudgedDifference, outcome: MendOutcome): void {
    switch (outcome.kind) {
      case 'mended': {
        this.tally.mended += 1;
        break;
      }
      case 'settled': {
        break;
      }
      case 'conflict':
      case 'lost': {
        this.tally.unmendable.push(key.join(' / '));
        break;
      }
      case 'failed': {
        this.tally.failure ??= { region: outcome.region, failure: outcome.failure };
        break;
      }
      default: {
        unreachableCase(outcome);
      }
    }
  }
}

/** Repairs what is not owed, in both directions, within its time. */
export const repairDifferences = async (
  input: RepairInput,
  differences: readonly JudgedDifference[],
): Promise<RepairReport> => new Repair(input).run(differences);
