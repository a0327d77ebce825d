/** What a person sees: a bar on a terminal, lines elsewhere. With `--json` everything for people goes to stderr. */
import pc from 'picocolors';

export interface ScreenOptions {
  readonly stream: NodeJS.WriteStream;
  /** Bars redraw their line; elsewhere progress is a line now and then. */
  readonly interactive: boolean;
  readonly now: () => number;
}

const BAR_CELLS = 24;
const LINE_INTERVAL_MS = 2000;
const LABEL_CHARS = 11;

const bar = (done: number, total: number | undefined): string => {
  if (total === undefined || total === 0) {
    return '';
  }
  const filled = Math.min(BAR_CELLS, Math.round((done / total) * BAR_CELLS));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} `;
};

export class Screen {
  readonly #options: ScreenOptions;
  #drawn = false;
  /** The first line waits too: what is over in a moment needs none. */
  #lastLineAt: number;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#lastLineAt = options.now();
  }

  line(label: string, text: string): void {
    this.#clear();
    this.#options.stream.write(`  ${pc.dim(label.padEnd(LABEL_CHARS))}${text}\n`);
  }

  title(text: string): void {
    this.#clear();
    this.#options.stream.write(`${pc.bold(text)}\n`);
  }

  warn(text: string): void {
    this.line('warning', pc.yellow(text));
  }

  fail(text: string): void {
    this.line('problem', pc.red(text));
  }

  /** For work of a few seconds: seen on a terminal only. */
  redraw(label: string, done: number, what: string): void {
    if (this.#options.interactive) {
      this.progress(label, done, undefined, what);
    }
  }

  progress(label: string, done: number, total: number | undefined, what: string): void {
    const count = total === undefined ? `${done}` : `${done}/${total}`;
    if (this.#options.interactive) {
      this.#clear();
      this.#options.stream.write(`  ${pc.dim(label.padEnd(LABEL_CHARS))}${bar(done, total)}${count} ${what}`);
      this.#drawn = true;
      return;
    }
    const now = this.#options.now();
    if (now - this.#lastLineAt >= LINE_INTERVAL_MS) {
      this.#lastLineAt = now;
      this.#options.stream.write(`  ${label.padEnd(LABEL_CHARS)}${count} ${what}\n`);
    }
  }

  /** Takes an unfinished bar away. */
  #clear(): void {
    if (this.#drawn) {
      this.#options.stream.write('\r\u001B[2K');
      this.#drawn = false;
    }
  }
}
