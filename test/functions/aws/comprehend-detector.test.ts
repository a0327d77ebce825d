/** Comprehend through its own SDK client, against the stand-in on the wire. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openComprehend } from '../../../functions/aws/comprehend-detector.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { openDetector } from '../../../functions/handlers/open-detector.ts';
import type { Detection, PersonalDataDetector } from '../../../functions/ingest/redact/detector.ts';
import { openRegion, type OpenRegion, REGION } from '../../local/services/open-region.ts';

let region: OpenRegion;
const idle = new AbortController().signal;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKLOCAL';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  region = await openRegion();
});

afterEach(() => {
  region.services.faults.clear();
});

afterAll(async () => {
  await region.close();
});

const detectors = (): (() => PersonalDataDetector) =>
  openComprehend(
    {
      region: REGION,
      endpoint: region.services.endpoint,
      bounds: { connectTimeoutMs: 5000, callTimeoutMs: 15_000, attemptsMax: 1 },
    },
    'en',
  );

const foundIn = (text: string, detection: Detection): readonly (readonly [string, string])[] =>
  detection.kind === 'found' ? detection.spans.map(({ start, end, kind }) => [text.slice(start, end), kind]) : [];

describe('Comprehend', () => {
  it('finds people and addresses, and leaves dates and guesses', async () => {
    const text = 'Since 2026-11-22 Ada Lovelace lives at 12 Baker Street; she runs Aurora.';
    expect(foundIn(text, await detectors()().detect(text, idle))).toEqual([
      ['Ada Lovelace', 'name'],
      ['12 Baker Street', 'address'],
    ]);
  });

  it('counts characters as strings do, whatever stands before', async () => {
    const text = '🗺🗺 größe 日本 — Grace Hopper 🗺 Alan Turing';
    expect(foundIn(text, await detectors()().detect(text, idle)).map(([found]) => found)).toEqual([
      'Grace Hopper',
      'Alan Turing',
    ]);
  });

  it('is shown a long text in pieces that it takes, cut where lines end, and every place is where it stands', async () => {
    const line = `${'日'.repeat(900)} Ada Lovelace\n`;
    const text = line.repeat(90);
    expect(Buffer.byteLength(text)).toBeGreaterThan(2 * LIMITS.detectTextBytesMax);
    const found = foundIn(text, await detectors()().detect(text, idle));
    expect(found).toHaveLength(90);
    expect(new Set(found.map(([name]) => name))).toEqual(new Set(['Ada Lovelace']));
  });

  it('that fails is told, and after a few failures not asked any more in this invocation; the next one asks again', async () => {
    const open = detectors();
    const detector = open();
    region.services.faults.set({ service: 'comprehend', mode: 'error-503' });
    const codes: string[] = [];
    for (let at = 0; at < LIMITS.detectFailuresMax + 1; at += 1) {
      const detection = await detector.detect('Ada Lovelace', idle);
      codes.push(detection.kind === 'unavailable' ? detection.code : 'found');
    }
    expect(codes.slice(0, -1).every((code) => code === 'ServiceUnavailableException')).toBe(true);
    expect(codes.at(-1)).toBe('GivenUp');
    region.services.faults.clear();
    expect((await detector.detect('Ada Lovelace', idle)).kind).toBe('unavailable');
    expect((await open().detect('Ada Lovelace', idle)).kind).toBe('found');
  });

  it('whose caller gives up answers that it did not look', async () => {
    expect(await detectors()().detect('Ada Lovelace', AbortSignal.abort())).toMatchObject({ kind: 'unavailable' });
  });
});

describe('the detector of a stack', () => {
  it('is none where the stack has none, and refuses a language that nobody detects', () => {
    expect(openDetector({})()).toBeUndefined();
    expect(() => openDetector({ TWINMAP_COMPREHEND: 'de' })).toThrow(/none of: en, es/u);
    const own = openDetector({ TWINMAP_COMPREHEND: 'es', TWINMAP_HOME_REGION: REGION })();
    expect(own?.name).toBe('comprehend-1-es');
  });
});
