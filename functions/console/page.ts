/** What a page of the console is: an address, and what it answers a visit with. */
import type { html } from 'hono/html';

import type { AskApi, Read, Trouble } from './console-api.ts';
import type { ReadGate, RegionStatus } from './status.ts';

export type Fragment = ReturnType<typeof html>;

/** The fields of a form that was sent; empty where none was. */
export type FormFields = Readonly<Record<string, string>>;

export interface Visit {
  readonly ask: AskApi;
  /** The state of the Region that answers, for the page and for what stands around it: asked once. */
  readonly status: () => Promise<Read<RegionStatus>>;
  readonly parameters: URLSearchParams;
  readonly form: FormFields;
  /** In ms since 1970. */
  readonly now: number;
  /** A new id for a change: sent with its form, so that a form that is sent twice is one write. */
  readonly newId: () => string;
  readonly region: string;
  readonly peerRegion: string | undefined;
  /** The kinds of sources that can be added here. */
  readonly kinds: readonly string[];
  /** The address as it was asked for, with its parameters. */
  readonly address: string;
  readonly requestId: string;
}

export type Shown =
  | {
      readonly kind: 'page';
      readonly title: string;
      readonly body: Fragment;
      readonly status?: number;
      /** Sentences for the banner: what of this page's own answer is degraded. */
      readonly degraded?: readonly string[];
      /** Of the Region that answers, where the page has read it: the header says nothing older. */
      readonly gate?: ReadGate | undefined;
    }
  | { readonly kind: 'file'; readonly name: string; readonly type: string; readonly text: string }
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'refused'; readonly title: string; readonly trouble: Trouble };

export interface ConsolePage {
  /** Below `/console`. */
  readonly path: string;
  readonly method?: 'POST';
  readonly answer: (visit: Visit) => Promise<Shown>;
}
