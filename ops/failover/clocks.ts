/** The four clocks of a move: how long until it was noticed, decided, done, and all of it. Pure. */

export interface Clocks {
  readonly detectMs: number;
  readonly decideMs: number;
  readonly executeMs: number;
  readonly totalMs: number;
  /** Which of them nobody measured: they are the runbook's own bounds. */
  readonly simulated: readonly ('detect' | 'decide')[];
}

export interface ClockMarks {
  /** When the trouble began, when somebody noticed, when it was decided; in ms since 1970, as far as somebody told. */
  readonly beganAt?: number | undefined;
  readonly detectedAt?: number | undefined;
  readonly decidedAt?: number | undefined;
  /** The command. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The alarm's own two minutes, and the five that the runbook gives to the decision. */
export const SIMULATED_DETECT_MS = 120_000;
export const SIMULATED_DECIDE_MS = 300_000;

export const readClocks = ({ beganAt, detectedAt, decidedAt, startedAt, endedAt }: ClockMarks): Clocks => {
  const isDetected = beganAt !== undefined && detectedAt !== undefined;
  const isDecided = detectedAt !== undefined;
  const detectMs = isDetected ? Math.max(0, detectedAt - beganAt) : SIMULATED_DETECT_MS;
  const decideMs = isDecided ? Math.max(0, (decidedAt ?? startedAt) - detectedAt) : SIMULATED_DECIDE_MS;
  const executeMs = Math.max(0, endedAt - startedAt);
  return {
    detectMs,
    decideMs,
    executeMs,
    totalMs: detectMs + decideMs + executeMs,
    simulated: [...(isDetected ? [] : ['detect' as const]), ...(isDecided ? [] : ['decide' as const])],
  };
};
