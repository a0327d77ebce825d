/**
 * Two Regions in memory as the failover commands see them: real records, fences, drains and proofs; a gate document that is deployed
 * and served; functions that do what theirs do. No process, no wire, no waiting.
 */
import { parseSourcePayload, sourceKey, type SourcePayload } from '../../functions/domain/corpus.ts';
import { done, type Failure, failed, type Result } from '../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { encodeFence, ingestVersion, parseFence } from '../../functions/domain/version.ts';
import type { DocumentReading } from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { readGate } from '../../functions/gate/gate.ts';
import { drainOwed } from '../../functions/repair/drain.ts';
import { answerProof, parseProofRequest, type ProofCache } from '../../functions/repair/proof-service.ts';
import { makeRecord } from '../../functions/stores/envelope.ts';
import type { Claim } from '../../ops/failover/claim.ts';
import { type Actions, execute, type RunResult } from '../../ops/failover/execute.ts';
import { observe } from '../../ops/failover/observe.ts';
import { declaredOut, openWrites } from '../../ops/failover/open-move.ts';
import { documentsOf, type Order, type Plan, planFailover, type Planned } from '../../ops/failover/plan.ts';
import { type AskedFunction, type PairAccess, PEER_OF, type RegionAccess } from '../../ops/failover/region-access.ts';
import type { RunContext } from '../../ops/failover/run-context.ts';
import type { World } from '../../ops/failover/world.ts';
import { MemoryRegion, SILENT, UNREACHABLE } from './memory-pair.ts';

export const START_MS = Date.UTC(2026, 10, 22, 3);
const NAMES: Readonly<Record<Role, string>> = { primary: 'us-east-2', secondary: 'us-west-2' };

export const documentFor = (active: boolean, epoch: number, more: Partial<GateDocument> = {}): GateDocument => ({
  is_active_for_scheduled_work: active,
  peer_writes: 'required',
  epoch,
  changed_at: '2026-11-22T03:00:00Z',
  changed_by: 'test',
  reason: 'test',
  ...more,
});

export const orderTo = (to: Role, more: Partial<Order> = {}): Order => ({
  move: 'failover',
  to,
  ungraceful: false,
  breakGlass: false,
  stackFiles: false,
  fileEpochs: [],
  ...more,
});

const payloadOf = (id: string, epoch: number, region: string, finishedAt: number): SourcePayload => ({
  id,
  kind: 'git',
  name: id,
  url: `https://git.example.com/${id}`,
  snapshot: 'a'.repeat(40),
  cursor: { commit: 'a'.repeat(40) },
  counts: { documents: 0, chunks: 0, skipped: 0 },
  lastFullAt: 1,
  index: 'hash-of-words/64',
  cycle: { op: 'O'.repeat(26), epoch, region, finishedAt, changed: 0, deleted: 0 },
});

export class FailoverRegion {
  readonly role: Role;
  readonly memory: MemoryRegion;
  readonly pair: FailoverPair;
  readonly #cache: ProofCache = { proofs: new Map() };
  document: GateDocument;
  /** Of AppConfig's two planes; `undefined` answers. */
  dataPlane: Failure | undefined;
  controlPlane: Failure | undefined;
  lambda: Failure | undefined;
  /** Cycles that committed here, by their epoch. */
  readonly cycles: number[] = [];

  constructor(role: Role, pair: FailoverPair, document: GateDocument) {
    this.role = role;
    this.pair = pair;
    this.memory = new MemoryRegion(NAMES[role], { now: pair.now });
    this.document = document;
  }

  down(failure: Failure = UNREACHABLE): void {
    this.memory.down(failure);
    this.dataPlane = failure;
    this.controlPlane = failure;
    this.lambda = failure;
  }

  up(): void {
    this.memory.up();
    this.dataPlane = undefined;
    this.controlPlane = undefined;
    this.lambda = undefined;
  }

  readonly read = async (): Promise<DocumentReading> =>
    this.dataPlane === undefined
      ? { kind: 'document', document: this.document }
      : { kind: 'unreadable', failure: this.dataPlane };

  async gate(): ReturnType<typeof readGate> {
    const { region, stores } = this.memory;
    return readGate({ source: { read: this.read }, records: stores.tables.workspaces, telemetry: SILENT, region });
  }

  /** As a cycle does: claims in the peer, then at home, and commits in the same order; fenced, it stops. */
  async cycle(source: string): Promise<'committed' | 'fenced' | 'passive' | 'failed'> {
    const { state, inForce } = await this.gate();
    if (state !== 'active' || inForce === undefined) {
      return 'passive';
    }
    const peer = this.pair.regions[PEER_OF[this.role]].memory;
    const key = sourceKey(source);
    const states = await Promise.all([this.memory, peer].map(async (one) => one.graph.readSource(key)));
    const runs = states.map((one) => (one.kind === 'done' ? (parseFence(one.value.f ?? '')?.run ?? 0) : 0));
    const op = this.pair.newOp();
    const { epoch } = inForce;
    const fence = encodeFence({ epoch, region: this.memory.region, run: 1 + Math.max(...runs), op });
    const isDeferred = inForce.peer_writes === 'deferred';
    for (const one of [peer, this.memory]) {
      const claimed = await one.graph.claim(key, fence);
      if (claimed.kind === 'fenced') {
        return 'fenced';
      }
      if (claimed.kind === 'failed' && !(isDeferred && one === peer)) {
        return 'failed';
      }
    }
    const payload = {
      ...payloadOf(source, epoch, this.memory.region, this.pair.now()),
      ...(isDeferred ? { deferred: { since: '' } } : {}),
    };
    const record = makeRecord(key, { v: ingestVersion(fence, 1), op }, payload);
    if (!isDeferred) {
      await peer.graph.commit(record, fence);
    }
    const committed = await this.memory.graph.commit(record, fence, isDeferred ? peer.region : undefined);
    if (committed.kind === 'committed') {
      this.cycles.push(epoch);
    }
    return committed.kind === 'committed' ? 'committed' : 'fenced';
  }

