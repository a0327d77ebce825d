/**
 * The Atlassian Document Format (descriptions and comments of Jira) as Markdown-like text. Pure; unknown nodes give what text they
 * hold, since the format grows.
 */
import { z } from 'zod';

const DEPTH_MAX = 100;
const FENCE = '```';

const nodeSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  attrs: z.record(z.string(), z.unknown()).optional(),
  content: z.array(z.unknown()).optional(),
});

type Node = z.infer<typeof nodeSchema>;

const attribute = (node: Node, name: string): string => {
  const value = node.attrs?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

const BLOCKS: ReadonlySet<string> = new Set([
  'paragraph',
  'blockquote',
  'panel',
  'expand',
  'nestedExpand',
  'mediaSingle',
  'mediaGroup',
  'rule',
  'taskList',
  'decisionList',
  'bulletList',
  'orderedList',
  'table',
]);

const childrenText = (node: Node, depth: number): string =>
  (node.content ?? []).map((child) => nodeText(child, depth + 1)).join('');

const listItem = (text: string): string => `- ${text.trim().replaceAll(/\n+/gu, '\n  ')}\n`;

const rowText = (node: Node, depth: number): string => {
  const cells = (node.content ?? []).map((cell) =>
    nodeText(cell, depth + 1)
      .replaceAll(/\s+/gu, ' ')
      .trim(),
  );
  return `${cells.join(' | ')}\n`;
};

const WRITERS: Readonly<Record<string, (node: Node, depth: number) => string>> = {
  text: (node) => node.text ?? '',
  hardBreak: () => '\n',
  mention: (node) => attribute(node, 'text'),
  emoji: (node) => attribute(node, 'text') || attribute(node, 'shortName'),
  date: (node) => attribute(node, 'timestamp'),
  status: (node) => attribute(node, 'text'),
  inlineCard: (node) => attribute(node, 'url'),
  blockCard: (node) => `${attribute(node, 'url')}\n\n`,
  heading: (node, depth) =>
    `\n${'#'.repeat(Math.min(6, Math.max(1, Number(attribute(node, 'level')) || 1)))} ${childrenText(node, depth).trim()}\n\n`,
  codeBlock: (node, depth) => `\n${FENCE}${attribute(node, 'language')}\n${childrenText(node, depth)}\n${FENCE}\n\n`,
  listItem: (node, depth) => listItem(childrenText(node, depth)),
  taskItem: (node, depth) => listItem(childrenText(node, depth)),
  decisionItem: (node, depth) => listItem(childrenText(node, depth)),
  tableRow: rowText,
};

const nodeText = (value: unknown, depth: number): string => {
  const parsed = nodeSchema.safeParse(value);
  if (!parsed.success || depth > DEPTH_MAX) {
    return '';
  }
  const node = parsed.data;
  const write = WRITERS[node.type];
  const text = write === undefined ? childrenText(node, depth) : write(node, depth);
  return BLOCKS.has(node.type) ? `${text}\n\n` : text;
};

/** Null and plain text are what older issues hold. */
export const adfToText = (value: unknown): string =>
  (typeof value === 'string' ? value : nodeText(value, 0)).replaceAll(/\n{3,}/gu, '\n\n').trim();
