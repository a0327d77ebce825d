/**
 * Makes every function of two running Regions do everything that it has a permission for, in the order in which a bad week
 * would: first syncs, a declared outage, debts, drift, damage, and a Region that somebody newer took over from.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { sourceKey } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { TABLE_NAMES } from '../../../functions/domain/record.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import { encodeFence, ingestVersion, interactiveVersion } from '../../../functions/domain/version.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { sweepMessage } from '../../../functions/ingest/sync-message.ts';
import type { FunctionName } from '../../../infra/names.ts';
import type { PairStage, Repository } from '../../support/pair-stage.ts';
import { Planter } from './planted.ts';

const OTHER: Readonly<Record<Role, Role>> = { primary: 'secondary', secondary: 'primary' };
const EPOCHS_PER_ROUND = 10;
const TURNS_MAX = 8;
const RUN = '01J00000000000000000000001';

export class Exercise {
  readonly #stage: PairStage;
  readonly #repository: Repository;
  readonly #planter: Planter;
  readonly #source: string;
  #edits = 0;

  private constructor(stage: PairStage, repository: Repository, planter: Planter, source: string) {
    this.#stage = stage;
    this.#repository = repository;
    this.#planter = planter;
    this.#source = source;
  }

  static async open(stage: PairStage, repository: Repository): Promise<Exercise> {
    const planter = await Planter.open(stage);
    const { body } = await stage.get('primary', '/v1/sources');
    const [source = ''] = Object.keys(body['sources'] as object);
    return new Exercise(stage, repository, planter, source);
  }

  /** A job of the schedule may be at it: one that runs once at a time is asked again. */
  async invoke(role: Role, name: FunctionName, payload: unknown = {}): Promise<unknown> {
    const { pair, provisioned } = this.#stage.running();
    const functionName = provisioned[role].functions[name];
    for (;;) {
      const outcome = await pair.links[role].ask({ kind: 'invoke', functionName, payload });
      if (outcome.kind === 'returned') {
        return outcome.payload;
      }
      if (outcome.kind !== 'throttled') {
        throw new Error(`${functionName}: ${JSON.stringify(outcome)}`);
      }
      await sleep(200);
    }
  }

  async #broken(role: Role, service: 'dynamodb' | 's3vectors' | '*', during: () => Promise<void>): Promise<void> {
    const { pair } = this.#stage.running();
    await pair.links[role].ask({ kind: 'set-fault', rule: { service, mode: 'refuse' } });
    try {
      await during();
    } finally {
      await pair.links[role].ask({ kind: 'clear-faults' });
    }
  }

  /** Applied, and the answer lost: whoever tries again finds a condition that fails, and reads back whose write it was. */
  async #loseReplies(role: Role, count: number): Promise<void> {
    const { pair } = this.#stage.running();
    for (let after = count - 1; after >= 0; after -= 1) {
      const rule = { service: 'dynamodb', operation: 'PutItem', mode: 'lost-reply', after, times: 1 } as const;
      await pair.links[role].ask({ kind: 'set-fault', rule });
    }
  }

  async #clearFaults(): Promise<void> {
    const { pair } = this.#stage.running();
    await Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'clear-faults' })));
  }

  #edit(): void {
    this.#edits += 1;
    const text = Array.from({ length: 4 }, (_, at) => `## Part ${at}\n\nEdit ${this.#edits} of part ${at}.\n`);
    this.#repository.write('README.md', `# Shop\n\n${text.join('\n')}`);
    this.#repository.write(`notes/note-${this.#edits}.md`, `# Note ${this.#edits}\n\nWritten for it.\n`);
    this.#repository.commit(`edit ${this.#edits}`);
  }

  /** Grows, changes and shrinks, so that documents and chunks are put and deleted. */
  async cycles(): Promise<void> {
    for (let edits = 0; edits < 3; edits += 1) {
      this.#edit();
    }
    await this.#stage.sync();
    this.#repository.git('rm', '--quiet', `notes/note-${this.#edits}.md`);
    this.#edit();
    await this.#stage.sync();
    await this.#stage.sync();
  }

  async #write(role: Role, method: string, address: string, body?: unknown, key?: string): Promise<unknown> {
    const as = this.#stage.tokens?.operator;
    const sent = await this.#stage.send(role, method, address, {
      as,
      ...(body === undefined ? {} : { body }),
      ...(key === undefined ? {} : { key }),
    });
    return sent.body;
  }

  /** Every address of the API, in both Regions. */
  async people(): Promise<void> {
    const [document] = await this.#planter.documents(this.#source);
    for (const role of ROLES) {
      await this.#write(role, 'PUT', '/v1/settings/displayName', { value: role }, `change-${role}`);
      const made = (await this.#write(role, 'POST', '/v1/keys', { name: 'x', roles: ['reader'] })) as { id?: string };
      await this.#write(role, 'DELETE', `/v1/keys/${made.id ?? ''}`);
      const id = document?.record.sk.replace('document#', '') ?? '';
      const addresses = ['/healthz', '/readyz', '/v1/status', '/v1/sources', '/v1/search?q=edit', '/v1/settings'];
      const others = [`/v1/documents/${encodeURIComponent(id)}`, '/v1/settings/displayName', '/v1/keys', '/v1/audit'];
      const pages = ['/v1/regions', '/v1/metrics', '/v1/audit/verify'];
      for (const address of [...addresses, ...others, ...pages]) {
        await this.#write(role, 'GET', address);
      }
    }
    await this.#write('primary', 'DELETE', '/v1/settings/displayName');
  }

  /** Home loses replies, then its store is down: the peer takes the write. Then the peer's, until the breaker opens. */
  async peopleInTrouble(): Promise<void> {
    const change = async (value: string): Promise<unknown> =>
      this.#write('primary', 'PUT', '/v1/settings/incidentChannel', { value });
    await this.#loseReplies('primary', 4);
    await this.#write('primary', 'PUT', '/v1/settings/displayName', { value: 'twice' });
    await this.#clearFaults();
    await this.#broken('primary', 'dynamodb', async () => {
      await change('home-down');
    });
    const { pair } = this.#stage.running();
    const rule = { service: 'dynamodb', operation: 'PutItem', mode: 'lost-reply' } as const;
    await pair.links.secondary.ask({ kind: 'set-fault', rule });
    await this.#write('primary', 'PUT', '/v1/settings/displayName', { value: 'owed' });
    for (let changes = 0; changes <= LIMITS.breakerFailuresMax; changes += 1) {
      await change(`peer-down-${changes}`);
    }
    await this.#clearFaults();
    await sleep(LIMITS.breakerProbeDelayMs);
    // The first one that gets through closes the breaker, and the API pays what the peer holds already.
    await change('peer-back');
  }

  /** Cycles under a declared outage; the drain pays the first one, the next cycle settles the second. */
  async outage(from: number): Promise<void> {
    for (const epoch of [from, from + 1]) {
      await this.#planter.gate(epoch, 'deferred');
      this.#edit();
      await this.#broken('secondary', '*', async () => {
        await this.#stage.sync();
        await this.#write('primary', 'PUT', '/v1/settings/displayName', { value: `outage ${epoch}` });
      });
      if (epoch === from) {
        await this.invoke('primary', 'drain');
      }
    }
    await this.#planter.gate(from + 2, 'required');
    await this.#oweToHome();
    await this.#stage.sync();
  }

  /** What the other Region owes of the source, from the time when it was the active one. */
  async #oweToHome(): Promise<void> {
    const { stores, raw } = this.#planter;
    const [document] = await this.#planter.documents(this.#source);
    const source = await stores.secondary.tables.graph.readSource(sourceKey(this.#source));
    if (document === undefined || source.kind === 'failed') {
      throw new Error('nothing of the source is there');
    }
    const { record, vectors } = document;
    const v = ingestVersion(source.value.f ?? '', 999_999_998);
    await raw.primary.remove('graph', record);
    await stores.primary.vectors.delete(vectors);
    await raw.secondary.remove('graph', record);
    const moved = { pk: record.pk, sk: record.sk, v, op: record.op, h: record.h, data: record.data };
    await stores.secondary.tables.graph.put(moved, stores.primary.region);
    const committed = source.value.record;
    if (committed !== undefined) {
      const newer = { ...committed, v: ingestVersion(source.value.f ?? '', 999_999_999) };
      await stores.secondary.tables.graph.commit(newer, source.value.f ?? '', stores.primary.region);
    }
  }

  async sweep(): Promise<void> {
    const [document] = await this.#planter.documents(this.#source);
    if (document === undefined) {
      throw new Error('no document lists a vector');
    }
    await this.#planter.dueOrphan(this.#source, document);
    const attributes = { ApproximateReceiveCount: '1' };
    await this.invoke('primary', 'sync', { Records: [{ body: sweepMessage(this.#source), attributes }] });
  }

  /** Active again under a newer epoch, with something to write. */
  async resume(epoch: number): Promise<void> {
    await this.#planter.gate(epoch, 'required');
    this.#edit();
  }

  /** The epochs of a round are above those of the one before. */
  async everything(round: number): Promise<void> {
    const epoch = EPOCHS_PER_ROUND * round;
    await this.resume(epoch);
    await this.cycles();
    await this.people();
    await this.peopleInTrouble();
    await this.outage(epoch + 1);
    await this.sweep();
    await this.apart();
    await this.repair();
    await this.drains();
    await this.sealAndSign();
    await this.fenced(epoch + 4);
  }

  /** Two of each kind: one that this Region lacks or has damaged, one that the other one does. */
  async apart(): Promise<void> {
    const { raw, stores } = this.#planter;
    await this.#planter.oldTombstones();
    const documents = await this.#planter.documents(this.#source);
    for (const [at, role] of ROLES.entries()) {
      for (const table of TABLE_NAMES) {
        await this.#planter.record(table, `only-${role}`, [role]);
        await raw[role].damage(table, await this.#planter.record(table, `damaged-${role}`, ROLES));
      }
      const [lost, bare] = documents.slice(2 * at);
      if (lost !== undefined && bare !== undefined) {
        await raw[role].remove('graph', lost.record);
        await stores[role].vectors.delete([...lost.vectors, ...bare.vectors]);
      }
    }
    await raw.secondary.remove('graph', sourceKey(this.#source));
  }

  /** Both Regions in turn, until a comparison is through in both and what it found is repaired. */
  async repair(): Promise<void> {
    await this.#planter.forgetComparisons();
    const settled = new Set<Role>();
    for (let turn = 0; turn < TURNS_MAX && settled.size < ROLES.length; turn += 1) {
      for (const role of ROLES) {
        const outcome = await this.invoke(role, 'repair');
        if ((outcome as { comparison?: unknown }).comparison === 'settled') {
          settled.add(role);
        }
      }
    }
  }

  async sealAndSign(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) {
      for (const role of ROLES) {
        await this.invoke(role, 'audit');
      }
    }
  }

  /** Somebody newer has the source in the other Region. */
  async fenced(epoch: number): Promise<void> {
    const { region, tables } = this.#planter.stores.secondary;
    await tables.graph.claim(sourceKey(this.#source), encodeFence({ epoch, region, run: 99, op: RUN }));
    for (const role of ROLES) {
      await this.#loseReplies(role, 6);
    }
    await this.#stage.sync();
    await this.#clearFaults();
  }

  /** Debts of every table that the peer holds already: each drain reads back what it meets there. */
  async drains(): Promise<void> {
    const { stores } = this.#planter;
    for (const role of ROLES) {
      const other = stores[OTHER[role]];
      for (const table of TABLE_NAMES) {
        const v = interactiveVersion({ ms: Date.now(), counter: 0 }, other.region, RUN);
        const record = makeRecord({ pk: 'owed', sk: role }, { v, op: RUN }, {});
        await stores[role].tables[table].put(record, other.region);
        await other.tables[table].put(record);
      }
      await this.invoke(role, 'drain');
    }
  }
}
