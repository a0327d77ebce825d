/** One Region's AppConfig: documents that were deployed, seen by readers a little later, and at times not the newest one. */

interface Deployment {
  readonly text: string;
  readonly visibleMs: number;
}

export class SimAppConfig {
  readonly #deployments: Deployment[] = [];
  /** Until then, readers are served what was deployed before. */
  staleUntilMs = 0;

  deploy(text: string, visibleMs: number): void {
    this.#deployments.push({ text, visibleMs });
  }

  /** What a fresh session reads now; empty where nothing was deployed. */
  read(nowMs: number): string {
    const visible = this.#deployments.filter(({ visibleMs }) => visibleMs <= nowMs);
    const newest = visible.at(-1);
    const older = visible.at(-2);
    return (nowMs < this.staleUntilMs ? (older ?? newest) : newest)?.text ?? '';
  }

  /** Something that was deployed at some time. */
  some(at: number): string {
    return this.#deployments[at % Math.max(1, this.#deployments.length)]?.text ?? '';
  }

  /** What was deployed last, visible or not: what an operator's own control plane call shows. */
  deployed(): string {
    return this.#deployments.at(-1)?.text ?? '';
  }
}
