/** Source code: its map (symbols, imports, calls), and what it says about Regions, names and hosts. */
import type { FactsBuilder } from '../facts/builder.ts';
import { aliasId } from '../facts/vocabulary.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { isDataFile } from '../platform/data-files.ts';
import { emitHosts } from '../platform/hosts.ts';
import { type Context, isGiven, placesOf, type RepositoryFile } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { ambientClient, type Found, isToldNothing, regionsIn, settingRegions, usesAws } from './clients.ts';
import { namesIn } from './names.ts';
import { literalsIn } from '../region/literals.ts';
import { type Language, languageOfPath } from './languages.ts';
import { type Scan, scanCode } from './scan.ts';
import { withShared } from './shared.ts';
import { type CodeRegion, literalText, regionOfValue } from './values.ts';

export const isCodePath = (path: string): boolean =>
  languageOfPath(path) !== undefined && !isDataFile(path) && !/\.d\.[cm]?ts$/u.test(path);

type Undecided = Exclude<CodeRegion, { readonly kind: 'region' }>;

const VARIABLE = /\b[A-Z][A-Z0-9_]*REGION[A-Z0-9_]*\b/u;
const CONFIGURED = /\b\w*(?:config|configuration|settings|conf|cfg)\b[\s\S]*?(?<key>[A-Za-z][\w-]*)\W*$/iu;

/** Names under which settings may tell a Region: of the environment, and the last step of `config.get("aws.region")`. */
const variablesIn = (expression: string): readonly string[] => [
  ...(VARIABLE.exec(expression) ?? []),
  ...(CONFIGURED.exec(expression)?.slice(1) ?? []),
];

/** What the environment decides is where the component runs, if anybody says where that is. */
const emitUndecided = (
  context: Context,
  facts: FactsBuilder,
  component: string,
  value: Undecided,
  line: number,
): void => {
  context.atEnd(() => {
    const places = placesOf(context, component);
    const isCovered =
      value.kind === 'ambient' && places.length > 0 && (value.hint === undefined || places.includes(value.hint));
    const isSaid = variablesIn(value.expression).some((name) => isGiven(context, component, name));
    if (!isCovered && !isSaid) {
      facts.tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        expression: cutExpression(value.expression),
        hint: value.hint,
      });
    }
  });
};

const emitRegion = (
  context: Context,
  facts: FactsBuilder,
  component: string,
  { value, line }: Found,
  isGuessed: boolean,
): void => {
  if (value.kind === 'region' && isGuessed) {
    const expression = `"${value.region}" where the file can't be parsed`;
    emitUndecided(context, facts, component, { kind: 'unknown', expression, hint: value.region }, line);
  } else if (value.kind === 'region') {
    const { line: decided, path } = value;
    const at =
      decided === undefined ? [{ line }] : [{ line }, { line: decided, ...(path === undefined ? {} : { path }) }];
    facts.tie({ from: component, region: value.region, tie: 'runtime', level: 'literal', at });
  } else {
    emitUndecided(context, facts, component, value, line);
  }
};

const regionsOf = (some: readonly Found[]): readonly string[] => [
  ...new Set(some.flatMap(({ value }) => (value.kind === 'region' ? [value.region] : []))),
];

interface Read {
  readonly scan: Scan;
  readonly language: Language;
}

/** A name is looked up in the Region of the client: the one that the line says, or the file, else where the component runs. */
const emitNames = (
  context: Context,
  facts: FactsBuilder,
  component: string,
  { scan, language }: Read,
  found: readonly Found[],
): void => {
  const ofFile = regionsOf(found);
  for (const { service, name, line, client } of namesIn(scan)) {
    // `boto3.resource("dynamodb", region_name="…").Table("…")`
    const ofLine = regionsOf(found.filter((one) => one.line === line));
    const told = found.filter((one) => client !== undefined && client.line <= one.line && one.line <= client.endLine);
    // Where the client's own Region is not known, the file's other clients say nothing of it.
    const isOwn = told.length > 0 || (client !== undefined && isToldNothing(scan, language, client.line));
    const regions = [ofLine, regionsOf(told)].find((some) => some.length > 0) ?? (isOwn ? [] : ofFile);
    const isUnknown = regions.length === 0 && told.some(({ value }) => value.kind === 'unknown');
    if (service === 's3') {
      facts.uses(component, service, name, undefined, { tie: 'runtime', level: 'literal', at: [{ line }] });
    } else {
      context.atEnd(() => {
        const places = regions.length > 0 || isUnknown ? regions : placesOf(context, component);
        const aliases =
          places.length > 0 ? places.map((region) => aliasId(service, name, region)) : [aliasId(service, name)];
        aliases.forEach((alias) => {
          facts.edge(component, 'dependsOn', alias, 'literal', [{ line }]);
        });
      });
    }
  }
};

