/** From the literals in a text to ties of its component: what the service is decides what kind of tie it is. */
import type { FactsBuilder } from '../facts/builder.ts';
import type { Level, Place, Tie } from '../facts/vocabulary.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { type Literal, literalsIn } from '../region/literals.ts';
import { isRegion, REGION_PATTERN, regionOfZone } from '../region/names.ts';
import { USE_RULES } from '../region/rules.ts';
import { type Context, placesOf } from './context.ts';

export interface LiteralUse {
  readonly component: string;
  readonly level?: Level;
  readonly environment?: string | undefined;
  /** What a text of a deployment pipeline or a build is. */
  readonly tie?: 'runtime' | 'deploy';
  /** In a distribution: functions run at the edge. */
  readonly isEdge?: boolean;
  /** Further lines that decided the text. */
  readonly also?: readonly Place[];
}

interface Kind {
  readonly tie: Exclude<Tie, 'unknown'>;
  readonly rule?: string;
}

const kindOf = (literal: Literal, use: LiteralUse): Kind => {
  if (use.tie === 'deploy') {
    return { tie: 'deploy', rule: USE_RULES.deploy.id };
  }
  switch (literal.service) {
    case 'acm':
      return { tie: 'control-plane', rule: USE_RULES.certificate.id };
    case 'logs':
    case 'cloudwatch':
    case 'monitoring':
      return { tie: 'control-plane', rule: USE_RULES.supporting.id };
    case 'wafv2':
      return literal.text.includes(':global/')
        ? { tie: 'control-plane', rule: USE_RULES.cloudfrontFirewall.id }
        : { tie: 'runtime' };
    case 'lambda':
      return use.isEdge === true ? { tie: 'control-plane', rule: USE_RULES.lambdaAtEdge.id } : { tie: 'runtime' };
    default:
      return { tie: 'runtime' };
  }
};

/** Expressions that mean "where this runs". */
const AMBIENT = /AWS_(?:DEFAULT_)?REGION|AWS::Region|data\.aws_region|aws_region\b/u;

export const isAmbient = (expression: string): boolean => AMBIENT.test(expression);

const GLOBAL_SERVICES: ReadonlySet<string> = new Set(['iam', 'sts', 'route53', 'cloudfront', 'organizations', 's3']);

const emitLiteral = (context: Context, facts: FactsBuilder, literal: Literal, at: Place, use: LiteralUse): void => {
  const { component, environment } = use;
  const level = use.level ?? 'literal';
  const base = { level, at: [at, ...(use.also ?? [])], environment };
  if (literal.kind === 'global-sts' || literal.kind === 'ecr-public') {
    const rule = literal.kind === 'global-sts' ? USE_RULES.globalSts.id : USE_RULES.ecrPublicImage.id;
    facts.tie({
      ...base,
      from: component,
      region: 'us-east-1',
      tie: 'control-plane',
      rule,
      via: `resource:service/${literal.service}`,
    });
  } else if (literal.kind === 'template') {
    context.atEnd(() => {
      const isPlaced = isAmbient(literal.expression ?? '') && placesOf(context, component).length > 0;
      if (!isPlaced && !GLOBAL_SERVICES.has(literal.service)) {
        facts.tie({
          ...base,
          from: component,
          region: undefined,
          tie: 'runtime',
          expression: cutExpression(literal.text),
        });
      }
    });
  } else if (literal.region !== undefined || literal.service === 's3') {
    facts.uses(component, literal.service, literal.name, literal.region, { ...base, ...kindOf(literal, use) });
  }
};

/** `line` is the first line of the text. */
export const emitLiterals = (
  context: Context,
  facts: FactsBuilder,
  text: string,
  line: number,
  use: LiteralUse,
): void => {
  for (const literal of literalsIn(text)) {
    const before = text.slice(0, literal.index).split('\n').length - 1;
    emitLiteral(context, facts, literal, { line: line + before }, use);
  }
};

const REGION_KEY =
  /^(?:(?:[a-z0-9]+[-_.])*?(?:aws[-_.]?)?(?:default[-_.]?)?region(?:[-_.]?name|[-_.]static)?|[a-z]*Region(?:Name)?)$/iu;
const ZONE_KEY = /(?:availability[-_]?zones?|^az$|^zone$)/iu;

/** A setting whose key says that it is a Region, or a zone, and whose value is one. */
export const regionOfSetting = (key: string, value: string): string | undefined => {
  if (ZONE_KEY.test(key)) {
    return regionOfZone(value);
  }
  return REGION_KEY.test(key) && isRegion(value) ? value : undefined;
};

export const isRegionKey = (key: string): boolean => REGION_KEY.test(key);

const DEFAULT = new RegExp(`[:|,-]\\s*["']?(?<region>${REGION_PATTERN})["']?\\s*\\}`, 'u');

/** A setting that takes its Region from elsewhere: where it runs, if anybody says that; else a hint at the most. */
export const emitUnresolved = (
  context: Context,
  facts: FactsBuilder,
  component: string,
  { expression, value, line }: { readonly expression: string; readonly value: string; readonly line: number },
): void => {
  const hint = DEFAULT.exec(value)?.groups?.['region'];
  context.atEnd(() => {
    const places = placesOf(context, component);
    const isCovered = isAmbient(value) && places.length > 0 && (hint === undefined || places.includes(hint));
    if (!isCovered) {
      facts.tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        expression,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  });
};
