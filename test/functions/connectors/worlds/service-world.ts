/**
 * The world of a service that is imitated: which key of a test is which document, and everything that any service's world does the
 * same way. A service brings its stand-in, and how one document is made, edited, renamed and removed there.
 */
import type { SkipReason } from '../../../../functions/connectors/connector.ts';
import type { FakeRequest } from '../../../../local/fakes/fake-server.ts';
import type { Limits, SourceWorld } from '../../../contracts/connector-world.ts';
import { FakeWorld, type FakeWorldOptions } from './fake-world.ts';
import { KeyedIds } from './keyed.ts';

export interface ServiceWorldOptions extends Omit<FakeWorldOptions, 'isRead'> {
  /** Makes a document and answers with the id under which the connector brings it; `count`: so many are there. */
  readonly create: (key: string, text: string, count: number) => string;
  readonly edit: (id: string, text: string) => void;
  readonly rename: (id: string, to: string) => void;
  readonly remove: (id: string) => void;
  /** Whether a request asks for the content of this document. */
  readonly isRead?: (request: FakeRequest, id: string) => boolean;
  readonly textless?: { readonly create: (key: string) => string; readonly reason: SkipReason };
  readonly expireCursors?: () => void;
  readonly limits: Limits;
  /** Beside what every world's documents hold. */
  readonly secrets: readonly string[];
}

/** Words of the documents: no message may hold them. */
const CONTENTS = ['theta', 'gamma'] as const;

export const serviceWorld = (options: ServiceWorldOptions): SourceWorld => {
  const { fake, create, edit, rename, remove, isRead, textless, expireCursors } = options;
  const ids = new KeyedIds();
  const world = new FakeWorld({
    ...options,
    isRead: (request, key) => isRead?.(request, ids.of(key)) === true,
  });
  return {
    open: (opened) => world.open(opened),
    put: async (documents) =>
      ids.putAll(
        documents,
        (key, text) => create(key, text, ids.count),
        (id, text) => {
          edit(id, text);
        },
      ),
    rename: async (from, to) => {
      rename(ids.of(from), to);
      ids.rename(from, to);
    },
    remove: async (key) => {
      remove(ids.remove(key));
    },
    idOf: (key) => ids.of(key),
    freeze: (frozen) => {
      fake.freeze(frozen);
    },
    setFault: (fault) => {
      world.setFault(fault);
    },
    elapse: (ms) => {
      world.elapse(ms);
    },
    sleeps: world.sleeps,
    limits: options.limits,
    secrets: [...options.secrets, ...CONTENTS],
    close: async () => {
      await world.close();
    },
    ...(textless === undefined
      ? {}
      : {
          putTextless: async (key: string) => {
            ids.rename(key, key, textless.create(key));
            return textless.reason;
          },
        }),
    ...(expireCursors === undefined
      ? {}
      : {
          expireCursors: async () => {
            expireCursors();
          },
        }),
  };
};
