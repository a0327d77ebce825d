/** The lines of functions and router as `npm start` prints them: decisions in sentences, each once, and nothing else. */
import { describe, expect, it } from 'vitest';

import { DecisionLines } from '../../../local/start/decision-lines.ts';

const line = (event: string, fields: object, level = 'info'): string =>
  JSON.stringify({ time: '2026-11-22T09:00:00.000Z', level, event, function: 'sync', region: 'us-east-2', ...fields });

const gate = (state: string, epoch: number, level = 'info'): string =>
  line('gate.decided', { state, epoch, reason: `document-${state}`, detail: 'it says so' }, level);

const texts = (lines: readonly string[]): readonly string[] => {
  const decisions = new DecisionLines();
  return lines.flatMap((one) => decisions.take(one)?.text ?? []);
};

describe('decision lines', () => {
  it('tell of a gate when it changes, and not what was said at the start', () => {
    expect(texts([gate('active', 1), gate('active', 1), gate('passive', 2), gate('passive', 2)])).toStrictEqual([
      'us-east-2 is passive in epoch 2 (document-passive): it says so',
    ]);
  });

  it('tell of a gate in trouble from its first line on', () => {
    const decisions = new DecisionLines();
    expect(decisions.take(gate('passive', 1, 'error'))).toMatchObject({ level: 'error', label: 'gate' });
    expect(decisions.take(gate('passive', 1, 'error'))).toBeUndefined();
  });

  it('name the request that failed, and stay silent about those that did not', () => {
    const answered = (status: number): string =>
      line('api.answered', { method: 'GET', path: '/v1/search', status, requestId: 'request-1' });
    expect(texts([answered(200), answered(404), answered(503)])).toStrictEqual([
      'us-east-2 answered GET /v1/search with 503 (request request-1)',
    ]);
  });

  it('leave out measurements, stack traces, progress and events of names that objects have', () => {
    const lines = [
      '{"_aws":{},"ApiRequest":1}',
      'Error: x',
      '{broken',
      line('cycle.progress', {}),
      line('toString', {}),
    ];
    expect(texts(lines)).toStrictEqual([]);
  });

  it('tell what the router did, once for each way', () => {
    const decisions = new DecisionLines();
    const fields = { method: 'GET', from: 'us-east-2', to: 'us-west-2', why: 'ECONNREFUSED' };
    expect(decisions.takeEvent('request.moved', fields)?.text).toBe(
      'GET went from us-east-2 to us-west-2 (ECONNREFUSED)',
    );
    expect(decisions.takeEvent('request.moved', fields)).toBeUndefined();
  });
});