  async #invoke(asked: AskedFunction, payload: unknown): Promise<Result<unknown>> {
    const { stores } = this.memory;
    const peer = this.pair.regions[PEER_OF[this.role]].memory.stores;
    if (this.lambda !== undefined) {
      return failed(this.lambda);
    }
    if (asked === 'dispatch') {
      const { state, reason } = await this.gate();
      if (state === 'active') {
        await this.cycle('shop');
      }
      return done(state === 'active' ? { kind: 'dispatched', sources: 1 } : { kind: 'passive', detail: reason });
    }
    const { now } = this.pair;
    if (asked === 'proof') {
      const home = stores;
      return answerProof({ home, role: this.role, cache: this.#cache, now }, parseProofRequest(payload));
    }
    const direction = { from: stores, to: peer };
    const sleep = async (): Promise<void> => undefined;
    return done(await drainOwed({ direction, telemetry: SILENT, now, sleep, deadlineMs: Infinity }));
  }

  get access(): RegionAccess {
    return {
      role: this.role,
      region: this.memory.region,
      stores: this.memory.stores,
      gate: {
        read: this.read,
        deploy: async (document) => {
          if (this.controlPlane !== undefined) {
            return failed(this.controlPlane);
          }
          this.document = document;
          return done(undefined);
        },
      },
      functions: {
        invoke: async (asked, payload) => this.#invoke(asked, payload),
        codeOf: async () => (this.lambda === undefined ? done('same') : failed(this.lambda)),
      },
    };
  }
}

export class FailoverPair {
  #nowMs = START_MS;
  #ops = 0;
  readonly now = (): number => this.#nowMs;
  readonly newOp = (): string => {
    this.#ops += 1;
    return `01${this.#ops.toString().padStart(24, '0')}`;
  };

  readonly regions: Readonly<Record<Role, FailoverRegion>> = {
    primary: new FailoverRegion('primary', this, documentFor(true, 1)),
    secondary: new FailoverRegion('secondary', this, documentFor(false, 1)),
  };

  async open(): Promise<this> {
    await this.regions.secondary.gate();
    await this.regions.primary.cycle('shop');
    return this;
  }

  /** Simulated time only: whoever sleeps wakes at once. */
  readonly sleep = async (ms: number): Promise<void> => {
    this.#nowMs += ms;
  };

  get access(): PairAccess {
    return { primary: this.regions.primary.access, secondary: this.regions.secondary.access };
  }

  async observe(standing = false): Promise<World> {
    return observe(this.access, { now: this.now, standing });
  }

  async plan(order: Order): Promise<{ readonly world: World; readonly planned: Planned }> {
    const world = await this.observe();
    return { world, planned: planFailover(world, order) };
  }

  contextOf(plan: Plan, claim: Claim): RunContext {
    const { access, now } = this;
    const target = access[plan.to];
    const other = access[PEER_OF[plan.to]];
    return {
      plan,
      claim,
      documents: documentsOf(plan, { at: '2026-11-22T03:00:00Z', by: claim.by, reason: 'test' }),
      target,
      other,
      writes: openWrites(target.stores, plan.kind === 'graceful' ? other.stores : declaredOut(other.stores), now),
      outside: { directions: () => [], announcement: () => 'use it', announce: async () => [] },
      waits: { gateMs: 1000, drainMs: 1000, syncMs: 1000, pollMs: 100 },
      now,
      sleep: this.sleep,
      newOp: this.newOp,
      raised: new Set(),
      say: () => undefined,
    };
  }

  claimFor(plan: Plan, by = 'operator:ada'): Claim {
    const { move, epoch, to, kind } = plan;
    return { id: this.newOp(), move, epoch, to, kind, by, at: this.now(), state: 'running' };
  }

  async run(plan: Plan, world: World, claim: Claim, actions?: Actions): Promise<RunResult> {
    return execute(this.contextOf(plan, claim), {
      pair: this.access,
      world,
      ...(actions === undefined ? {} : { actions }),
      onStep: async () => undefined,
    });
  }

  /** Who says that it works now. */
  async active(): Promise<readonly Role[]> {
    const states = await Promise.all(ROLES.map(async (role) => this.regions[role].gate()));
    return ROLES.filter((_, at) => states[at]?.state === 'active');
  }
}

/** The plan, or a failed test. */
export const plannedOf = (planned: Planned): Plan => {
  if (planned.kind !== 'planned') {
    throw new Error(`no plan: ${planned.why}`);
  }
  return planned.plan;
};

export const committedIn = async (region: FailoverRegion, source: string): Promise<SourcePayload | undefined> => {
  const state = await region.memory.graph.readSource(sourceKey(source));
  return state.kind === 'done' ? parseSourcePayload(state.value.record?.data ?? '') : undefined;
};
