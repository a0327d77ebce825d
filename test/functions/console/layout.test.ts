/** The picture of a blast radius: whatever there is to show, no two labels share a place, and each fits its box. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { IMPACTS } from '../../../functions/graph/answers/impact.ts';
import { LAYERS_MAX, NODES_MAX, radiusOf } from '../../../functions/console/incident/radius-graph.ts';
import { type Box, fitting, layoutRadius, widthOf } from '../../../functions/console/incident/radius-layout.ts';
import { row, step } from './planted-incident.ts';

const overlap = (left: Box, right: Box): boolean =>
  left.x < right.x + right.width &&
  right.x < left.x + left.width &&
  left.y < right.y + right.height &&
  right.y < left.y + left.height;

const overlaps = (boxes: readonly Box[]): number =>
  boxes.reduce((found, box, at) => found + boxes.slice(at + 1).filter((other) => overlap(box, other)).length, 0);

/** Each component hangs on an earlier one, on itself, on a later one, or on the Region: what an answer may say. */
const organisations = fc
  .array(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
      impact: fc.constantFrom(...IMPACTS),
      parent: fc.option(fc.nat({ max: 260 })),
    }),
    { maxLength: 260 },
  )
  .map((all) =>
    all.map(({ name, impact, parent }, at) => {
      const id = (index: number): string => `component:${index}`;
      const path =
        parent === null
          ? [step(id(at), 'region:us-west-2')]
          : [
              step(id(at), 'resource:queue'),
              step('resource:queue', id(parent % all.length)),
              step(id(parent % all.length), 'region:us-west-2'),
            ];
      return row(name, { component: id(at), impact, path });
    }),
  );

describe('the layout of a radius', () => {
  it('gives every label a place of its own, inside the picture', () => {
    fc.assert(
      fc.property(organisations, (rows) => {
        const layout = layoutRadius(radiusOf('us-west-2', rows));
        const boxes = [layout.root.box, ...layout.nodes.map(({ box }) => box)];
        expect(overlaps(boxes)).toBe(0);
        for (const { x, y, width, height } of boxes) {
          expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(0);
          expect(x + width).toBeLessThanOrEqual(layout.width);
          expect(y + height).toBeLessThanOrEqual(layout.height);
        }
        expect(layout.height).toBeLessThanOrEqual(720);
      }),
      { numRuns: 60 },
    );
  });

  it('cuts every label to what its box takes, and keeps both its ends', () => {
    fc.assert(
      fc.property(organisations, (rows) => {
        const { nodes, charWidth } = layoutRadius(radiusOf('us-west-2', rows));
        for (const { text, box } of nodes) {
          expect(widthOf(text) * charWidth).toBeLessThanOrEqual(box.width - 16);
        }
      }),
      { numRuns: 40 },
    );
    expect(fitting('payments-service-number-27', 14)).toBe('payments-…r-27');
    expect(fitting('短い名前の長いもの', 6)).toBe('短い…');
  });

  it('takes two hundred components and says what is left', () => {
    const rows = Array.from({ length: 260 }, (_, at) => row(`service-${at}`));
    const radius = radiusOf('us-west-2', rows);
    expect([radius.nodes.length, radius.left]).toStrictEqual([NODES_MAX, 60]);
    expect(overlaps(layoutRadius(radius).nodes.map(({ box }) => box))).toBe(0);
  });

  it('puts a component one layer beyond what it fails with', () => {
    const rows = [
      row('orders'),
      row('payments', {
        path: [
          step('component:payments', 'resource:q'),
          step('resource:q', 'component:orders'),
          step('component:orders', 'region:us-west-2'),
        ],
      }),
    ];
    expect(radiusOf('us-west-2', rows).nodes.map(({ label, layer, parent }) => [label, layer, parent])).toStrictEqual([
      ['orders', 1, undefined],
      ['payments', 2, 'component:orders'],
    ]);
  });

  it('ends where two components name each other as the way', () => {
    const rows = [
      row('a', { path: [step('component:a', 'component:b')] }),
      row('b', { path: [step('component:b', 'component:a')] }),
    ];
    const layers = radiusOf('us-west-2', rows).nodes.map(({ layer }) => layer);
    expect(Math.max(...layers)).toBeLessThanOrEqual(LAYERS_MAX);
  });
});
