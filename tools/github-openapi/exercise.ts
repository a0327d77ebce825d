/** The connector on the stand-in, in every way in which it asks: what was asked and answered is what the description judges. */
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';

import type { Connector, Cursor, PullEvent } from '../../functions/connectors/connector.ts';
import type { ConnectorSetting } from '../../functions/connectors/kind.ts';
import { openSource } from '../../functions/connectors/registry.ts';
import { environmentSecrets } from '../../functions/connectors/secrets.ts';
import { NO_EXTRACTOR } from '../../functions/connectors/text/extractor.ts';
import { SourceError } from '../../functions/domain/errors.ts';
import { FakeGitHub } from '../../local/fakes/fake-github.ts';
import type { Exchange } from './description.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const EXAMPLE_COMMENTS = 3;

const idle = (): AbortSignal => new AbortController().signal;

/** Everything that it brings, and where it ends. */
const pull = async (connector: Connector, cursor: Cursor | null): Promise<{ events: PullEvent[]; cursor: Cursor }> => {
  const events: PullEvent[] = [];
  let last: Cursor = {};
  const context = {
    signal: idle(),
    select: async (entries: readonly { id: string }[]) => new Set(entries.map(({ id }) => id)),
  };
  for await (const event of connector.pull(context, cursor)) {
    events.push(event);
    last = event.op === 'checkpoint' ? event.cursor : last;
  }
  return { events, cursor: last };
};

const refused = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof SourceError) {
      return;
    }
    throw error;
  }
  throw new Error('what was to be refused was answered');
};

export class Exercise {
  readonly exchanges: Exchange[] = [];
  readonly #fake: FakeGitHub;
  #now = Date.now();

  private constructor(fake: FakeGitHub) {
    this.#fake = fake;
    fake.onReply = ({ method, path, query }, { status = 200, json }) => {
      this.exchanges.push({ method, path, query, status, json });
    };
  }

  static async open(): Promise<Exercise> {
    const fake = await new FakeGitHub().start();
    fake.pageItemsMax = 2;
    for (const name of ['acme/shop', 'acme/ops', 'acme/empty']) {
      fake.addRepository(name, { topics: ['map'] });
    }
    for (let at = 0; at < 5; at += 1) {
      const number = fake.create('acme/shop', `Checkout ${String(at)}`, at === 0 ? '' : 'is slow', at % 2 === 1);
      fake.comment(number, 'grace', 'Seen.');
    }
    fake.create('acme/ops', 'Without comments', 'nobody wrote');
    return new Exercise(fake);
  }

  /** First and second sync, a listing, a check, an issue that is asked for again, an App, and refusals. */
  async run(): Promise<void> {
    const first = await pull(this.#open(), null);
    const connector = this.#open();
    await pull(connector, first.cursor);
    await connector.check(idle());
    for await (const entry of connector.enumerate(idle(), null)) {
      if (entry.id === '') {
        throw new Error('a document without an id');
      }
    }
    await this.#askAgain();
    await this.#asApp();
    await refused(pull(this.#open({ repositories: { list: ['acme/gone'] } }), null));
    await refused(pull(this.#open({}, 'wrong'), null));
  }

  /** Issues and comments of GitHub's own, through the connector: answers with the texts that came out. */
  async read(issues: readonly object[], comments: readonly object[]): Promise<readonly string[]> {
    this.#fake.examples.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...issues.map((issue, at) => ({ ...issue, number: 9000 + at, comments: EXAMPLE_COMMENTS })),
    );
    for (const at of issues.keys()) {
      this.#fake.exampleComments.set(9000 + at, comments);
    }
    this.#fake.pageItemsMax = 100;
    const { events } = await pull(this.#open({ repositories: { list: ['acme/empty'] } }), null);
    this.#fake.examples.length = 0;
    return events.flatMap((event) => (event.op === 'upsert' ? [event.document.text] : []));
  }

  async close(): Promise<void> {
    await this.#fake.close();
  }

  /** What failed is asked for by itself when it is due. */
  async #askAgain(): Promise<void> {
    this.#fake.fault = ({ path }) => (path.endsWith('/issues/1/comments') ? { kind: 'status', status: 500 } : null);
    const failing = await pull(this.#open(), null);
    this.#fake.fault = () => null;
    this.#now += DAY_MS;
    await pull(this.#open(), failing.cursor);
  }

  async #asApp(): Promise<void> {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#fake.appPublicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const pem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const credentials = { kind: 'app', appId: 12, privateKey: 'env:SECRET' };
    await pull(
      this.#open({ credentials }, pem, () => this.#fake.now),
      null,
    );
  }

  #open(
    more: Readonly<Record<string, unknown>> = {},
    secret = this.#fake.token,
    clock: () => number = () => this.#now,
  ): Connector {
    const setting: ConnectorSetting = {
      sourceId: 'github',
      rules: { gitHosts: [], loopbackOrigin: this.#fake.origin },
      secrets: environmentSecrets({ SECRET: secret }),
      now: clock,
      random: () => 0.5,
      remainingMs: () => 600_000,
      directory: tmpdir(),
      extractor: NO_EXTRACTOR,
      fetchDocumentsMax: 4,
      http: { bounds: { retryDelayMs: 1, attemptsMax: 1 } },
    };
    const config = {
      url: this.#fake.origin,
      credentials: { kind: 'token', token: 'env:SECRET' },
      repositories: { organisation: 'acme', list: ['acme/shop'] },
      content: false,
      ...more,
    };
    return openSource({ kind: 'github', config }, setting);
  }
}
