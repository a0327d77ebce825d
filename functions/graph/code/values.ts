/** What a value in code says about a Region: a literal, a constant of the same file, the environment, or nothing that can be known. */
import { isRegion, REGION_PATTERN, regionOfConstant } from '../region/names.ts';

export type CodeRegion =
  | {
      readonly kind: 'region';
      readonly region: string;
      /** Where the constant is, and in which file if in another one. */
      readonly line?: number;
      readonly path?: string;
    }
  /** Where it runs decides: `AWS_REGION`. */
  | { readonly kind: 'ambient'; readonly expression: string; readonly hint: string | undefined }
  | { readonly kind: 'unknown'; readonly expression: string; readonly hint: string | undefined };

export interface Constant {
  readonly text: string;
  readonly line: number;
  /** Of another file, with what names mean there. */
  readonly path?: string;
  readonly constants?: ReadonlyMap<string, Constant>;
}

const ENVIRONMENT =
  /process\.env|import\.meta\.env|\benviron\b|[Gg]etenv|LookupEnv|\bENV\b|GetEnvironmentVariable|env::var|\$_(?:ENV|SERVER)|\$env:|\benv\(/u;
const AMBIENT_NAME =
  /AWS_(?:DEFAULT_)?REGION|get_session\(\)|\.region_name\b|Aws\.REGION|Stack\.of|\bthis\.region\b|(?:cdk|Aws)\.Aws/u;
const SHELL_AMBIENT = /\$\{?(?:AWS_(?:DEFAULT_)?REGION)\b/u;
const CONSTANT = /(?:\bRegions?|\bRegionEndpoint|\bregion|Region)(?:\.|::)(?<name>[A-Za-z][A-Za-z0-9_]+)/u;
/** `endpoints.EuWest1RegionID`, as the first SDK of Go has it. */
const ENDPOINT_ID = /\bendpoints\.(?<name>[A-Z]\w+)RegionID\b/u;
const LITERALS = new RegExp(`["'\`](?<region>${REGION_PATTERN})["'\`]`, 'gu');
const PLAIN = /^[$A-Za-z_][\w$]*(?:(?:\.|::|->)\$?[A-Za-z_][\w$]*)?$/u;
/** `BUCKETS.receipts.region`: only the whole path is a name. */
const DEEP = /^[$A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*){2,6}$/u;
/** `Region.of(x)`, `Region::new(x)`, `aws.String(x)`, `Optional.of(x)`: what is given, in other clothes. */
const WRAPPED =
  /^[&*]?(?:new\s+)?(?:[\w$\\]+(?:\.|::))*(?:of|new|String|String_|from_static|fromString|fromName|first_try|GetBySystemName|getRegion|Region|Some|Ok|str)\(\s*(?<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)(?:\.(?:to_string|into|toString|id|clone|trim|as_str)\(\)|!)*$/u;
/** `"us-" + "east-1"`, and with dots in PHP. */
const JOINED = /^(?:["'][^"'`]*["'])(?:\s*[+.]\s*["'][^"'`]*["'])+$/u;
const JOINED_PART = /["'](?<part>[^"'`]*)["']/gu;

const DEPTH_MAX = 4;

/** `"x"`, `'x'`, `f"x"`: what stands between the quotes; undefined where the text is no literal. */
export const literalText = (text: string): string | undefined =>
  /^(?:@|[bruf]{0,2})(?<quote>"""|'''|["'`])(?<inner>[\s\S]*)\k<quote>$/iu.exec(text.trim())?.groups?.['inner'];

/** `&REGION`, `REGION.to_string()`. */
const CLOTHES =
  /^[&*](?=\w)|^["']?\$\{?(?=\w+\}?["']?$)|(?<=^["']?\$\{?\w+)\}?["']?$|\s+(?:as|satisfies)\s+\w+$|!$|\.(?:to_string|to_owned|into|as_str|clone|toString|id|strip|trim)\(\)$/gu;
/** `'us-east-1'.freeze`, `"us-east-1".to_string()`. */
const DRESSED = /(?<=["'`])\.(?:freeze|dup|(?:to_string|to_owned|into|trim|toString|strip)\(\))$/u;
const OWN = /^(?:this|self|Self|static|cls|\$this|\$self)$/u;

/** A property of an object counts where the object is known to say it, or is this one; another's may be anything. */
export const constantOf = (raw: string, constants: ReadonlyMap<string, Constant>): Constant | undefined => {
  const text = raw.replaceAll(
    /(?:\?\.)?\[\s*["':]?(?<key>[A-Za-z_]\w*)["']?\s*\]|\?\.(?=\w)/gu,
    (_, key?: string) => `.${key ?? ''}`,
  );
  if (DEEP.test(text)) {
    return constants.get(text);
  }
  if (!PLAIN.test(text)) {
    return undefined;
  }
  const [head = '', tail] = text.split(/\.|::|->/u);
  if (tail === undefined) {
    return constants.get(head.replace(/^\$/u, ''));
  }
  const name = tail.replace(/^\$/u, '');
  const isOurs = OWN.test(head) || (/^[A-Z]/u.test(head) && /^[A-Z][A-Z0-9_]*$/u.test(name));
  const isSaid = new RegExp(`\\b${name.replaceAll('$', '')}["']?\\s*(?:[:=]|=>)`, 'u').test(
    constants.get(head)?.text ?? '',
  );
  return (isOurs || isSaid ? constants.get(name) : undefined) ?? constants.get(`${head}.${name}`);
};

export const isOfEnvironment = (text: string): boolean => AMBIENT_NAME.test(text) || ENVIRONMENT.test(text);

/** `Field(default="us-east-1", description="…")`: a setting of pydantic is its default, as one without the call is. */
const FIELD = /^(?:\w+\.)?Field\(\s*(?:default\s*=\s*)?(?<inner>["'][^"']*["'])\s*[,)]/u;

export const withoutField = (text: string): string => FIELD.exec(text)?.groups?.['inner'] ?? text;

const joined = (text: string): string =>
  JOINED.test(text)
    ? `"${[...text.matchAll(JOINED_PART)].map(({ groups }) => groups?.['part'] ?? '').join('')}"`
    : text;

/** The environment and where it runs, before anything that only looks like a name. */
const ofEnvironment = (text: string, hint: string | undefined): CodeRegion | undefined => {
  const isAmbient = AMBIENT_NAME.test(text) || SHELL_AMBIENT.test(text);
  return isAmbient || ENVIRONMENT.test(text)
    ? { kind: isAmbient ? 'ambient' : 'unknown', expression: text, hint }
    : undefined;
};

type Constants = ReadonlyMap<string, Constant>;

const namedRegion = (text: string): string | undefined =>
  regionOfConstant(CONSTANT.exec(text)?.groups?.['name'] ?? ENDPOINT_ID.exec(text)?.groups?.['name'] ?? '');

/** What a name stands for, here or in the file that it comes from. */
const ofConstant = (text: string, constants: Constants, depth: number): CodeRegion | undefined => {
  const known = constantOf(text.replaceAll(CLOTHES, ''), constants);
  if (known === undefined || known.text === text || depth >= DEPTH_MAX) {
    return undefined;
  }
  const value = regionOfValue(known.text, known.constants ?? constants, depth + 1);
  const isHere = value.kind === 'region' && value.line !== undefined && known.path === undefined;
  return value.kind === 'region' && !isHere
    ? { ...value, line: known.line, ...(known.path === undefined ? {} : { path: known.path }) }
    : value;
};

const ofWrapped = (text: string, constants: Constants, depth: number): CodeRegion | undefined => {
  const inner = WRAPPED.exec(text)?.groups?.['inner'];
  const value = inner === undefined || depth >= DEPTH_MAX ? undefined : regionOfValue(inner, constants, depth + 1);
  return value === undefined || value.kind === 'region' ? value : { ...value, expression: text };
};

/** `anything("us-east-1")`: one literal, wrapped. */
const ONE_LITERAL = /^[&*\w.:$\\]*\(\s*["'][^"']*["']\s*\)(?:\.\w+\(\))?$/u;

export const regionOfValue = (text: string, constants: Constants, depth = 0): CodeRegion => {
  const trimmed = text
    .trim()
    .replace(/(?<=["'`\w)])\s+(?:as|satisfies)\s+\w+$/u, '')
    .replace(DRESSED, '');
  const whole = joined(withoutField(trimmed));
  const literal = literalText(whole) ?? whole;
  if (isRegion(literal)) {
    return { kind: 'region', region: literal };
  }
  const regions = [...new Set([...trimmed.matchAll(LITERALS)].map(({ groups }) => groups?.['region'] ?? ''))];
  const hint = regions.length === 1 ? regions[0] : undefined;
  const environment = ofEnvironment(trimmed, hint);
  if (environment !== undefined) {
    return environment;
  }
  const constant = namedRegion(trimmed);
  if (constant !== undefined) {
    return { kind: 'region', region: constant };
  }
  const known = ofConstant(trimmed, constants, depth) ?? ofWrapped(trimmed, constants, depth);
  if (known !== undefined) {
    return known;
  }
  return hint !== undefined && ONE_LITERAL.test(trimmed.replace(/^new\s+/u, ''))
    ? { kind: 'region', region: hint }
    : { kind: 'unknown', expression: trimmed, hint };
};
