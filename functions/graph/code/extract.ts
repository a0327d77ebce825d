/** Source code: its map (symbols, imports, calls), and what it says about Regions, names and hosts. */
import type { FactsBuilder } from '../facts/builder.ts';
import { aliasId } from '../facts/vocabulary.ts';
import { cutExpression } from '../facts/expression-text.ts';
import { isDataFile } from '../platform/data-files.ts';
import { emitHosts } from '../platform/hosts.ts';
import { type Context, placesOf, type RepositoryFile } from '../repository/context.ts';
import { emitLiterals } from '../repository/emit-literals.ts';
import { ambientClient, type Found, namesIn, regionsIn, usesAws } from './clients.ts';
import { type Language, languageOfPath } from './languages.ts';
import { type Scan, scanCode } from './scan.ts';
import { type CodeRegion, literalText } from './values.ts';

export const isCodePath = (path: string): boolean =>
  languageOfPath(path) !== undefined && !isDataFile(path) && !/\.d\.[cm]?ts$/u.test(path);

type Undecided = Exclude<CodeRegion, { readonly kind: 'region' }>;

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
    if (!isCovered) {
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

const emitRegion = (context: Context, facts: FactsBuilder, component: string, { value, line }: Found): void => {
  if (value.kind === 'region') {
    const at = value.line === undefined ? [{ line }] : [{ line }, { line: value.line }];
    facts.tie({ from: component, region: value.region, tie: 'runtime', level: 'literal', at });
  } else {
    emitUndecided(context, facts, component, value, line);
  }
};

/** A name is looked up in the Region of the client: the one that the file says, else where the component runs. */
const emitNames = (
  context: Context,
  facts: FactsBuilder,
  component: string,
  scan: Scan,
  regions: readonly string[],
): void => {
  for (const { service, name, line } of namesIn(scan)) {
    if (service === 's3') {
      facts.uses(component, service, name, undefined, { tie: 'runtime', level: 'literal', at: [{ line }] });
    } else {
      context.atEnd(() => {
        const places = regions.length > 0 ? regions : placesOf(context, component);
        const aliases =
          places.length > 0 ? places.map((region) => aliasId(service, name, region)) : [aliasId(service, name)];
        aliases.forEach((alias) => {
          facts.edge(component, 'dependsOn', alias, 'literal', [{ line }]);
        });
      });
    }
  }
};

const emitScan = (context: Context, path: string, scan: Scan, language: Language): void => {
  const facts = context.facts(path);
  const component = context.owners.of(path);
  const found = regionsIn(scan, language);
  const regions = [...new Set(found.flatMap(({ value }) => (value.kind === 'region' ? [value.region] : [])))];
  found.forEach((one) => {
    emitRegion(context, facts, component, one);
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
  emitNames(context, facts, component, scan, regions);
  for (const { text, line } of scan.strings) {
    const inner = literalText(text) ?? text;
    emitLiterals(context, facts, inner, line, { component });
    emitHosts(facts, component, inner, line);
  }
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
    emitScan(context, path, parsed.value, language);
  } else {
    context
      .facts(path)
      .unknown({ subject: context.owners.of(path), reason: 'not-read', expression: parsed.reason, line: 1 });
  }
};
