/**
 * Places a radius in a picture of fixed size: one band of columns per layer, the failed Region at the left. Every label has a box
 * of its own, cut to fit, so that no two of them overlap however many there are. Pure: the same nodes make the same picture.
 */
import { plain } from '../words.ts';
import type { Radius, RadiusNode } from './radius-graph.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedNode extends RadiusNode {
  /** What fits; the whole name is in the title. */
  readonly text: string;
  readonly box: Box;
}

export interface RadiusLayout {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  /** Of one narrow character: labels are drawn as wide as this says, whatever font there is. */
  readonly charWidth: number;
  readonly root: { readonly text: string; readonly box: Box };
  readonly nodes: readonly PlacedNode[];
}

export interface LayoutSize {
  readonly width: number;
  readonly height: number;
}

const SIZE: LayoutSize = { width: 1240, height: 720 };
const MARGIN = 8;
const ROOT_WIDTH = 112;
/** Between columns, for the lines. */
const GAP = 18;
const ROW_MAX = 26;
const ROW_MIN = 13;
const BETWEEN_ROWS = 2;
const COLUMN_WIDTH_MAX = 230;
const FONT_MAX = 12;
const FONT_MIN = 9;
const CHAR_OF_FONT = 0.62;
const PADDING = 5;
/** The mark of the impact stands before the label. */
const MARK = 12;

const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** In narrow characters. */
export const widthOf = (text: string): number =>
  Array.from(text).reduce((width, char) => width + (WIDE.test(char) ? 2 : 1), 0);

/** From both ends: names of one family differ at their ends. */
export const fitting = (text: string, widthMax: number): string => {
  const chars = Array.from(plain(text));
  if (widthOf(chars.join('')) <= widthMax) {
    return chars.join('');
  }
  let kept = Math.min(chars.length - 1, widthMax - 1);
  let cut = '…';
  do {
    const tail = Math.floor(kept / 3);
    cut = `${chars.slice(0, kept - tail).join('')}…${tail === 0 ? '' : chars.slice(-tail).join('')}`;
    kept -= 1;
  } while (kept >= 0 && widthOf(cut) > widthMax);
  return cut;
};

const IMPACT_ORDER: readonly string[] = ['DOWN', 'DEGRADED', 'CONTROL-PLANE', 'UNKNOWN'];

/** Children stand in the order of their parents, so that few lines cross. */
const orderLayers = (nodes: readonly RadiusNode[]): readonly (readonly RadiusNode[])[] => {
  const positions = new Map<string, number>();
  const layers = [...new Set(nodes.map(({ layer }) => layer))].toSorted((left, right) => left - right);
  return layers.map((layer) => {
    const ordered = nodes
      .filter((node) => node.layer === layer)
      .toSorted(
        (left, right) =>
          (positions.get(left.parent ?? '') ?? -1) - (positions.get(right.parent ?? '') ?? -1) ||
          IMPACT_ORDER.indexOf(left.impact) - IMPACT_ORDER.indexOf(right.impact) ||
          (left.label < right.label ? -1 : 1),
      );
    for (const [at, { id }] of ordered.entries()) {
      positions.set(id, at);
    }
    return ordered;
  });
};

const clamp = (value: number, min: number, max: number): number => Math.max(min, Math.min(max, value));

/** Rows per column: as few as keep the labels wide, as many as the height takes. */
const rowsFor = (layers: readonly (readonly RadiusNode[])[], height: number): number => {
  const most = Math.max(1, ...layers.map((layer) => layer.length));
  return clamp(most, 1, Math.floor(height / ROW_MIN));
};

export const layoutRadius = ({ root, nodes }: Radius, size: LayoutSize = SIZE): RadiusLayout => {
  const layers = orderLayers(nodes);
  const inner = size.height - 2 * MARGIN;
  const rows = rowsFor(layers, inner);
  const columns = layers.map((layer) => {
    const parts = Math.ceil(layer.length / rows);
    const each = Math.ceil(layer.length / parts);
    return Array.from({ length: parts }, (_, part) => layer.slice(part * each, (part + 1) * each));
  });
  const flat = columns.flat();
  const room = size.width - 2 * MARGIN - ROOT_WIDTH;
  const columnWidth = Math.min(COLUMN_WIDTH_MAX, Math.floor(room / Math.max(1, flat.length)) - GAP);
  const rowHeight = clamp(Math.floor(inner / Math.max(1, ...flat.map((column) => column.length))), ROW_MIN, ROW_MAX);
  const fontSize = clamp(rowHeight - BETWEEN_ROWS - 2, FONT_MIN, FONT_MAX);
  const charWidth = fontSize * CHAR_OF_FONT;
  const charsMax = Math.max(2, Math.floor((columnWidth - MARK - 2 * PADDING) / charWidth));
  // As high as its longest column, so that a small answer is a small picture.
  const used = rowHeight * Math.max(3, ...flat.map((column) => column.length));
  const placed = flat.flatMap((column, at) => {
    const top = MARGIN + (used - column.length * rowHeight) / 2;
    return column.map((node, row): PlacedNode => ({
      ...node,
      text: fitting(node.label, charsMax),
      box: {
        x: MARGIN + ROOT_WIDTH + GAP + at * (columnWidth + GAP),
        y: top + row * rowHeight,
        width: columnWidth,
        height: rowHeight - BETWEEN_ROWS,
      },
    }));
  });
  const rootHeight = ROW_MAX + 6;
  return {
    width: size.width,
    height: used + 2 * MARGIN,
    fontSize,
    charWidth,
    root: {
      text: fitting(root, Math.floor((ROOT_WIDTH - 2 * PADDING) / (FONT_MAX * CHAR_OF_FONT))),
      box: { x: MARGIN, y: MARGIN + (used - rootHeight) / 2, width: ROOT_WIDTH, height: rootHeight },
    },
    nodes: placed,
  };
};
