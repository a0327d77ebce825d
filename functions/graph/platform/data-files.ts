/** YAML and JSON files: each document goes to whoever knows its kind; what nobody knows is settings. */
import { cutExpression } from '../facts/expression-text.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { place } from '../repository/context.ts';
import { emitLiterals, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
import { USE_RULES } from '../region/rules.ts';
import { readTemplate } from '../cloudformation/template.ts';
import { at, type Data, entriesAt, settingsOf, textAt } from '../syntax/data.ts';
import { emitCompose } from './compose.ts';
import { emitHosts } from './hosts.ts';
import { emitManifest, isManifest } from './kubernetes.ts';
import { emitOpenApi, isOpenApi } from './openapi.ts';

const EXCLUDED =
  /(?:^|\/)(?:package(?:-lock)?|npm-shrinkwrap|tsconfig[\w.]*|composer(?:\.lock)?|\.eslintrc|renovate|manifest)\.json$|(?:^|\/)(?:pnpm-lock|\.pre-commit-config|mkdocs)\.ya?ml$|\.tf(?:vars)?\.json$|(?:^|\/)Pulumi(?:\.[\w-]+)?\.ya?ml$/u;

export const isDataFile = (path: string): boolean => /\.(?:ya?ml|json)$/u.test(path) && !EXCLUDED.test(path);

/** Pipelines deploy; nothing that runs needs them. */
export const isPipeline = (path: string): boolean =>
  /(?:^|\/)(?:\.github\/|\.gitlab|\.circleci\/|\.buildkite\/|\.drone|azure-pipelines|bitbucket-pipelines|buildspec|Jenkinsfile|cloudbuild|appspec)/u.test(
    path,
  );

const HINT = /region|amazonaws|arn:|\baws\b|apiVersion|openapi|swagger|:\/\/|services:/iu;

const emitSettings = (context: Context, path: string, data: Data): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  const tie = isPipeline(path) ? ('deploy' as const) : ('runtime' as const);
  for (const { key, value, line } of settingsOf(data)) {
    const region = regionOfSetting(key, value);
    if (region !== undefined) {
      facts.tie({
        from: component,
        region,
        tie,
        level: 'literal',
        at: [{ line }],
        ...(tie === 'deploy' ? { rule: USE_RULES.deploy.id } : {}),
      });
      place(context, component, tie === 'deploy' ? undefined : region);
    } else if (isRegionKey(key) && /\$\{|\{\{/u.test(value) && tie === 'runtime') {
      facts.tie({
        from: component,
        region: undefined,
        tie,
        level: 'literal',
        at: [{ line }],
        expression: `${key}: ${value}`,
      });
    }
    emitLiterals(context, facts, value, line, { component, tie });
    if (tie === 'runtime') {
      emitHosts(facts, component, value, line);
    }
  }
};

const LINE_CHARS_MAX = 2000;
const TEMPLATED = /\{\{[-\s]*(?:\.|include|template|if|range|with|toYaml)/u;

/** A chart's template is no YAML: what its plain lines say is kept, and what its values decide is unknown. */
const emitChart = (context: Context, { path, text }: RepositoryFile): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const content = raw.slice(0, LINE_CHARS_MAX).replace(/(?:^|\s)#.*$/u, '');
    const { key, value } = /^(?:-\s*)?"?(?<key>[\w./-]+)"?:\s*"?(?<value>[^"]*)"?$/u.exec(content.trim())?.groups ?? {};
    const region = regionOfSetting(key ?? '', value ?? '');
    if (region !== undefined) {
      facts.tie({ from: component, region, tie: 'runtime', level: 'literal', at: [{ line }] });
    } else if (key !== undefined && (isRegionKey(key) || key.endsWith('/region')) && value?.includes('{{') === true) {
      facts.tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'literal',
        at: [{ line }],
        expression: cutExpression(content),
      });
    }
    emitLiterals(context, facts, content, line, { component });
  });
};

const emitDocument = (context: Context, file: RepositoryFile, data: Data): void => {
  const { path } = file;
  if (isOpenApi(data)) {
    emitOpenApi(context, path, data);
  } else if (isManifest(data)) {
    emitManifest(context, path, data);
  } else if (/(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$/u.test(path) && entriesAt(data, 'services').length > 0) {
    emitCompose(context, path, data);
  } else if (!(textAt(data, 'apiVersion') ?? '').startsWith('backstage.io/') && at(data, 'Resources') === undefined) {
    emitSettings(context, path, data);
  } else if (at(data, 'Resources') !== undefined && readTemplate(path, [data]) === undefined) {
    emitSettings(context, path, data);
  }
};

export const emitDataFile = (context: Context, file: RepositoryFile): void => {
  if (!HINT.test(file.text)) {
    return;
  }
  if (TEMPLATED.test(file.text) && /\.(?:ya?ml)$/u.test(file.path) && !isPipeline(file.path)) {
    emitChart(context, file);
    return;
  }
  const { documents, error } = context.data(file);
  documents.forEach((data) => {
    emitDocument(context, file, data);
  });
  if (error !== undefined && !file.text.includes('AWSTemplateFormatVersion')) {
    const expression = `not ${file.path.endsWith('.json') ? 'JSON' : 'YAML'} at ${file.path}:${error.line}:${error.column}: ${error.near}`;
    const component = context.owners.of(file.path);
    const facts = context.facts(file.path);
    facts.unknown({ subject: component, reason: 'unparseable', expression, line: error.line, column: error.column });
    // Only what looks like infrastructure may hide a tie to a Region; other broken files are listed.
    if (/\.ya?ml$/u.test(file.path) && /apiVersion|region|amazonaws|arn:/iu.test(file.text) && !isPipeline(file.path)) {
      facts.tie({
        from: component,
        region: undefined,
        tie: 'runtime',
        level: 'declared',
        at: [{ line: error.line }],
        expression,
      });
    }
  }
};
