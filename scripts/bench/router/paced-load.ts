/** Load at a fixed pace, whatever becomes of the requests: what users see of a fault. Plain node:http clients with keep-alive. */
import http from 'node:http';

export interface Answered {
  readonly startedMs: number;
  readonly tookMs: number;
  /** 0 where no answer came. */
  readonly status: number;
}

const TIMEOUT_MS = 10_000;

const send = async (agent: http.Agent, url: string, method: string): Promise<Answered> => {
  const startedMs = performance.now();
  const done = Promise.withResolvers<number>();
  const req = http.request(url, { agent, method, timeout: TIMEOUT_MS }, (res) => {
    res.resume();
    res.once('end', () => {
      done.resolve(res.statusCode ?? 0);
    });
    res.once('error', () => {
      done.resolve(0);
    });
  });
  req.once('error', () => {
    done.resolve(0);
  });
  req.once('timeout', () => {
    req.destroy();
  });
  req.end(method === 'POST' ? 'vote' : undefined);
  const status = await done.promise;
  return { startedMs, tookMs: performance.now() - startedMs, status };
};

export interface Pace {
  readonly url: string;
  readonly method: string;
  readonly perSecond: number;
  readonly forMs: number;
}

const sleep = async (ms: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};

export const paced = async ({ url, method, perSecond, forMs }: Pace): Promise<readonly Answered[]> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
  const startMs = performance.now();
  const sent: Promise<Answered>[] = [];
  const total = Math.round((perSecond * forMs) / 1000);
  while (sent.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000));
    while (sent.length < due) {
      sent.push(send(agent, url, method));
    }
    await sleep(1);
  }
  const answers = await Promise.all(sent);
  agent.destroy();
  return answers;
};

export interface PaceCounts {
  readonly sent: number;
  readonly failedReads: number;
  readonly failedWrites: number;
  readonly writes: number;
  readonly latenciesMs: readonly number[];
}

export interface EndlessPace {
  readonly counts: () => PaceCounts;
  /** Sends no more and waits for what is out. */
  readonly end: () => Promise<PaceCounts>;
}

/** The same until it is told to end; reads, and a write now and then. */
export const openPace = (options: {
  readonly url: string;
  readonly perSecond: number;
  readonly writeEvery: number;
}): EndlessPace => {
  const { url, perSecond, writeEvery } = options;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1024 });
  const seen = { sent: 0, failedReads: 0, failedWrites: 0, writes: 0, latenciesMs: [] as number[] };
  const out = new Set<Promise<void>>();
  const startMs = performance.now();
  const one = async (isWrite: boolean): Promise<void> => {
    const { status, tookMs } = await send(agent, url, isWrite ? 'POST' : 'GET');
    seen.latenciesMs.push(tookMs);
    seen.failedReads += Number(status !== 200 && !isWrite);
    seen.failedWrites += Number(status !== 200 && isWrite);
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000);
    while (seen.sent < due) {
      seen.sent += 1;
      const isWrite = seen.sent % writeEvery === 0;
      seen.writes += Number(isWrite);
      const sending: Promise<void> = one(isWrite).finally(() => {
        out.delete(sending);
      });
      out.add(sending);
    }
  }, 1);
  return {
    counts: () => seen,
    end: async () => {
      clearInterval(timer);
      await Promise.all(out);
      agent.destroy();
      return seen;
    },
  };
};

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, two) => one - two)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
