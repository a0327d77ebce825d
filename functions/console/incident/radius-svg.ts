/** A placed radius as SVG: in the page it takes the page's colours; as a file it brings its own. */
import { html } from 'hono/html';

import type { Fragment } from '../page.ts';
import { plain } from '../words.ts';
import type { Impact } from '../../graph/answers/impact.ts';
import { type Box, type PlacedNode, type RadiusLayout, widthOf } from './radius-layout.ts';

const MARKS: Readonly<Record<Impact, string>> = {
  DOWN: '✕',
  DEGRADED: '▲',
  'CONTROL-PLANE': '■',
  UNKNOWN: '?',
};

const TEXT_X = 16;
/** A capital letter's height, of its font's. */
const CAPITAL = 0.72;

const round = (value: number): string => (Math.round(value * 10) / 10).toString();

const curve = (from: Box, to: Box): string => {
  const [startX, startY] = [from.x + from.width, from.y + from.height / 2];
  const [endX, endY] = [to.x, to.y + to.height / 2];
  const bend = Math.max(12, (endX - startX) / 2);
  return `M${round(startX)} ${round(startY)}C${round(startX + bend)} ${round(startY)} ${round(endX - bend)} ${round(endY)} ${round(endX)} ${round(endY)}`;
};

const drawnEdge = (node: PlacedNode, boxes: ReadonlyMap<string, Box>, root: Box): Fragment => {
  const parent = node.parent === undefined ? undefined : boxes.get(node.parent);
  return html`<path
    class="edge ${parent === undefined ? 'direct' : 'through'}"
    d="${curve(parent ?? root, node.box)}"
  />`;
};

const drawnNode = (
  { id, label, text, impact, box, layer }: PlacedNode,
  { fontSize, charWidth }: RadiusLayout,
): Fragment => {
  const baseline = round((box.height + fontSize * CAPITAL) / 2);
  const length = round(widthOf(text) * charWidth);
  return html`<g
    class="node ${impact}"
    data-component="${plain(id)}"
    transform="translate(${round(box.x)} ${round(box.y)})"
  >
    <title>${plain(label)}: ${impact}, ${layer === 1 ? 'tied to the Region itself' : `${layer} hops away`}</title>
    <rect width="${round(box.width)}" height="${round(box.height)}" rx="3" />
    <text class="mark" x="4" y="${baseline}" font-size="${round(fontSize)}">${MARKS[impact]}</text>
    <text
      class="name"
      x="${TEXT_X}"
      y="${baseline}"
      font-size="${round(fontSize)}"
      textLength="${length}"
      lengthAdjust="spacingAndGlyphs"
      >${text}</text
    >
  </g>`;
};

export interface SvgOptions {
  /** For whoever does not see it: what the picture says, in a sentence. */
  readonly description: string;
  /** Rules of its own, for a file; in a page the stylesheet has them. */
  readonly style?: Fragment;
}

export const radiusSvg = (layout: RadiusLayout, { description, style }: SvgOptions): Fragment => {
  const { width, height, root, nodes } = layout;
  const boxes = new Map(nodes.map(({ id, box }) => [id, box]));
  return html`<svg
    class="radius"
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="${description}"
  >
    ${style ?? ''}
    <g class="edges">${nodes.map((node) => drawnEdge(node, boxes, root.box))}</g>
    <g class="root" transform="translate(${round(root.box.x)} ${round(root.box.y)})">
      <rect width="${round(root.box.width)}" height="${round(root.box.height)}" rx="4" />
      <text
        class="name"
        x="${round(root.box.width / 2)}"
        y="${round(root.box.height * 0.66)}"
        text-anchor="middle"
        font-size="12"
      >
        ${root.text}
      </text>
    </g>
    ${nodes.map((node) => drawnNode(node, layout))}
  </svg>`;
};

/** Light whatever the reader's screen is: a picture in a report is printed. */
export const FILE_STYLE = html`<style>
  .radius {
    background: #fff;
    font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace;
  }
  .edge {
    fill: none;
    stroke: #8a94a6;
    stroke-width: 1;
    opacity: 0.55;
  }
  .edge.direct {
    opacity: 0.22;
  }
  .node rect {
    fill: #fff;
    stroke: #6b7280;
  }
  .node text {
    fill: #111827;
  }
  .DOWN rect {
    fill: #fde8e8;
    stroke: #b42318;
  }
  .DEGRADED rect {
    fill: #fef3d7;
    stroke: #93600a;
  }
  .CONTROL-PLANE rect {
    fill: #e3eefc;
    stroke: #1d5fb4;
  }
  .UNKNOWN rect {
    fill: #f0ebfb;
    stroke: #6941c6;
    stroke-dasharray: 3 2;
  }
  .root rect {
    fill: #1f2937;
  }
  .root text {
    fill: #fff;
  }
</style>`;
