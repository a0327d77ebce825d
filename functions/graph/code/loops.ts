/** Loops over Regions: a client that is made in one is made in each Region of the list. */
import type { Node } from 'web-tree-sitter';

import { isRegion, REGION_PATTERN, regionOfConstant } from '../region/names.ts';
import type { Constant } from './values.ts';

export interface Loop {
  readonly name: string;
  /** What is gone through, as written. */
  readonly over: string;
  readonly line: number;
  readonly endLine: number;
}

/** Languages have many words for it. */
export const LOOP_NODES: ReadonlySet<string> = new Set([
  'for_statement',
  'for_in_clause',
  'for_in_statement',
  'enhanced_for_statement',
  'foreach_statement',
  'for_expression',
  'call_expression',
  'call',
  'method_invocation',
  'invocation_expression',
]);

const CHARS_MAX = 4096;
const NAME = /(?<name>[A-Za-z_]\w*)\W*$/u;

const loopOf = (node: Node, variable: Node | null, over: Node | null): Loop | undefined => {
  const name = NAME.exec(variable?.text.slice(0, CHARS_MAX) ?? '')?.groups?.['name'];
  return name === undefined || over === null || over.endIndex - over.startIndex > CHARS_MAX
    ? undefined
    : { name, over: over.text, line: node.startPosition.row + 1, endLine: node.endPosition.row + 1 };
};

const EACH = /^(?:map|forEach|flatMap|each|each_with_object|flat_map|filter_map|for_each|Select|ForEach|mapToObj)$/u;

/** `REGIONS.map((region) => …)`, `REGIONS.each do |region| …`. */
const loopOfCall = (node: Node): Loop | undefined => {
  const target = node.childForFieldName('function');
  const part = (...names: readonly string[]): Node | null =>
    names.map((name) => target?.childForFieldName(name) ?? node.childForFieldName(name)).find((one) => one !== null) ??
    null;
  const receiver = part('object', 'receiver', 'expression', 'value');
  const method = part('property', 'method', 'name', 'field');
  const argument = node.childForFieldName('arguments')?.firstNamedChild ?? null;
  const body = node.childForFieldName('block') ?? (argument?.type === 'argument' ? argument.firstNamedChild : argument);
  const parameters = body?.childForFieldName('parameter') ?? body?.childForFieldName('parameters') ?? null;
  const first = parameters?.namedChild(0) ?? parameters;
  return receiver === null || !EACH.test(method?.text ?? '') ? undefined : loopOf(node, first, receiver);
};

/** `for region in a b; do`: words stand without quotes. */
const loopOfShell = (node: Node): Loop | undefined => {
  const words = node.childrenForFieldName('value').map((word) => (word?.text ?? '').replaceAll(/["']/gu, ''));
  const name = node.childForFieldName('variable')?.text ?? '';
  const [line, endLine] = [node.startPosition.row + 1, node.endPosition.row + 1];
  return { name, over: `%w[${words.join(' ').slice(0, CHARS_MAX)}]`, line, endLine };
};

export const loopIn = (node: Node): Loop | undefined => {
  if (/^(?:call|method_|invocation)/u.test(node.type)) {
    return loopOfCall(node);
  }
  if (node.type === 'for_statement' && node.childForFieldName('variable') !== null) {
    return loopOfShell(node);
  }
  const clause = node.namedChildren.find(({ type }) => type === 'range_clause') ?? node;
  const field = (...names: readonly string[]): Node | null =>
    names.map((name) => clause.childForFieldName(name)).find((found) => found !== null) ?? null;
  const isUnnamed = node.type === 'foreach_statement' && clause.childForFieldName('left') === null;
  return isUnnamed
    ? loopOf(node, node.namedChild(1), node.namedChild(0))
    : loopOf(node, field('left', 'name', 'pattern'), field('right', 'value'));
};

const QUOTED = new RegExp(`["'\`](?<region>${REGION_PATTERN})["'\`]`, 'gu');
const NAMED = /\bRegion(?:s|Endpoint)?(?:\.|::)(?<name>[A-Za-z]\w+)/gu;
const WORDS = /^%w[[({](?<words>[^\])}]*)[\])}]/u;

/** The Regions of a list that holds nothing else. */
const regionsOfList = (text: string): readonly string[] => {
  const words = WORDS.exec(text.trim())?.groups?.['words']?.trim().split(/\s+/u) ?? [];
  if (words.length > 0) {
    return words.every((word) => isRegion(word)) ? words : [];
  }
  const named = [...text.matchAll(NAMED)].flatMap(({ groups }) => regionOfConstant(groups?.['name'] ?? '') ?? []);
  const quoted = [...text.matchAll(QUOTED)].map(({ groups }) => groups?.['region'] ?? '');
  return /["'`]|[:=]>?\s/u.test(text.replaceAll(QUOTED, '')) ? [] : [...quoted, ...named];
};

/** Which Regions a name goes through at a line; none where it is no loop's, or the list is not known. */
export const regionsOfLoop = (
  loops: readonly Loop[],
  constants: ReadonlyMap<string, Constant>,
  text: string,
  line: number,
): readonly string[] => {
  const plain = text.trim().replaceAll(/^["'&*$]+\{?|\}?["']$|\.(?:to_string|clone|to_owned)\(\)$/gu, '');
  const loop = loops.findLast((one) => one.name === plain && one.line <= line && line <= one.endLine);
  const over = loop?.over.trim().replaceAll(/^[&*$]+|\.(?:iter|into_iter|stream|parallelStream)\(\)$/gu, '') ?? '';
  const list =
    constants.get(
      over
        .split(/\.|::|->/u)
        .at(-1)
        ?.replace('$', '') ?? '',
    )?.text ?? over;
  return loop === undefined ? [] : [...new Set(regionsOfList(list))];
};
