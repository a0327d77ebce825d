/** What a run says about itself. The port; `stdout.ts` is the only place that writes. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values are names, counts and durations; never payloads or secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Telemetry {
  /** One JSON line per decision that matters; `event` is a stable name such as `cycle.finished`. */
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** Counts one outcome of a call to one store of one Region; flushed as EMF lines. */
  write(store: string, region: string, outcome: string, durationMs: number): void;
  /**
   * A metric outside the writes, for instance `Cycle`. `alsoBy` names fewer of its dimensions, under which it is counted too: an
   * alarm watches one series, and can't add up those of sources that are not known when it is declared.
   */
  count(metric: string, dimensions: Readonly<Record<string, string>>, value: number, alsoBy?: readonly string[]): void;
  /** One occurrence and how long it took: `ApiRequest` and `ApiRequestMs`, in one line. */
  timing?(metric: string, dimensions: Readonly<Record<string, string>>, durationMs: number): void;
  flush(): void;
}
