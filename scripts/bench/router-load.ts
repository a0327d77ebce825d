/** Load for the router bench: closed loops for cost, a fixed pace for faults. Plain node:http clients with keep-alive. */
import http from 'node:http';

export interface Answered {
  readonly startedMs: number;
  readonly tookMs: number;
  readonly status: number;
}

const send = async (agent: http.Agent, url: string, method: string): Promise<Answered> => {
  const startedMs = performance.now();
  const done = Promise.withResolvers<number>();
  const req = http.request(url, { agent, method, timeout: 10_000 }, (res) => {
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

/** As many as possible over some connections; answers how many there were. */
export const closedLoop = async (url: string, connections: number, forMs: number): Promise<readonly Answered[]> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const endMs = performance.now() + forMs;
  const answers: Answered[] = [];
  const loop = async (): Promise<void> => {
    while (performance.now() < endMs) {
      answers.push(await send(agent, url, 'GET'));
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  agent.destroy();
  return answers;
};

/** So many a second, whatever becomes of them. */
export const openLoop = async (
  url: string,
  method: string,
  perSecond: number,
  forMs: number,
): Promise<readonly Answered[]> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
  const startMs = performance.now();
  const sent: Promise<Answered>[] = [];
  const total = Math.round((perSecond * forMs) / 1000);
  while (sent.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000));
    while (sent.length < due) {
      sent.push(send(agent, url, method));
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  const answers = await Promise.all(sent);
  agent.destroy();
  return answers;
};

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, two) => one - two)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
