/** A CloudFormation template as data: its resources, and what its functions come to. */
import { isServerless } from './serverless.ts';
import { at, type Data, type DataEntry, entriesAt, textAt } from '../syntax/data.ts';

export interface Template {
  readonly path: string;
  readonly root: Data;
  readonly resources: readonly DataEntry[];
  readonly isServerless: boolean;
}

const TYPE = /^(?:AWS|Alexa|Custom)::/u;

/** The Serverless Framework takes a template within its own file, whole or in parts. */
const insideOf = (data: Data): readonly Data[] => {
  const inner = isServerless(data) ? at(data, 'resources') : undefined;
  return inner?.kind === 'list' ? inner.items : inner === undefined ? [data] : [inner];
};

export const readTemplate = (path: string, documents: readonly Data[]): Template | undefined => {
  const root = documents.flatMap(insideOf).find((data) => {
    const resources = entriesAt(data, 'Resources');
    const isNamed = textAt(data, 'AWSTemplateFormatVersion') !== undefined || textAt(data, 'Transform') !== undefined;
    return resources.length > 0 && (isNamed || resources.every(({ value }) => TYPE.test(textAt(value, 'Type') ?? '')));
  });
  return root === undefined
    ? undefined
    : {
        path,
        root,
        resources: entriesAt(root, 'Resources'),
        isServerless: /Serverless/u.test(textAt(root, 'Transform') ?? ''),
      };
};

/** A function call, written with a tag or as a map of one key. */
export const callOf = (data: Data): { readonly name: string; readonly args: Data } | undefined => {
  if (data.tag !== undefined) {
    return { name: data.tag.slice(1), args: data };
  }
  const [only, more] = data.kind === 'map' ? data.entries : [];
  return only !== undefined && more === undefined && /^(?:Ref|Condition|Fn::\w+)$/u.test(only.key)
    ? { name: only.key.replace('Fn::', ''), args: only.value }
    : undefined;
};

/** What a deployment gives for parameters; without a value where only the shell that runs it knows that. */
export type Parameters = ReadonlyMap<string, string | undefined>;

export interface Names {
  readonly template: Template;
  readonly region: string | undefined;
  /** Absent where nobody says with what it is deployed: then a default may be replaced, and decides no condition. */
  readonly parameters?: Parameters | undefined;
}

const plainText = (data: Data | undefined): string | undefined =>
  data?.kind === 'scalar' && data.value !== null ? String(data.value) : undefined;

const referenced = (name: string, { template, region, parameters }: Names): string | undefined => {
  if (name === 'AWS::Region') {
    return region;
  }
  if (parameters?.has(name) === true) {
    return parameters.get(name);
  }
  return name.startsWith('AWS::')
    ? { 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com', 'AWS::AccountId': '' }[name]
    : textAt(template.root, 'Parameters', name, 'Default');
};

const DEPTH_MAX = 20;

/** `!Sub [text, { Name: value }]`: the names of its own come first. */
const substituted = (text: string, names: Names, own: ReadonlyMap<string, string | undefined>): string =>
  text.replaceAll(/\$\{(?<name>[^}!]+)\}/gu, (whole, given: string) => {
    const name = given.trim();
    return (own.has(name) ? own.get(name) : referenced(name, names)) ?? whole;
  });

const branchOf = (items: readonly Data[], names: Names, depth: number): Data | undefined => {
  const isTrue = conditionHolds(plainText(items[0]) ?? '', names, depth + 1);
  return isTrue === undefined ? undefined : items[isTrue ? 1 : 2];
};

/** What a value comes to; what can't be known inside a text stays visible as `${…}`. */
export const valueOf = (data: Data | undefined, names: Names, depth = 0): string | undefined => {
  const call = data === undefined || depth > DEPTH_MAX ? undefined : callOf(data);
  if (call === undefined) {
    return plainText(data);
  }
  const { name, args } = call;
  const items = args.kind === 'list' ? args.items : [];
  switch (name) {
    case 'Ref':
      return referenced(plainText(args) ?? '', names);
    case 'Sub': {
      const text = plainText(items[0] ?? args);
      const own = entriesAt(items[1]).map(({ key, value }) => [key, valueOf(value, names, depth + 1)] as const);
      return text === undefined ? undefined : substituted(text, names, new Map(own));
    }
    case 'If':
      return valueOf(branchOf(items, names, depth), names, depth + 1);
    case 'Join': {
      const parts = items[1]?.kind === 'list' ? items[1].items : [];
      const texts = parts.map((part) => valueOf(part, names, depth + 1) ?? '${}');
      return texts.join(plainText(items[0]) ?? '');
    }
    case 'FindInMap': {
      const [map, first, second] = items.map((item) => valueOf(item, names, depth + 1) ?? '');
      return plainText(at(names.template.root, 'Mappings', map ?? '', first ?? '', second ?? ''));
    }
    default:
      return undefined;
  }
};

