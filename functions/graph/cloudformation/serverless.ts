/** Where the Serverless Framework deploys: `provider.region`, with the variables that its own file decides. */
import { isRegion } from '../region/names.ts';
import { at, type Data, entriesAt, textAt } from '../syntax/data.ts';

export const isServerlessPath = (path: string): boolean =>
  /(?:^|\/)serverless(?:[.-][\w-]+)?\.(?:ya?ml|json)$/u.test(path);

export const isServerless = (data: Data): boolean =>
  at(data, 'service') !== undefined && (textAt(data, 'provider') ?? textAt(data, 'provider', 'name')) === 'aws';

export interface ServerlessRegion {
  readonly region: string;
  readonly environment: string | undefined;
  readonly line: number;
}

export interface ServerlessPlaces {
  readonly regions: readonly ServerlessRegion[];
  /** What stopped the evaluation, with the line of the setting. */
  readonly unknown?: { readonly expression: string; readonly line: number; readonly hint?: string };
}

const VARIABLE = /^\$\{(?<body>[\s\S]*)\}$/u;
const STAGE = /\$\{(?:opt:stage|sls:stage|self:provider\.stage|self:custom\.stage)[^{}]*\}/u;
const DEPTH_MAX = 5;

/** `opt:region, 'eu-west-1'`: what is asked for first, and what holds where nobody gives it. */
const partsOf = (body: string): readonly [string, string | undefined] => {
  let depth = 0;
  for (let index = 0; index < body.length; index += 1) {
    const char = body.charAt(index);
    depth += Number(char === '{') - Number(char === '}');
    if (char === ',' && depth === 0) {
      return [body.slice(0, index).trim(), body.slice(index + 1).trim()];
    }
  }
  return [body.trim(), undefined];
};

const unquoted = (text: string): string => text.replaceAll(/^["']|["']$/gu, '');

const byStage = (data: Data | undefined, path: readonly string[]): readonly ServerlessRegion[] =>
  entriesAt(data).flatMap(({ key, value }): ServerlessRegion[] => {
    const text = textAt(value, ...path) ?? '';
    return isRegion(text) ? [{ region: text, environment: key, line: at(value, ...path)?.line ?? value.line }] : [];
  });

const steps = (part: string): readonly string[] => part.split('.').filter((step) => step !== '');

/** `self:custom.regions.${opt:stage}`: one for each stage that the map has. */
const ofStages = (root: Data, path: string): readonly ServerlessRegion[] => {
  const [before = '', after = ''] = path.replace(STAGE, '\u0000').split('\u0000');
  return byStage(at(root, ...steps(before)), steps(after));
};

/** `param:region`: of each stage, else what holds for all of them. */
const ofParameter = (root: Data, name: string): readonly ServerlessRegion[] => {
  const stages = byStage(at(root, 'params'), [name]);
  const own = stages.filter(({ environment }) => environment !== 'default');
  return own.length > 0 ? own : stages.map(({ region, line }) => ({ region, line, environment: undefined }));
};

const evaluate = (root: Data, text: string, line: number, depth = 0): readonly ServerlessRegion[] => {
  const plain = unquoted(text.trim());
  if (isRegion(plain)) {
    return [{ region: plain, environment: undefined, line }];
  }
  const body = VARIABLE.exec(plain)?.groups?.['body'] ?? (/^(?:opt|self|param):/u.test(plain) ? plain : undefined);
  if (body === undefined || depth > DEPTH_MAX) {
    return [];
  }
  const [asked, standard] = partsOf(body);
  const { kind, path = '' } = /^(?<kind>self|param):(?<path>.+)$/u.exec(asked)?.groups ?? {};
  if (kind === 'param') {
    return ofParameter(root, path);
  }
  if (STAGE.test(path)) {
    return ofStages(root, path);
  }
  const found = path === '' ? undefined : at(root, ...path.split('.'));
  if (found?.kind === 'scalar' && found.value !== null) {
    return evaluate(root, String(found.value), found.line, depth + 1);
  }
  // The environment decides only where it runs; what is given on the command line has this for everybody else.
  return standard !== undefined && !asked.startsWith('env:') ? evaluate(root, standard, line, depth + 1) : [];
};

export const serverlessPlaces = (root: Data): ServerlessPlaces => {
  const provider = at(root, 'provider');
  const given = at(provider, 'region');
  const text = given?.kind === 'scalar' && given.value !== null ? String(given.value) : undefined;
  if (text === undefined) {
    const line = provider?.line ?? root.line;
    return { regions: [], unknown: { expression: 'provider.region is not given', line, hint: 'us-east-1' } };
  }
  const line = given?.line ?? root.line;
  const regions = evaluate(root, text, line);
  return regions.length > 0 ? { regions } : { regions: [], unknown: { expression: `region: ${text}`, line } };
};