/** A message or a help text that shows how an ARN or a host is written. */
const AN_EXAMPLE =
  /\b(?:e\.g\.?|for example|example|such as|like|must (?:look|match|be)|expected|format|usage|invalid|malformed)\b/iu;

/** What somebody is to put there before it means anything. */
const A_PLACEHOLDER = /\byour[-_]|<[a-z][\w -]*>|x{5,}|CHANGE_?ME/iu;
const HOLE = /[$#]?\{(?<name>[A-Za-z_][\w.]*)\}/gu;
/** Where an ARN or a host goes on with what is not known here. */
const OPEN =
  /\barn:aws[a-z-]*:(?<arn>[a-z0-9-]+):(?:$|%[sv]|\{\w*\})|(?<host>[a-z0-9-]+)[.-](?:%[sv]|[$#]?\{[^{}\s]{0,80}\})\.amazonaws\.com|\/\/(?<start>sqs|sns|s3|dynamodb|kinesis|lambda|kms|secretsmanager|ssm)\.$/u;

/** `f"arn:aws:sqs:{REGION}:…"` with a constant. */
const filled = (text: string, scan: Scan): string =>
  text.includes('{')
    ? text.replaceAll(HOLE, (whole, name: string) => {
        const value = regionOfValue(name, scan.constants);
        return value.kind === 'region' ? value.region : whole;
      })
    : text;

const emitStrings = (context: Context, facts: FactsBuilder, component: string, scan: Scan): void => {
  for (const { text, line } of scan.strings) {
    const inner = filled(literalText(text) ?? text, scan);
    const isShown = (/\s/u.test(inner.trim()) && AN_EXAMPLE.test(inner)) || A_PLACEHOLDER.test(inner);
    const guess = scan.guessed.has(line) ? literalsIn(inner).find(({ region }) => region !== undefined) : undefined;
    if (guess !== undefined) {
      const expression = `"${cutExpression(guess.text)}" where the file can't be parsed`;
      emitUndecided(context, facts, component, { kind: 'unknown', expression, hint: guess.region }, line);
    } else if (!isShown) {
      emitLiterals(context, facts, inner, line, { component });
      emitHosts(facts, component, inner, line);
      const { arn, host, start } = OPEN.exec(inner)?.groups ?? {};
      const service = arn ?? host ?? start;
      if (service !== undefined && !/^(?:iam|sts|s3|route53|cloudfront)$/u.test(service)) {
        const isAmbientText = /AWS_(?:DEFAULT_)?REGION/u.test(inner);
        const expression = `${inner.slice(0, 120)}…`;
        emitUndecided(
          context,
          facts,
          component,
          { kind: isAmbientText ? 'ambient' : 'unknown', expression, hint: undefined },
          line,
        );
      }
    }
  }
};

/** Django's. */
const SETTINGS = /(?:^|\/)settings(?:\/[\w-]+)?\.py$/u;

const emitScan = (context: Context, path: string, scan: Scan, language: Language): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const found = [...regionsIn(scan, language), ...(SETTINGS.test(path) ? settingRegions(scan) : [])];
  found.forEach((one) => {
    emitRegion(context, facts, component, one, scan.guessed.has(one.line));
  });
  const client = found.length === 0 ? ambientClient(scan, language) : undefined;
  if (client !== undefined) {
    emitUndecided(
      context,
      facts,
      component,
      { kind: 'ambient', expression: `${client.name} is told no Region`, hint: undefined },
      client.line,
    );
  }
  emitNames(context, facts, component, { scan, language }, found);
  emitStrings(context, facts, component, scan);
  if (scan.error !== undefined) {
    const { line, column } = scan.error;
    facts.unknown({
      subject: component,
      reason: 'unparseable',
      expression: `not ${language.name} at ${path}:${line}:${column}`,
      line,
      column,
    });
    if (scan.isWhollyBroken && usesAws(scan)) {
      emitUndecided(
        context,
        facts,
        component,
        { kind: 'unknown', expression: `not ${language.name} at ${path}:${line}:${column}`, hint: undefined },
        line,
      );
    }
  }
  facts.code(scan.map);
};

export const emitCode = (context: Context, { path, text }: RepositoryFile): void => {
  const language = languageOfPath(path);
  if (language === undefined) {
    return;
  }
  const parsed = context.parsers.parse(language.grammar, text, (root) => scanCode(root, language));
  if (parsed.kind === 'parsed') {
    emitScan(context, path, withShared(context, path, parsed.value, language.grammar), language);
  } else {
    context
      .facts(path)
      .unknown({ subject: context.owners.of(path), reason: 'not-read', expression: parsed.reason, line: 1 });
  }
};
