/** Runs one cell: sets its fault, does the operation, counts what was asked of the faulty service, and judges. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

import { LIMITS } from '../../functions/domain/limits.ts';
import { serviceHost } from '../../local/services/name-server.ts';
import { type Cell, type Expected, expectedOf, ruleOf } from './cells.ts';
import { openWriter, runSearch, runSync } from './operations.ts';
import type { MatrixStage } from './stage.ts';

export interface CellResult {
  readonly cell: Cell;
  readonly expected: Expected;
  readonly outcome: string;
  readonly calls: number;
  readonly durationMs: number;
  /** Sentences; empty where the cell is as it must be. */
  readonly problems: readonly string[];
}

/** Beside home and the budget: what a machine needs to notice. */
const NOTICE_MS = 100;

/** Calls that the clients of this process made to a host, also those that never left it. */
const countCalls = async <T>(
  host: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly calls: number }> => {
  let calls = 0;
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    calls += request.host === host ? 1 : 0;
  };
  subscribe('http.client.request.created', count);
  try {
    return { value: await work(), calls };
  } finally {
    unsubscribe('http.client.request.created', count);
  }
};

/** Clients of its own for each cell. A write under a fault of the peer is connected to home: only the peer is waited for. */
const prepare = async (stage: MatrixStage, { operation, side }: Cell): Promise<() => Promise<string>> => {
  switch (operation) {
    case 'sync': {
      return async () => runSync(stage);
    }
    case 'search': {
      return async () => runSearch(stage);
    }
    case 'write': {
      const writer = openWriter(stage.environment);
      if (side === 'peer') {
        await writer.warmHome();
      }
      return async () => writer.write();
    }
  }
};

const judge = (cell: Cell, expected: Expected, outcome: string, calls: number): string[] => {
  const asked = calls > 0 ? 'some' : 'none';
  return [
    ...(outcome === expected.outcome ? [] : [`${outcome}, not ${expected.outcome}`]),
    ...(asked === expected.calls ? [] : [`${calls} calls of ${cell.service} at ${cell.side}, not ${expected.calls}`]),
  ];
};

/** `homeMs`: what the operation takes where there is no peer; the bar of interactive writes is beside it. */
export const runCell = async (stage: MatrixStage, cell: Cell, homeMs: number): Promise<CellResult> => {
  const expected = expectedOf(cell);
  const region = stage.regions[cell.side];
  const host = serviceHost(cell.service, region.address.region);
  const work = await prepare(stage, cell);
  await region.setFault(ruleOf(cell.fault, cell.service));
  const startedAt = performance.now();
  let durationMs = 0;
  try {
    const { value: outcome, calls } = await countCalls(host, async () => {
      const value = await work();
      durationMs = performance.now() - startedAt;
      return value;
    });
    const boundMs = homeMs + LIMITS.peerBudgetMs + NOTICE_MS;
    const isLate = cell.operation === 'write' && cell.side === 'peer' && durationMs > boundMs;
    const late = isLate ? [`took ${Math.round(durationMs)} ms, over ${Math.round(boundMs)}`] : [];
    return {
      cell,
      expected,
      outcome,
      calls,
      durationMs,
      problems: [...judge(cell, expected, outcome, calls), ...late],
    };
  } finally {
    await region.setFault(null);
  }
};
