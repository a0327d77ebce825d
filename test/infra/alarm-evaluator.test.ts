/** The evaluator against the tables of the CloudWatch User Guide, and its arithmetic: what the other tests stand on. */
import { describe, expect, it } from 'vitest';

import { nextState, type MissingData, type State } from '../support/alarms/evaluator.ts';
import { evaluateMath } from '../support/alarms/metric-math.ts';
import { samplesOf, Stream } from '../support/alarms/series.ts';

const POINTS: Readonly<Record<string, boolean | undefined>> = { '0': false, X: true, '-': undefined };

/** The Guide's spelling: `0` within the threshold, `X` breaching, `-` missing, the newest last. */
const pointsOf = (text: string): readonly (boolean | undefined)[] => text.split(' ').map((one) => POINTS[one]);

const RETAINED: State = 'INSUFFICIENT_DATA';

type Row = readonly [points: string, missing: State, ignore: State, breaching: State, notBreaching: State];

const THREE_OF_THREE: readonly Row[] = [
  ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', 'INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK'],
  ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['- - X - -', 'ALARM', RETAINED, 'ALARM', 'OK'],
];

const TWO_OF_THREE: readonly Row[] = [
  ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - X -', 'ALARM', RETAINED, 'ALARM', 'OK'],
];

const TREATMENTS: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

describe('an alarm changes its state as the Guide says', () => {
  it.each([
    ['3 of 3', 3, THREE_OF_THREE],
    ['2 of 3', 2, TWO_OF_THREE],
  ] as const)('with %s', (_what, breaching, rows) => {
    for (const [points, ...expected] of rows) {
      const states = TREATMENTS.map((missing) =>
        nextState({ breaching, periods: 3, missing }, pointsOf(points), RETAINED),
      );
      expect([points, ...states]).toEqual([points, ...expected]);
    }
  });
});

describe('metric math', () => {
  const known = new Map([
    ['a', [1, undefined, 3]],
    ['b', [undefined, undefined, 1]],
  ]);

  it.each([
    ['FILL(a, 0) + FILL(b, 0)', [1, 0, 4]],
    ['a + b', [undefined, undefined, 4]],
    ['100 * b / a', [undefined, undefined, 100 / 3]],
    ['2 * (a - 1) / FILL(b, 0)', [undefined, undefined, 4]],
    ['IF(FILL(a, 0) > 1, 7, a)', [1, undefined, 7]],
  ])('%s', (text, expected) => {
    expect(evaluateMath(text, known, 3)).toEqual(expected);
  });

  it.each(['a +', 'c', 'a b', 'MAX(a)', 'FILL(a)'])('%s is refused', (text) => {
    expect(() => evaluateMath(text, known, 3)).toThrow(/./u);
  });
});

describe('a stream', () => {
  it('adds up what an EMF line says, for each of its sets of dimensions', () => {
    const line = JSON.stringify({
      _aws: {
        Timestamp: 1,
        CloudWatchMetrics: [
          { Namespace: 'Twinmap', Dimensions: [['Region', 'Source'], ['Region']], Metrics: [{ Name: 'Cycle' }] },
        ],
      },
      Region: 'r',
      Source: 's',
      Cycle: [2, 3],
    });
    const stream = new Stream([...samplesOf(line, 0), ...samplesOf(line, 61_000)]);
    const metric = { namespace: 'Twinmap', name: 'Cycle', dimensions: { Region: 'r' } };
    expect(stream.values(metric, 'Sum', 60_000, 180_000, 3)).toEqual([5, 5, undefined]);
    expect(stream.values({ ...metric, dimensions: {} }, 'Sum', 60_000, 180_000, 3)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
