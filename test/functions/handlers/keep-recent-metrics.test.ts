/** Whoever waits for an answer waits a moment at most for what is kept beside it, also where the Region's tables hang. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';

const HOUR_MS = 60 * 60_000;
const sockets = new Set<Socket>();
/** Takes connections and what is sent, and never answers. */
const silent = createServer((socket) => {
  sockets.add(socket);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const { port } = silent.address() as AddressInfo;
  const stores: Readonly<Record<string, string>> = {
    TWINMAP_ROLE: 'primary',
    TWINMAP_HOME_REGION: 'us-east-2',
    TWINMAP_HOME_TABLE_WORKSPACES: 'workspaces',
    TWINMAP_HOME_TABLE_AUDIT: 'audit',
    TWINMAP_HOME_TABLE_GRAPH: 'graph',
    TWINMAP_HOME_VECTOR_BUCKET: 'vectors',
    TWINMAP_HOME_VECTOR_INDEX: 'chunks',
    TWINMAP_HOME_DYNAMODB_ENDPOINT: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  for (const [name, value] of Object.entries(stores)) {
    vi.stubEnv(name, value);
  }
});

afterAll(() => {
  vi.unstubAllEnvs();
  for (const socket of sockets) {
    socket.destroy();
  }
  silent.close();
});

describe('keeping what was measured', () => {
  it('of an hour takes its moment once and not once for every ten minutes of it', async () => {
    const { keepRecentMetrics } = await import('../../../functions/handlers/keep-recent-metrics.ts');
    const { now, recentMetrics } = await import('../../../functions/handlers/wire.ts');
    const from = now() - HOUR_MS;
    for (let at = from; at < from + HOUR_MS; at += 60_000) {
      recentMetrics.take({ at, metric: 'OwedRecords', dimensions: {}, values: [1] });
    }
    const startedMs = performance.now();
    await keepRecentMetrics('api');
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeLessThan(3 * LIMITS.metricsKeepMs);
    // None of it is lost: it waits for the next time.
    expect(recentMetrics.takeAll().flatMap(({ points }) => points)).toHaveLength(60);
    expect(sockets.size).toBe(1);
  }, 30_000);
});
