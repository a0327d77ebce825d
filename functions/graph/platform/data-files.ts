/** YAML and JSON files: each document goes to whoever knows its kind; what nobody knows is settings. */
import { cutExpression } from '../facts/expression-text.ts';
import type { Context, RepositoryFile } from '../repository/context.ts';
import { give, place } from '../repository/context.ts';
import { emitLiterals, emitUnresolved, isRegionKey, regionOfSetting } from '../repository/emit-literals.ts';
import { isRegion, REGION_PATTERN } from '../region/names.ts';
import { USE_RULES } from '../region/rules.ts';
import { readTemplate } from '../cloudformation/template.ts';
import { isServerless, isServerlessPath } from '../cloudformation/serverless.ts';
import { at, type Data, entriesAt, itemsAt, settingsOf, textAt } from '../syntax/data.ts';
import { emitCompose } from './compose.ts';
import { overriddenLines } from './helm-values.ts';
import { emitHosts, isLocalEndpoint } from './hosts.ts';
import { emitManifest, isManifest } from './kubernetes.ts';
import { emitOpenApi, isOpenApi } from './openapi.ts';
import { emitServerless, serverlessLines } from './serverless.ts';

const EXCLUDED =
  /(?:^|\/)(?:package(?:-lock)?|npm-shrinkwrap|tsconfig[\w.]*|composer(?:\.lock)?|\.eslintrc|renovate|manifest)\.json$|(?:^|\/)(?:pnpm-lock|\.pre-commit-config|mkdocs)\.ya?ml$|\.tf(?:vars)?\.json$|(?:^|\/)Pulumi(?:\.[\w-]+)?\.ya?ml$/u;

export const isDataFile = (path: string): boolean => /\.(?:ya?ml|json)$/u.test(path) && !EXCLUDED.test(path);

/** JSON that tells where something runs; other JSON is read, and decides nothing for others. */
export const isSettingsJson = (path: string): boolean =>
  /(?:^|\/)(?:[\w.-]*(?:settings|config)[\w.-]*|cdk(?:\.context)?|serverless[\w.-]*|[\w.-]*task-?def[\w.-]*|aws-lambda-tools-[\w-]+|default|production|prod)\.json$/iu.test(
    path,
  ) && isDataFile(path);

/** Pipelines deploy; nothing that runs needs them. */
export const isPipeline = (path: string): boolean =>
  /(?:^|\/)(?:\.github\/|\.gitlab|\.circleci\/|\.buildkite\/|\.drone|azure-pipelines|bitbucket-pipelines|buildspec|Jenkinsfile|cloudbuild|appspec)/u.test(
    path,
  );

const HINT = /region|amazonaws|arn:|\baws\b|apiVersion|openapi|swagger|:\/\/|services:/iu;

/** What a function is called with, kept for trying it out: `sam local invoke -e events/sqs.json`. */
const isSampleEvent = (data: Data): boolean =>
  itemsAt(data, 'Records').some((record) =>
    ['eventSource', 'EventSource', 'eventSourceARN', 'awsRegion'].some((key) => at(record, key) !== undefined),
  ) ||
  (at(data, 'detail-type') !== undefined && at(data, 'detail') !== undefined && at(data, 'time') !== undefined) ||
  at(data, 'requestContext', 'requestId') !== undefined;

/** It shows what other things do. */
const isDashboard = (data: Data): boolean =>
  (itemsAt(data, 'panels').length > 0 && at(data, 'apiVersion') === undefined) ||
  itemsAt(data, 'widgets').some((widget) => at(widget, 'properties') !== undefined);

/** Logs are written there; no traffic runs through them. */
const LOG_KEY = /(?:^|[-_.])(?:aws)?logs?[-_.]/iu;

const ENDPOINT_KEY = /endpoint|service-?_?url/iu;
const LOCAL_PROFILE = /^(?:local|tests?|development)$/iu;

/** Lines of settings beside the address of a stand-in, or of one machine only: their Regions mean nothing. */
const localLines = (data: Data): readonly number[] => {
  if (data.kind !== 'map') {
    return data.kind === 'list' ? data.items.flatMap(localLines) : [];
  }
  const profile = textAt(data, 'spring', 'config', 'activate', 'on-profile') ?? textAt(data, 'spring', 'profiles');
  const isLocal =
    LOCAL_PROFILE.test(profile ?? '') ||
    data.entries.some(
      ({ key, value }) => ENDPOINT_KEY.test(key) && value.kind === 'scalar' && isLocalEndpoint(String(value.value)),
    );
  return isLocal ? settingsOf(data).map(({ line }) => line) : data.entries.flatMap(({ value }) => localLines(value));
};

