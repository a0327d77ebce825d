/** Clients of AWS in code: which Regions they are told, and whether one is told none and so takes that of where it runs. */
import type { Language } from './languages.ts';
import type { Call, Pair, Scan } from './scan.ts';
import { isRegionKey } from '../repository/emit-literals.ts';
import { type CodeRegion, literalText, regionOfValue } from './values.ts';

export interface Found {
  readonly value: CodeRegion;
  readonly line: number;
}

const AWS_IMPORT = /aws|boto|amazon|amzn|pulumi/iu;

/** Files of the same repository may have any name; packages of an SDK have these. */
export const usesAws = (scan: Scan): boolean =>
  scan.map.imports.some(({ name }) => !name.startsWith('.') && AWS_IMPORT.test(name)) ||
  scan.imports.some(({ text }) =>
    AWS_IMPORT.test(text.replaceAll(/["'`][./][^"'`]*["'`]/gu, '').replaceAll(/\{[^}]*\}/gu, '')),
  );

/** Calls whose one argument is a Region. */
const REGION_CALL =
  /(?:^|[.:>])(?:region|withRegion|setRegion|with_region|WithRegion|Region|setDefaultRegion)$|(?:^|\.)(?:GetBySystemName)$/u;

const firstArgument = (args: string): string => {
  const inner = /^\((?<inner>[\s\S]*)\)$/u.exec(args.trim())?.groups?.['inner'] ?? args;
  let depth = 0;
  for (let at = 0; at < inner.length; at += 1) {
    const char = inner.charAt(at);
    depth += '([{'.includes(char) ? 1 : 0;
    depth -= ')]}'.includes(char) ? 1 : 0;
    if (char === ',' && depth === 0) {
      return inner.slice(0, at);
    }
  }
  return inner;
};

const SHELL_OPTION = /(?:^|\s)--?[Rr]egion(?:[= ]+)(?<value>"[^"]*"|'[^']*'|\S+)/gu;

/** `aws … --region us-east-1`, `Get-S3Object -Region us-east-1`. */
const shellRegions = (scan: Scan): readonly Found[] =>
  scan.calls.flatMap(({ text, line }) =>
    [...text.matchAll(SHELL_OPTION)].map(({ groups }): Found => ({
      value: regionOfValue(groups?.['value'] ?? '', scan.constants),
      line,
    })),
  );

const isShell = ({ grammar }: Language): boolean => grammar === 'bash' || grammar === 'powershell';

/** What is told a Region: clients, sessions, providers and stacks, whatever the language calls them. */
const TAKER =
  /client|session|config|provider|stack|resource|builder|boto|aws|amazon|s3|sqs|sns|dynamo|lambda|kms|ssm|ses|rds/iu;

/** An option that can't be read counts where somebody takes it; an object of our own that has a Region says nothing. */
const isTaken = (scan: Scan, { line, target }: Pair): boolean =>
  /config|\bAWS\b/u.test(target) ||
  scan.calls.some((call) => call.line <= line && line <= call.endLine && TAKER.test(call.name));

/** A name that is only declared ties nothing; where it is an option, it does. A shell's variable is an option of all it calls. */
const pairRegions = (scan: Scan, language: Language): readonly Found[] => {
  const isAws = usesAws(scan);
  return scan.pairs.flatMap((pair): Found[] => {
    const { key, text, line } = pair;
    const isVariable = /^AWS_(?:DEFAULT_)?REGION$/u.test(key) && (isShell(language) || !pair.isDeclaration);
    const isOption = isAws && !pair.isDeclaration && (isRegionKey(key) || key === 'RegionEndpoint');
    if ((!isVariable && !isOption) || /^(?:true|false|null|undefined|None)$/u.test(text.trim())) {
      return [];
    }
    const value = regionOfValue(text, scan.constants);
    const isCounted = value.kind === 'region' || (isOption && !isShell(language) && isTaken(scan, pair));
    return isCounted ? [{ value, line }] : [];
  });
};

const callRegions = (scan: Scan): readonly Found[] =>
  usesAws(scan)
    ? scan.calls.flatMap(({ name, args, line }): Found[] => {
        const argument = REGION_CALL.test(name) ? firstArgument(args) : '';
        return argument.trim() === '' ? [] : [{ value: regionOfValue(argument, scan.constants), line }];
      })
    : [];

export const regionsIn = (scan: Scan, language: Language): readonly Found[] => [
  ...pairRegions(scan, language),
  ...(isShell(language) ? shellRegions(scan) : callRegions(scan)),
  ...positionalRegions(scan, language),
];

const CLIENTS: Readonly<Record<string, RegExp>> = {
  go: /(?:^|\.)(?:LoadDefaultConfig|NewSession|session\.New)$/u,
  java: /(?:Client|ClientBuilder)\.(?:create|builder|standard|defaultClient)$/u,
  'c-sharp': /^Amazon\w+Client$/u,
  ruby: /^Aws::\w+(?:::\w+)*\.new$/u,
  rust: /aws_config::(?:load_from_env|load_defaults|from_env|defaults)$/u,
  php: /^\\?(?:Aws\\)?\w+Client$/u,
};

const isScriptClient = ({ name }: Call, scan: Scan): boolean => {
  const constructor = name.split('.').at(-1) ?? '';
  const isImported =
    /^[\w$]+$/u.test(constructor) &&
    scan.imports.some(
      ({ text }) =>
        text.includes('@aws-sdk/client-') && new RegExp(`\\b${constructor.replaceAll('$', '')}\\b`, 'u').test(text),
    );
  return /^AWS\.[A-Z]\w*$/u.test(name)
    ? !/^AWS\.(?:Config|Credentials|Endpoint)/u.test(name)
    : isImported && !/(?:Command|Exception|Error)$/u.test(constructor);
};

const isPythonClient = ({ name, args }: Call): boolean =>
  /(?:^|\.)(?:client|resource)$/u.test(name) &&
  /boto|session|aws/iu.test(name) &&
  literalText(firstArgument(args)) !== undefined;

const isClient = (call: Call, scan: Scan, { grammar }: Language): boolean => {
  if (grammar === 'typescript' || grammar === 'tsx' || grammar === 'javascript') {
    return call.text.startsWith('new ') && isScriptClient(call, scan);
  }
  return grammar === 'python' ? isPythonClient(call) : (CLIENTS[grammar]?.test(call.name) ?? false);
};

const SERVICE_GLOBAL = /^(?:iam|organizations|route53|cloudfront|sts)$/iu;

const LITERAL_REGION = /^\(\s*["'][\w-]+["']\s*,\s*(?<region>["'][a-z0-9-]+["'])\s*[,)]/u;

/** `boto3.client("sqs", "us-east-1")`: the Region may come second, without its name. */
const positionalRegions = (scan: Scan, language: Language): readonly Found[] =>
  language.grammar === 'python' && usesAws(scan)
    ? scan.calls
        .filter((call) => isPythonClient(call))
        .flatMap(({ args, line }): Found[] => {
          const region = LITERAL_REGION.exec(args)?.groups?.['region'];
          return region === undefined ? [] : [{ value: regionOfValue(region, scan.constants), line }];
        })
    : [];

/** The first client that is told no Region, where no other line of the file tells one for all. */
export const ambientClient = (scan: Scan, language: Language): Call | undefined => {
  if (!usesAws(scan)) {
    return undefined;
  }
  const hasDefault = scan.calls.some(
    ({ name, args }) =>
      /setup_default_session|config\.update|Session$|LoadDefaultConfig|defaultConfig/u.test(name) &&
      /region/iu.test(args),
  );
  return hasDefault
    ? undefined
    : scan.calls.find(
        (call) =>
          isClient(call, scan, language) &&
          !/region/iu.test(call.text) &&
          !SERVICE_GLOBAL.test(literalText(firstArgument(call.args)) ?? ''),
      );
};

/** Options whose value is the name of something. */
const NAME_KEYS: Readonly<Record<string, string>> = {
  tablename: 'dynamodb',
  queuename: 'sqs',
  bucket: 's3',
  bucketname: 's3',
  functionname: 'lambda',
  streamname: 'kinesis',
  deliverystreamname: 'firehose',
  secretid: 'secretsmanager',
  eventbusname: 'events',
};

const NAME_CALLS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)Table$/u, 'dynamodb'],
  [/(?:^|\.)Bucket$/u, 's3'],
  [/(?:^|\.)(?:tableName)$/u, 'dynamodb'],
  [/(?:^|\.)(?:queueName)$/u, 'sqs'],
  [/(?:^|\.)(?:bucket|bucketName)$/u, 's3'],
  [/(?:^|\.)(?:functionName)$/u, 'lambda'],
  [/(?:^|\.)(?:secretId)$/u, 'secretsmanager'],
];

export interface NamedUse {
  readonly service: string;
  readonly name: string;
  readonly line: number;
}

const nameValue = (text: string, scan: Scan): string | undefined => {
  const literal = literalText(/^\w+\.String\((?<inner>.*)\)$/u.exec(text.trim())?.groups?.['inner'] ?? text);
  const constant = literal ?? literalText(scan.constants.get(text.trim())?.text ?? '');
  return constant !== undefined && /^[\w./-]{2,256}$/u.test(constant) ? constant : undefined;
};

/** A parameter's name is only one where the call reads parameters. */
const PARAMETER_CALL = /(?:get_?parameter|GetParameterCommand|GetParameter)/iu;

export const namesIn = (scan: Scan): readonly NamedUse[] => {
  if (!usesAws(scan)) {
    return [];
  }
  const options = scan.pairs.flatMap(({ key, text, line }): NamedUse[] => {
    const service = NAME_KEYS[key.toLowerCase().replaceAll('_', '')];
    const name = service === undefined ? undefined : nameValue(text, scan);
    return service === undefined || name === undefined ? [] : [{ service, name, line }];
  });
  const calls = scan.calls.flatMap(({ name: target, args, line }): NamedUse[] => {
    const service = NAME_CALLS.find(([pattern]) => pattern.test(target))?.[1];
    const name = service === undefined ? undefined : nameValue(firstArgument(args), scan);
    const parameter = PARAMETER_CALL.test(target)
      ? /["'`](?<name>\/[\w./-]+)["'`]/u.exec(args)?.groups?.['name']
      : undefined;
    return [
      ...(service === undefined || name === undefined ? [] : [{ service, name, line }]),
      ...(parameter === undefined ? [] : [{ service: 'ssm', name: parameter, line }]),
    ];
  });
  return [...options, ...calls];
};
