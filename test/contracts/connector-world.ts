/** What a connector's tests bring along: a source that can be edited and broken, and connectors on it. */
import type { Connector, SkipReason } from '../../functions/connectors/connector.ts';

/** How the source is broken on the wire, from the next request on. */
export type WorldFault =
  | { readonly kind: 'none' }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silent' }
  /** 429 with `Retry-After`, so many times. */
  | { readonly kind: 'throttle'; readonly seconds: number; readonly times: number }
  /** 500 from the second page of a listing on. */
  | { readonly kind: 'later-page' }
  /** A listing ends before its end, in the way in which it may happen with this service. */
  | { readonly kind: 'short' }
  /** 500 whenever this document's content is asked for. */
  | { readonly kind: 'poison'; readonly key: string }
  /** 403 for this document's content alone. */
  | { readonly kind: 'forbid'; readonly key: string };

/** Why a case, or a part of one, can't happen with a source. Printed with the table. */
export interface Limits {
  readonly throttle?: string;
  readonly fault?: string;
  readonly poison?: string;
  readonly short?: string;
  readonly sameInstant?: string;
  readonly textless?: string;
  readonly expiry?: string;
  readonly laterPage?: string;
  readonly secrets?: string;
}

export interface SourceWorld {
  /** A fresh connector, as one invocation opens it: at most three documents at once, pages of three. */
  open(options?: { readonly callTimeoutMs?: number; readonly remainingMs?: number }): Connector;
  /** Creates or replaces documents. A key is what people call the document. */
  put(documents: Readonly<Record<string, string>>): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** The id under which the connector has to bring the document. */
  idOf(key: string): string;
  /** A document that is there and has no text. */
  putTextless?(key: string): Promise<SkipReason>;
  /** Makes the source forget what cursors mean. */
  expireCursors?(): Promise<void>;
  /** While frozen all edits happen at the same instant. */
  freeze?(frozen: boolean): void;
  setFault(fault: WorldFault): void;
  /** Our own clock goes on, so that what failed is due again. */
  elapse(ms: number): void;
  /** How long the connector slept between tries, in ms. */
  readonly sleeps: readonly number[];
  readonly limits: Limits;
  /** Credentials and contents that no message, cursor or finding may hold. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface ConnectorHarness {
  readonly name: string;
  create(): Promise<SourceWorld>;
}
