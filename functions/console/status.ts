/** The state of the Region that answered, as the API tells it to anybody. */
import { z } from 'zod';

import { standingShape } from '../query/corpus-shapes.ts';
import type { ToldGate } from '../query/pair-reading.ts';
import { type AskApi, type Read, readAs } from './console-api.ts';

const statusSchema = z.object({ region: z.string(), role: z.string(), ...standingShape });

export type RegionStatus = z.infer<typeof statusSchema>;

/** What a page has itself read of its Region's gate. */
export type ReadGate = Pick<ToldGate, 'active' | 'epoch' | 'peerWrites'>;

/** Once for a visit, however many of its parts show it: `Visit.status`. */
export const statusOf = (ask: AskApi): (() => Promise<Read<RegionStatus>>) => {
  let reading: Promise<Read<RegionStatus>> | undefined;
  const read = async (): Promise<Read<RegionStatus>> => readAs(await ask({ path: '/v1/status' }), statusSchema);
  return async () => (reading ??= read());
};

/**
 * The status is some seconds old where its gate is polled. A page that has read a newer epoch must not stand below a header that
 * says the opposite; epochs only rise, so the higher one is the newer. A gate that can't be read stays unknown.
 */
export const withNewerGate = (status: Read<RegionStatus>, told: ReadGate | undefined): Read<RegionStatus> => {
  if (status.kind === 'refused' || told === undefined || told.epoch <= (status.value.gate.epoch ?? Infinity)) {
    return status;
  }
  const { active, epoch, peerWrites } = told;
  const [state, reason] = active
    ? (['active', 'document-active'] as const)
    : (['passive', 'document-passive'] as const);
  return { kind: 'read', value: { ...status.value, gate: { state, epoch, peerWrites, reason } } };
};
