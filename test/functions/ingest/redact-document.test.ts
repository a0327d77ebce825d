/** Redaction with a detector beside the rules: what it finds goes, what it can't do is told, and never is a text left as it was. */
import { describe, expect, it } from 'vitest';

import type { PullEvent } from '../../../functions/connectors/connector.ts';
import { parseDocumentPayload } from '../../../functions/domain/corpus.ts';
import type { Detection, PersonalDataDetector } from '../../../functions/ingest/redact/detector.ts';
import { redactAhead } from '../../../functions/ingest/redact/redact-ahead.ts';
import { redactDocument } from '../../../functions/ingest/redact/redact-document.ts';
import { SOURCE, World } from '../../support/cycle-world.ts';

const BOTH = 'credentials-and-personal';
const idle = new AbortController().signal;

/** Finds a name wherever it stands, and keeps what it was shown. */
class NameDetector implements PersonalDataDetector {
  readonly name = 'names-1';
  readonly seen: string[] = [];
  down: string | undefined;

  async detect(text: string): Promise<Detection> {
    this.seen.push(text);
    return this.down === undefined
      ? {
          kind: 'found',
          spans: [...text.matchAll(/Ada Lovelace/gu)].map(({ 0: found, index }) => ({
            start: index,
            end: index + found.length,
            kind: 'name',
          })),
        }
      : { kind: 'unavailable', code: this.down };
  }
}

/** Answers with spans that nobody should trust. */
const detectorOf = (...spans: (readonly [number, number])[]): PersonalDataDetector => ({
  name: 'fixed-1',
  detect: async () => ({ kind: 'found', spans: spans.map(([start, end]) => ({ start, end, kind: 'name' })) }),
});

const MAIL = ['kim.lee', 'shop-and-go.co.uk'].join('@');

describe('a detector', () => {
  it('sees a text after the rules, and what it finds is marked and counted beside what they found', async () => {
    const detector = new NameDetector();
    const redacted = await redactDocument(`Ask Ada Lovelace or ${MAIL}.`, BOTH, detector, idle);
    expect(redacted).toEqual({
      text: 'Ask [redacted:name] or [redacted:mail-address].',
      counts: { 'mail-address': 1, name: 1 },
    });
    expect(detector.seen).toEqual(['Ask Ada Lovelace or [redacted:mail-address].']);
  });

  it('is asked in the one mode that wants personal data out, and never about an empty text', async () => {
    const detector = new NameDetector();
    for (const mode of ['none', 'credentials'] as const) {
      expect((await redactDocument('Ada Lovelace', mode, detector, idle)).text).toBe('Ada Lovelace');
    }
    await redactDocument(' \n', BOTH, detector, idle);
    expect(detector.seen).toEqual([]);
  });

  it('keeps lines where they are, whatever it finds', async () => {
    const { text } = await redactDocument('a\nAda\nLovelace\nb', BOTH, detectorOf([2, 14]), idle);
    expect(text).toBe('a\n[redacted:name]\n\nb');
  });

  it.each([
    ['inside of a mark', [[6, 12]]],
    ['behind the end', [[2, 9000]]],
    ['backwards', [[8, 4]]],
  ] as const)('that answers with a place %s changes nothing', async (_what, spans) => {
    const text = `x ${MAIL} y`;
    expect((await redactDocument(text, BOTH, detectorOf(...spans), idle)).text).toBe('x [redacted:mail-address] y');
  });

  it('that answers twice about one place takes it out once', async () => {
    const { text, counts } = await redactDocument('Ada Lovelace', BOTH, detectorOf([0, 12], [4, 12]), idle);
    expect([text, counts]).toEqual(['[redacted:name]', { name: 1 }]);
  });

  it('that does not answer leaves what the rules did, and says why', async () => {
    const detector = new NameDetector();
    detector.down = 'ThrottlingException';
    expect(await redactDocument(`Ada Lovelace, ${MAIL}`, BOTH, detector, idle)).toEqual({
      text: 'Ada Lovelace, [redacted:mail-address]',
      counts: { 'mail-address': 1 },
      undetected: 'ThrottlingException',
    });
  });
});

describe('documents that are redacted at once', () => {
  const upsert = (id: string): PullEvent => ({ op: 'upsert', document: { id, rev: '1', path: id, text: id } });

  it('come in their order, before the checkpoint that covers them, and never more at once than allowed', async () => {
    const events: PullEvent[] = [
      upsert('a'),
      upsert('b'),
      upsert('c'),
      { op: 'checkpoint', cursor: {}, complete: false },
      upsert('d'),
      { op: 'delete', id: 'e' },
    ];
    let running = 0;
    let most = 0;
    const came: string[] = [];
    const work = async (text: string): Promise<{ text: string; counts: object }> => {
      running += 1;
      most = Math.max(most, running);
      // The first takes longest.
      await new Promise((resolve) => {
        setTimeout(resolve, text === 'a' ? 20 : 1);
      });
      running -= 1;
      return { text: text.toUpperCase(), counts: {} };
    };
    const source = (async function* () {
      yield* events;
    })();
    for await (const { event } of redactAhead(source, work as never, 2)) {
      came.push(event.op === 'upsert' ? event.document.text : event.op);
    }
    expect(came).toEqual(['A', 'B', 'C', 'checkpoint', 'D', 'delete']);
    expect(most).toBe(2);
  });
});

describe('a cycle', () => {
  const worldWith = (detector: PersonalDataDetector): World => {
    const world = new World();
    world.given = { source: { ...SOURCE, redaction: BOTH }, detector };
    world.origin.files.set('on-call.md', '# On call\n\nAda Lovelace is on call.\n');
    return world;
  };
  const textsIn = async (world: World): Promise<string> =>
    [...(await world.contents(world.primary)), ...(await world.contents(world.secondary))].join('\n');
  const indexesIn = async (world: World): Promise<readonly (string | undefined)[]> =>
    (await world.contents(world.primary))
      .map((text) => JSON.parse(text) as string[])
      .filter(([, sk]) => sk?.startsWith('document#'))
      .map((item) => parseDocumentPayload(item[5] ?? '')?.index);

  it('stores no name that the detector knows, in any Region', async () => {
    const world = worldWith(new NameDetector());
    expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
    expect(await textsIn(world)).not.toContain('Lovelace');
    expect(await textsIn(world)).toContain('[redacted:name]');
  });

  it('whose detector is down stores what the rules leave, is acknowledged, and the next comparison looks again', async () => {
    const detector = new NameDetector();
    detector.down = 'ServiceUnavailableException';
    const world = worldWith(detector);
    expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
    expect(await indexesIn(world)).toEqual([expect.stringMatching(/\/undetected$/u)]);
    detector.down = undefined;
    world.nowMs += 25 * 3_600_000;
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'daily', report: { changed: 1 } });
    expect(await textsIn(world)).not.toContain('Lovelace');
    expect(await indexesIn(world)).toEqual([expect.stringMatching(/personal\+names-1$/u)]);
  });

  it('reads everything again when a detector comes or goes', async () => {
    const world = worldWith(new NameDetector());
    const { source } = world.given;
    world.given = source === undefined ? {} : { source };
    await world.run();
    world.given = { ...world.given, detector: new NameDetector() };
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', report: { changed: 1 } });
    expect(await textsIn(world)).not.toContain('Lovelace');
  });
});
