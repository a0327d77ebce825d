/** What a value in code says about a Region: a literal, a constant of the same file, the environment, or nothing that can be known. */
import { isRegion, REGION_PATTERN, regionOfConstant } from '../region/names.ts';

export type CodeRegion =
  | { readonly kind: 'region'; readonly region: string; readonly line?: number }
  /** Where it runs decides: `AWS_REGION`. */
  | { readonly kind: 'ambient'; readonly expression: string; readonly hint: string | undefined }
  | { readonly kind: 'unknown'; readonly expression: string; readonly hint: string | undefined };

export interface Constant {
  readonly text: string;
  readonly line: number;
}

const ENVIRONMENT =
  /process\.env|import\.meta\.env|\benviron\b|[Gg]etenv|LookupEnv|\bENV\b|GetEnvironmentVariable|env::var|\$_(?:ENV|SERVER)|\$env:|\benv\(/u;
const AMBIENT_NAME =
  /AWS_(?:DEFAULT_)?REGION|get_session\(\)|\.region_name\b|Aws\.REGION|Stack\.of|\bthis\.region\b|(?:cdk|Aws)\.Aws/u;
const SHELL_AMBIENT = /\$\{?(?:AWS_(?:DEFAULT_)?REGION)\b/u;
const CONSTANT = /(?:\bRegions?|\bRegionEndpoint|\bregion|Region)(?:\.|::)(?<name>[A-Za-z][A-Za-z0-9_]+)/u;
const LITERALS = new RegExp(`["'\`](?<region>${REGION_PATTERN})["'\`]`, 'gu');
const PLAIN = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)?$/u;

/** `"x"`, `'x'`, `f"x"`: what stands between the quotes; undefined where the text is no literal. */
export const literalText = (text: string): string | undefined =>
  /^(?:@|[bru]{0,2})(?<quote>"""|'''|["'`])(?<inner>[\s\S]*)\k<quote>$/iu.exec(text.trim())?.groups?.['inner'];

export const regionOfValue = (text: string, constants: ReadonlyMap<string, Constant>): CodeRegion => {
  const trimmed = text.trim();
  const literal = literalText(trimmed) ?? trimmed;
  if (isRegion(literal)) {
    return { kind: 'region', region: literal };
  }
  const regions = [...new Set([...trimmed.matchAll(LITERALS)].map(({ groups }) => groups?.['region'] ?? ''))];
  const hint = regions.length === 1 ? regions[0] : undefined;
  if (ENVIRONMENT.test(trimmed) || SHELL_AMBIENT.test(trimmed) || AMBIENT_NAME.test(trimmed)) {
    return {
      kind: AMBIENT_NAME.test(trimmed) || SHELL_AMBIENT.test(trimmed) ? 'ambient' : 'unknown',
      expression: trimmed,
      hint,
    };
  }
  const constant = regionOfConstant(CONSTANT.exec(trimmed)?.groups?.['name'] ?? '');
  if (constant !== undefined) {
    return { kind: 'region', region: constant };
  }
  const known = PLAIN.test(trimmed) ? constants.get(trimmed.split('.').at(-1) ?? '') : undefined;
  if (known !== undefined && known.text !== trimmed) {
    const value = regionOfValue(known.text, new Map());
    return value.kind === 'region' ? { ...value, line: known.line } : value;
  }
  // `aws.String("us-east-1")`, `Region.of("us-east-1")`, `Region::new("us-east-1")`: one literal, wrapped.
  const isWrapped = /^[&*\w.:$\\]*\(\s*["'][^"']*["']\s*\)(?:\.\w+\(\))?$/u.test(trimmed.replace(/^new\s+/u, ''));
  return hint !== undefined && isWrapped
    ? { kind: 'region', region: hint }
    : { kind: 'unknown', expression: trimmed, hint };
};