const COMMAND_REGION = new RegExp(
  `\\baws\\s(?:[^\\n\\\\]|\\\\\\n?){0,400}?--region[= ]+["']?(?<region>${REGION_PATTERN})(?![\\w-])`,
  'gu',
);

/** `run: aws … --region eu-west-1` in a pipeline. */
const emitCommands = (context: Context, path: string, value: string, line: number): void => {
  for (const { groups, index } of value.matchAll(COMMAND_REGION)) {
    if (!isRegion(groups?.['region'] ?? '')) {
      continue;
    }
    context.facts(path).tie({
      from: context.owners.of(path),
      region: groups?.['region'],
      tie: 'deploy',
      level: 'literal',
      at: [{ line: line + value.slice(0, index).split('\n').length - 1 }],
      rule: USE_RULES.deploy.id,
    });
  }
};

const emitSettings = (context: Context, path: string, data: Data): void => {
  const component = context.owners.of(path);
  const facts = context.facts(path);
  const tie = isPipeline(path) ? ('deploy' as const) : ('runtime' as const);
  const isOfServerless = isServerlessPath(path) && isServerless(data);
  const decided = new Set(isOfServerless ? serverlessLines(data) : localLines(data));
  if (isOfServerless) {
    emitServerless(context, path, data);
  }
  const overridden = overriddenLines(context, path, data);
  for (const { key, value, line } of settingsOf(data).filter((one) => !overridden.has(one.line))) {
    const region = decided.has(line) ? undefined : regionOfSetting(key, value);
    if (region !== undefined && tie === 'runtime' && LOG_KEY.test(key)) {
      const rule = USE_RULES.supporting.id;
      facts.tie({ from: component, region, tie: 'control-plane', level: 'literal', at: [{ line }], rule });
    } else if (region !== undefined) {
      facts.tie({
        from: component,
        region,
        tie,
        level: 'literal',
        at: [{ line }],
        ...(tie === 'deploy' ? { rule: USE_RULES.deploy.id } : {}),
      });
      if (tie === 'runtime' && (!path.endsWith('.json') || isSettingsJson(path))) {
        place(context, component, region);
        give(context, component, key);
      }
    } else if (isRegionKey(key) && !decided.has(line) && /\$\{|\{\{/u.test(value) && tie === 'runtime') {
      emitUnresolved(context, facts, component, { expression: `${key}: ${value}`, value, line });
    }
    emitLiterals(context, facts, value, line, { component, tie });
    if (tie === 'runtime') {
      emitHosts(facts, component, value, line);
    } else {
      emitCommands(context, path, value, line);
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

const emitDocument = (context: Context, file: RepositoryFile, data: Data, beside: readonly Data[]): void => {
  const { path } = file;
  if (isSampleEvent(data)) {
    context.facts(path).dead('an example');
  } else if (isDashboard(data)) {
    context.facts(path).dead('a dashboard');
  } else if (isOpenApi(data)) {
    emitOpenApi(context, path, data);
  } else if (isManifest(data)) {
    emitManifest(context, path, data, beside);
  } else if (/(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$/u.test(path) && entriesAt(data, 'services').length > 0) {
    emitCompose(context, path, data);
  } else if (!(textAt(data, 'apiVersion') ?? '').startsWith('backstage.io/') && at(data, 'Resources') === undefined) {
    emitSettings(context, path, data);
  } else if (at(data, 'Resources') !== undefined && readTemplate(path, [data]) === undefined) {
    emitSettings(context, path, data);
  }
};

export const emitDataFile = (context: Context, file: RepositoryFile): void => {
  if (!HINT.test(file.text) || context.decided.has(file.path)) {
    return;
  }
  if (TEMPLATED.test(file.text) && /\.(?:ya?ml)$/u.test(file.path) && !isPipeline(file.path)) {
    emitChart(context, file);
    return;
  }
  const { documents, error } = context.data(file);
  documents.forEach((data) => {
    emitDocument(context, file, data, documents);
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
