/**
 * Scripts and pipelines that deploy a template: `aws cloudformation deploy --template-file x --region y`. A template says nothing of
 * where it is deployed, but whoever deploys it does.
 */
import { isRegion, REGION_PATTERN } from '../region/names.ts';
import type { Parameters } from './template.ts';

export const isDeployScript = (path: string): boolean =>
  /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$|(?:^|\/)(?:\.gitlab-ci|buildspec|bitbucket-pipelines|azure-pipelines)[\w.-]*\.ya?ml$|(?:^|\/)(?:Makefile|makefile|Justfile|justfile|Taskfile\.ya?ml)$|(?:^|\/)[\w.-]*deploy[\w.-]*\.(?:sh|bash)$/u.test(
    path,
  );

export interface Deployed {
  readonly template: string;
  readonly region: string;
  readonly line: number;
  /** What the command gives; absent where a file or an action gives it. */
  readonly parameters?: Parameters | undefined;
  /** The file that gives them, as the command names it. */
  readonly parametersFile?: string | undefined;
}

const COMMAND = /\b(?:cloudformation\s+(?:deploy|create-stack|update-stack)|sam\s+deploy)\b/u;
const TEMPLATE = /--template(?:-file|-body)?[= ]+["']?(?:file:\/\/)?(?<file>[\w./-]+)/u;
const ACTION_TEMPLATE = /^\s*template:\s*["']?(?<file>[\w./-]+\.(?:ya?ml|json|template))["']?\s*$/u;
const REGION = new RegExp(`--region[= ]+["']?(?<region>${REGION_PATTERN})`, 'u');
const SETTING = new RegExp(
  `^\\s*(?:-\\s*)?(?:export\\s+)?(?:aws-region|AWS_REGION|AWS_DEFAULT_REGION)\\s*[:?]?[=:]\\s*["']?(?<region>${REGION_PATTERN})["']?\\s*$`,
  'u',
);

const GIVEN = /--(?:parameter-overrides|parameters)[= ]+(?<given>.*?)(?=\s--[a-z]|$)/u;
const PAIR =
  /(?:ParameterKey=(?<long>\w+),\s*ParameterValue=|(?<short>\w+)=)(?:"(?<quoted>[^"]*)"|'(?<single>[^']*)'|(?<plain>[^\s"',]*))/gu;

/** `Stage=prod Size=$SIZE`: what the shell fills in has no value here. */
export const pairsIn = (given: string): Parameters | undefined => {
  const pairs = [...given.matchAll(PAIR)].map(({ groups = {} }): [string, string | undefined] => {
    const value = groups['quoted'] ?? groups['single'] ?? groups['plain'] ?? '';
    return [groups['long'] ?? groups['short'] ?? '', /[$`]/u.test(value) ? undefined : value];
  });
  return pairs.length === 0 || /file:|^\s*["']?\$/u.test(given) ? undefined : new Map(pairs);
};

const parametersOf = (command: string): Parameters | undefined => {
  const given = GIVEN.exec(command)?.groups?.['given'];
  return given === undefined ? new Map() : pairsIn(given);
};

interface Line {
  readonly text: string;
  readonly line: number;
}

const CHARS_MAX = 4000;

/** With what a backslash continues. */
const joinedLines = (text: string): readonly Line[] => {
  const found: Line[] = [];
  let open: Line | undefined;
  text.split('\n').forEach((raw, index) => {
    const content = /^\s*(?:#|@?echo\b)/u.test(raw) ? '' : raw.replace(/\r$/u, '');
    const whole: Line =
      open === undefined ? { text: content, line: index + 1 } : { ...open, text: `${open.text} ${content.trim()}` };
    const isOpen = /\\\s*$/u.test(whole.text) && whole.text.length < CHARS_MAX;
    open = isOpen ? { ...whole, text: whole.text.replace(/\\\s*$/u, '') } : undefined;
    if (!isOpen) {
      found.push(whole);
    }
  });
  return found;
};

const MATRIX = /(?:aws-region|AWS_REGION|AWS_DEFAULT_REGION|--region)\s*[:=]?\s*["']?\$\{\{\s*matrix\.(?<name>[\w-]+)/u;
const CODES = new RegExp(`["'[,\\s-](?<region>${REGION_PATTERN})(?=["'\\],\\s]|$)`, 'gu');

/** `region: [a, b]`, or a list below it. */
const listed = (lines: readonly Line[], name: string): readonly Standard[] => {
  const start = lines.findIndex(({ text }) => new RegExp(`^\\s*${name}:`, 'u').test(text));
  const rest = lines.slice(start + 1);
  const end = rest.findIndex(({ text }) => !/^\s*-\s/u.test(text));
  return (
    start === -1 ? [] : [...lines.slice(start, start + 1), ...rest.slice(0, end === -1 ? rest.length : end)]
  ).flatMap(({ text, line }) =>
    [...text.matchAll(CODES)].map(({ groups }) => ({ region: groups?.['region'] ?? '', line })),
  );
};

export interface Standard {
  readonly region: string;
  readonly line: number;
}

/** What the file gives to everything in it: one Region, or those of a matrix. */
const standardsOf = (lines: readonly Line[]): readonly Standard[] => {
  const matrix = lines.map(({ text }) => MATRIX.exec(text)?.groups?.['name']).find((name) => name !== undefined);
  if (matrix !== undefined) {
    return listed(lines, matrix);
  }
  const given = lines.flatMap(({ text, line }) => {
    const region = SETTING.exec(text)?.groups?.['region'];
    return region === undefined ? [] : [{ region, line }];
  });
  return new Set(given.map(({ region }) => region)).size === 1 ? given.slice(0, 1) : [];
};

const PARAMETERS_FILE = /--(?:parameter-overrides|parameters)[= ]+["']?file:\/\/(?<file>[\w./-]+)["']?(?=\s+--|\s*$)/u;

type Given = Pick<Deployed, 'parameters' | 'parametersFile'>;

/** SAM's settings may give more than its command does. */
const givenBy = (command: string): Given => ({
  parametersFile: PARAMETERS_FILE.exec(command)?.groups?.['file'],
  parameters: /\bsam\s+deploy\b/u.test(command) ? undefined : parametersOf(command),
});

const VARIABLE = /--region[= ]+["']?\$[{(]?(?<name>\w+)/u;

/** `--region "$REGION"`, where the script itself says once what that is. */
const ofVariable = (command: string, lines: readonly Line[]): Standard | undefined => {
  const name = VARIABLE.exec(command)?.groups?.['name'];
  const assigned = new RegExp(`^\\s*(?:export\\s+)?${name ?? ''}\\s*[:?]?=\\s*["']?(?<region>[^"'\\s]*)`, 'u');
  const given = (name === undefined ? [] : lines).flatMap(({ text, line }) => {
    const region = assigned.exec(text)?.groups?.['region'];
    return region === undefined ? [] : [{ region, line }];
  });
  const [only, more] = given;
  return more === undefined && isRegion(only?.region ?? '') ? only : undefined;
};

const INSTANCES = /\bcloudformation\s+(?:create|update)-stack-instances\b/u;
const REGIONS = /--regions[= ]+(?<regions>.*?)(?=\s--[a-z]|$)/u;

/** The Regions of a stack set's instances, as a command gives them. */
export const instancesIn = (text: string): readonly Standard[] =>
  (INSTANCES.test(text) ? joinedLines(text) : []).flatMap(({ text: content, line }) => {
    const regions = INSTANCES.test(content) ? (REGIONS.exec(content)?.groups?.['regions'] ?? '') : '';
    return [...` ${regions} `.matchAll(CODES)].map(({ groups }) => ({ region: groups?.['region'] ?? '', line }));
  });

export const deployedBy = (path: string, text: string): readonly Deployed[] => {
  if (!COMMAND.test(text) && !text.includes('aws-cloudformation-github-deploy')) {
    return [];
  }
  const lines = joinedLines(text);
  const standards = standardsOf(lines);
  const hasAction = text.includes('aws-cloudformation-github-deploy');
  const folder = path.includes('.') && !path.startsWith('.') ? path.slice(0, Math.max(0, path.lastIndexOf('/'))) : '';
  return lines.flatMap(({ text: content, line }): Deployed[] => {
    const isCommand = COMMAND.test(content);
    const action = hasAction ? ACTION_TEMPLATE.exec(content)?.groups?.['file'] : undefined;
    const file = isCommand ? TEMPLATE.exec(content)?.groups?.['file'] : action;
    const own = isCommand ? REGION.exec(content)?.groups?.['region'] : undefined;
    const plain = file?.replace(/^\.\//u, '') ?? '';
    if (plain === '') {
      return [];
    }
    // A script is called from its own folder or from the repository's.
    const paths = new Set([plain, folder === '' ? plain : `${folder}/${plain}`]);
    const named = isCommand ? ofVariable(content, lines) : undefined;
    const further = named === undefined ? standards : [named];
    const places = own === undefined ? further : [{ region: own, line }];
    const { parameters, parametersFile }: Given = isCommand ? givenBy(content) : {};
    return [...paths].flatMap((template) =>
      places.map((one) => ({ template, region: one.region, line: one.line, parameters, parametersFile })),
    );
  });
};
