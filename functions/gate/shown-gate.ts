/**
 * The gate as people are shown it. It comes from a session that is polled now and then; where that differs from what the Region
 * has seen in a way that somebody should hear of, it may only be behind, so a new session is asked once before it is said.
 */
import type { PolledGateSource } from './appconfig-source.ts';
import type { GateDecision } from './decide.ts';
import { type GateDependencies, peekGate } from './gate.ts';

export interface ShownGateDependencies extends GateDependencies {
  readonly source: Pick<PolledGateSource, 'read' | 'renew'>;
}

const doubtOf = ({ alarm, reason, inForce }: GateDecision): string =>
  alarm ? `${reason}/${inForce?.epoch ?? ''}` : '';

export class ShownGate {
  readonly #gate: ShownGateDependencies;
  /** A trouble that stands is not checked again with every status. */
  #checked = '';

  constructor(gate: ShownGateDependencies) {
    this.#gate = gate;
  }

  async read(): Promise<GateDecision> {
    const decision = await peekGate(this.#gate);
    const doubt = doubtOf(decision);
    if (doubt === '' || doubt === this.#checked) {
      this.#checked = doubt;
      return decision;
    }
    this.#gate.source.renew();
    const again = await peekGate(this.#gate);
    this.#checked = doubtOf(again);
    return again;
  }
}