/** Does it hang on a parameter that a deployment may give another value? */
const isOpen = (data: Data, names: Names, depth = 0): boolean => {
  const call = callOf(data);
  const text = call === undefined ? '' : (plainText(call.args) ?? '');
  const isGiven = names.parameters !== undefined || text.startsWith('AWS::');
  if (depth > DEPTH_MAX || (call?.name === 'Ref' && !isGiven) || (call?.name === 'Sub' && !isGiven)) {
    return true;
  }
  const inner = data.kind === 'map' ? data.entries.map(({ value }) => value) : data.kind === 'list' ? data.items : [];
  return inner.some((one) => isOpen(one, names, depth + 1));
};

const holds = (data: Data, names: Names, depth: number): boolean | undefined => {
  const { name, args } = callOf(data) ?? {};
  const items = args?.kind === 'list' ? args.items : [];
  if (depth > DEPTH_MAX || args === undefined) {
    return undefined;
  }
  if (name === 'Condition') {
    return conditionHolds(plainText(args) ?? '', names, depth + 1);
  }
  if (name === 'Equals') {
    const [left, right] = items.map((one) => (isOpen(one, names) ? undefined : valueOf(one, names)));
    return left === undefined || right === undefined || `${left}${right}`.includes('${') ? undefined : left === right;
  }
  const parts = items.map((one) => holds(one, names, depth + 1));
  if (name === 'Not') {
    return parts[0] === undefined ? undefined : !parts[0];
  }
  // One false decides an `And`, one true an `Or`, whatever the others are.
  const deciding = name === 'Or';
  if (name !== 'Or' && name !== 'And') {
    return undefined;
  }
  if (parts.includes(deciding)) {
    return deciding;
  }
  return parts.includes(undefined) ? undefined : !deciding;
};

/** Whether a condition of the template holds there; undefined where files don't decide that. */
export const conditionHolds = (name: string, names: Names, depth = 0): boolean | undefined => {
  const data = at(names.template.root, 'Conditions', name);
  return data === undefined ? undefined : holds(data, names, depth);
};

export type Use =
  | { readonly kind: 'resource'; readonly id: string; readonly line: number }
  | { readonly kind: 'import'; readonly name: string; readonly line: number }
  | { readonly kind: 'text'; readonly key: string; readonly text: string; readonly line: number };

const usesOfCall = (name: string, args: Data, names: Names): readonly Use[] => {
  const { line } = args;
  const text = plainText(args) ?? (args.kind === 'list' ? plainText(args.items[0]) : undefined) ?? '';
  switch (name) {
    case 'Ref':
    case 'GetAtt':
      return [{ kind: 'resource', id: text.split('.')[0] ?? '', line }];
    case 'ImportValue': {
      const inner = args.kind === 'scalar' && args.tag === '!ImportValue' ? args.value : valueOf(args, names);
      return [{ kind: 'import', name: String(inner ?? ''), line }];
    }
    case 'Sub':
      return [...text.matchAll(/\$\{(?<id>[A-Za-z0-9]+)(?:\.[\w.]+)?\}/gu)].map(({ groups }): Use => ({
        kind: 'resource',
        id: groups?.['id'] ?? '',
        line,
      }));
    default:
      return [];
  }
};

/** Everything that a resource refers to or says, its functions evaluated. */
export const usesIn = (data: Data, names: Names, key = '', depth = 0): readonly Use[] => {
  if (depth > DEPTH_MAX * 3) {
    return [];
  }
  const call = callOf(data);
  const text = valueOf(data, names);
  const own: readonly Use[] = [
    ...(call === undefined ? [] : usesOfCall(call.name, call.args, names)),
    ...(text === undefined ? [] : [{ kind: 'text' as const, key, text, line: data.line }]),
  ];
  const items = call?.args.kind === 'list' ? call.args.items : [];
  const branch = call?.name === 'If' ? branchOf(items, names, 0) : undefined;
  if (branch !== undefined) {
    return usesIn(branch, names, key, depth + 1);
  }
  if (call?.name === 'Sub' && items.length > 0) {
    // The text itself was read with what stands for its names.
    return [...own, ...items.slice(1).flatMap((item) => usesIn(item, names, key, depth + 1))];
  }
  if (data.kind === 'list') {
    return [...own, ...data.items.flatMap((item) => usesIn(item, names, key, depth + 1))];
  }
  return data.kind === 'map'
    ? [...own, ...data.entries.flatMap((entry) => usesIn(entry.value, names, entry.key, depth + 1))]
    : own;
};
