/**
 * Asks what the policy wants to know. On workerd a Durable Object's alarm ticks, on Cloudflare the requests do; each probe runs
 * in the context of whoever ticked.
 */
import { reportOf } from '../../forward/region-status.ts';
import type { Probe } from '../../policy/health-events.ts';
import { failureCodeOf } from './upstream.ts';
import type { WorkerContext } from './worker-context.ts';

const STATUS_CHARS_MAX = 262_144;

interface Asked {
  readonly isGood: boolean;
  readonly why?: string;
  readonly text: string;
}

const ask = async (context: WorkerContext, { region, kind, timeoutMs }: Probe): Promise<Asked> => {
  const { livePath, readyPath, statusPath } = context.config.probes;
  const path = kind === 'confirm' ? livePath : kind === 'recover' ? readyPath : statusPath;
  const upstream = context.upstreams.get(region);
  if (upstream === undefined) {
    return { isGood: false, why: 'no upstream', text: '' };
  }
  const sent = upstream.send(path, {
    headers: { 'user-agent': context.config.name, accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
  });
  try {
    const response = await sent.response;
    const text = await response.text();
    if (text.length > STATUS_CHARS_MAX) {
      return { isGood: false, why: 'its status is too large', text: '' };
    }
    const isGood = response.status < 400;
    return { isGood, text, ...(isGood ? {} : { why: `HTTP ${response.status}` }) };
  } catch (error) {
    upstream.leave(sent.at);
    return { isGood: false, why: failureCodeOf(error), text: '' };
  }
};

/** Never throws: what goes wrong is the probe's result. */
const probe = async (context: WorkerContext, wanted: Probe): Promise<void> => {
  const { policy, timers } = context;
  const { region, kind } = wanted;
  const startedMs = timers.now();
  const { isGood, why, text } = await ask(context, wanted);
  const nowMs = timers.now();
  if (isGood && kind === 'status') {
    let status: unknown;
    try {
      status = JSON.parse(text);
    } catch {
      // It answers, but not with a status: alive, and silent about who is active.
      status = undefined;
    }
    policy.reported(region, reportOf(status, nowMs));
  }
  policy.probed(region, nowMs, { kind, isGood, latencyMs: nowMs - startedMs, ...(why === undefined ? {} : { why }) });
};

/** Sends every probe that is due now; `keep` gets what has to be waited for before the context may end. */
export const tick = (context: WorkerContext, keep: (work: Promise<unknown>) => void): void => {
  for (const wanted of context.policy.dueProbes(context.timers.now())) {
    keep(probe(context, wanted));
  }
};
