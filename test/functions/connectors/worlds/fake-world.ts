/** What the worlds of all HTTP services share: opening a kind against a fake, and the faults that any service can have. */
import { tmpdir } from 'node:os';

import type { Connector } from '../../../../functions/connectors/connector.ts';
import type { ConnectorKind, ConnectorSetting } from '../../../../functions/connectors/kind.ts';
import { environmentSecrets } from '../../../../functions/connectors/secrets.ts';
import { NO_EXTRACTOR, type TextExtractor } from '../../../../functions/connectors/text/extractor.ts';
import type { FakeFault, FakeRequest, FakeServer } from '../../../../local/fakes/fake-server.ts';
import type { WorldFault } from '../../../contracts/connector-world.ts';

export interface FakeWorldOptions {
  readonly fake: FakeServer;
  readonly kind: ConnectorKind;
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether a request asks for a page of a listing after the first. */
  readonly isLaterPage: (request: FakeRequest) => boolean;
  /** Whether a request asks for the content of this document. */
  readonly isRead?: (request: FakeRequest, key: string) => boolean;
  readonly setShort?: (short: boolean) => void;
  readonly extractor?: TextExtractor;
}

export const PAGE_ITEMS_MAX = 3;

/** Our own clock: years away from the services', which must not matter. */
export const OWN_NOW_MS = Date.UTC(2031, 4, 6, 7);

export const settingFor = (
  origin: string,
  environment: Readonly<Record<string, string>>,
  more: Partial<ConnectorSetting> = {},
): ConnectorSetting => ({
  sourceId: 'wiki',
  rules: { gitHosts: [], loopbackOrigin: origin },
  secrets: environmentSecrets(environment),
  now: () => OWN_NOW_MS,
  random: () => 0.5,
  remainingMs: () => 600_000,
  directory: tmpdir(),
  extractor: NO_EXTRACTOR,
  fetchDocumentsMax: PAGE_ITEMS_MAX,
  ...more,
});

export class FakeWorld {
  readonly sleeps: number[] = [];
  #now = OWN_NOW_MS;
  readonly #options: FakeWorldOptions;
  readonly #open: Connector[] = [];

  constructor(options: FakeWorldOptions) {
    this.#options = options;
    options.fake.pageItemsMax = PAGE_ITEMS_MAX;
  }

  open(options: { readonly callTimeoutMs?: number; readonly remainingMs?: number } = {}): Connector {
    const { fake, kind, config, environment, extractor = NO_EXTRACTOR } = this.#options;
    const connector = kind.open(
      config,
      settingFor(fake.origin, environment, {
        extractor,
        now: () => this.#now,
        remainingMs: () => options.remainingMs ?? 600_000,
        http: {
          bounds: { retryDelayMs: 1, attemptsMax: 2, callTotalTimeoutMs: options.callTimeoutMs ?? 10_000 },
          sleep: async (ms) => {
            this.sleeps.push(ms);
          },
        },
      }),
    );
    this.#open.push(connector);
    return connector;
  }

  /** Our own clock goes on, and so does the service's. */
  elapse(ms: number): void {
    this.#now += ms;
    this.#options.fake.advance(ms);
  }

  setFault(fault: WorldFault): void {
    const { fake, setShort } = this.#options;
    setShort?.(fault.kind === 'short');
    let left = fault.kind === 'throttle' ? fault.times : Number.POSITIVE_INFINITY;
    fake.fault = (request) => {
      const found = this.#faultFor(fault, request);
      left -= found === null ? 0 : 1;
      return left < 0 ? null : found;
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map(async (connector) => connector.close()));
    await this.#options.fake.close();
  }

  #faultFor(fault: WorldFault, request: FakeRequest): FakeFault | null {
    const { isLaterPage, isRead, setShort } = this.#options;
    switch (fault.kind) {
      case 'none': {
        return null;
      }
      case 'status': {
        return { kind: 'status', status: fault.status, headers: fault.headers ?? {} };
      }
      case 'cut':
      case 'silent': {
        return { kind: fault.kind };
      }
      case 'throttle': {
        return { kind: 'status', status: 429, headers: { 'retry-after': String(fault.seconds) } };
      }
      case 'later-page': {
        return isLaterPage(request) ? { kind: 'status', status: 500 } : null;
      }
      case 'short': {
        return setShort === undefined && isLaterPage(request) ? { kind: 'cut' } : null;
      }
      case 'poison': {
        return isRead?.(request, fault.key) === true ? { kind: 'status', status: 500 } : null;
      }
      case 'forbid': {
        return isRead?.(request, fault.key) === true ? { kind: 'status', status: 403 } : null;
      }
    }
  }
}
