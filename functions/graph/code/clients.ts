/** Clients of AWS in code: which Regions they are told, and whether one is told none and so takes that of where it runs. */
import type { Language } from './languages.ts';
import type { Pair } from './pairs.ts';
import type { Call, Scan } from './scan.ts';
import { isLocalEndpoint } from '../platform/hosts.ts';
import { isRegionKey } from '../repository/emit-literals.ts';
import { regionOfConstant } from '../region/names.ts';
import { regionsOfLoop } from './loops.ts';
import { type CodeRegion, literalText, regionOfValue } from './values.ts';

export interface Found {
  readonly value: CodeRegion;
  readonly line: number;
}

const AWS_IMPORT = /aws|boto|amazon|amzn|pulumi/iu;

/** Where a framework imports for everybody, only the use is seen. */
const AWS_USE = /^(?:::)?Aws(?:::|\.)|^AWS\.|^\\?Aws\\|^Amazon\w+(?:Client|Config)$|\baws_(?:config|sdk_\w+)::/u;

/** What a queue's or a store's address says to a framework. */
const AWS_BROKER = /^["'`](?:(?:sqs|dynamodb|kinesis):\/\/|AWS["'`]$)/u;

/** Files of the same repository may have any name; packages of an SDK have these. */
export const usesAws = (scan: Scan): boolean =>
  scan.calls.some(({ name }) => AWS_USE.test(name)) ||
  scan.strings.some(({ text }) => AWS_BROKER.test(text)) ||
  scan.map.imports.some(({ name }) => !name.startsWith('.') && AWS_IMPORT.test(name)) ||
  scan.imports.some(({ text }) =>
    AWS_IMPORT.test(text.replaceAll(/["'`][./][^"'`]*["'`]/gu, '').replaceAll(/\{[^}]*\}/gu, '')),
  );

/** Calls whose one argument is a Region. */
const REGION_CALL =
  /(?:^|[.:>])(?:region|withRegion|setRegion|with_region|WithRegion|Region|setDefaultRegion)$|(?:^|\.)(?:GetBySystemName)$/u;

export const firstArgument = (args: string): string => {
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
    (isLocalEndpoint(text) ? [] : [...text.matchAll(SHELL_OPTION)]).flatMap(({ groups }): Found[] =>
      valuesOf(scan, groups?.['value'] ?? '', line).map((value) => ({ value, line })),
    ),
  );

const isShell = ({ grammar }: Language): boolean => grammar === 'bash' || grammar === 'powershell';

/** What is told a Region: clients, sessions, providers and stacks, whatever the language calls them. */
const TAKER =
  /client|session|config|provider|stack|resource|builder|boto|aws|amazon|s3|sqs|sns|dynamo|lambda|kms|ssm|ses|rds/iu;

const valuesOf = (scan: Scan, text: string, line: number): readonly CodeRegion[] => {
  const looped = regionsOfLoop(scan.loops, scan.constants, text, line);
  return looped.length > 0
    ? looped.map((region): CodeRegion => ({ kind: 'region', region }))
    : [regionOfValue(text, scan.constants)];
};

/** The call that an option is given to: the shortest one around it. */
const callAround = (scan: Scan, line: number): Call | undefined => {
  let found: Call | undefined;
  for (const call of scan.calls) {
    const isAround = call.line <= line && line <= call.endLine;
    if (isAround && (found === undefined || call.endLine - call.line < found.endLine - found.line)) {
      found = call;
    }
  }
  return found;
};

/** What only tells somebody of a Region. */
const TELLER =
  /(?:^|\.|::|->)(?:log|logger|logging|console|print|println|printf|debug|info|warn|warning|error|trace|fatal|panic|expect|assert\w*|addDimension|setDimensions|putMetric|addMetric|setAttribute|setTag|set_tag|gauge|increment|histogram|track)(?:$|\.|::|->)/u;

/** Helpers of our own that make clients. */
const CLIENT =
  /(?:client|session|boto|aws|amazon)|(?:^|[^A-Za-z]|[a-z](?=[A-Z]))(?:s3|sqs|sns|dynamo\w*|lambda|kms|ssm|kinesis)(?![a-z])/iu;

const isTold = (scan: Scan, line: number): boolean => TELLER.test(callAround(scan, line)?.name ?? '');

/** What talks to a stand-in on the same machine is told a Region that means nothing. */
const isLocal = (scan: Scan, line: number): boolean => {
  const call = callAround(scan, line);
  return call !== undefined && call.endLine - call.line < 40 && isLocalEndpoint(call.text);
};

/** An option that can't be read counts where somebody takes it; an object of our own that has a Region says nothing. */
const isTaken = (scan: Scan, { line, target }: Pair): boolean =>
  /config|\bAWS\b/u.test(target) ||
  scan.calls.some((call) => call.line <= line && line <= call.endLine && TAKER.test(call.name));

const OPTIONS =
  /conf|credential|cfg|option|opts|setting|aws|client|param|prop|env|default|session|region|provider|stack/iu;

/** An object of our own is no option until somebody takes it. */
const isOurs = (scan: Scan, { holder }: Pair): boolean =>
  holder !== undefined &&
  !OPTIONS.test(holder) &&
  !scan.calls.some(
    ({ name, args }) => TAKER.test(name) && new RegExp(`\\b${holder.replaceAll(/[^\w]/gu, '.')}\\b`, 'u').test(args),
  );

/** Laravel's settings import nothing. */
const LARAVEL = /^env\(\s*["']AWS_\w*REGION["']/u;

/** A name that is only declared ties nothing; where it is an option, it does. A shell's variable is an option of all it calls. */
const pairRegions = (scan: Scan, language: Language): readonly Found[] => {
  const isAws = usesAws(scan);
  const said = scan.pairs.filter((pair) => !scan.unread.has(pair));
  return said.flatMap((pair): Found[] => {
    const { key, text, line } = pair;
    const isVariable =
      (/^AWS_(?:DEFAULT_)?REGION$/u.test(key) && (isShell(language) || !pair.isDeclaration)) ||
      (/^aws_\w*region$/u.test(key) && !pair.isDeclaration && !pair.isListed);
    const isOption =
      (isAws || LARAVEL.test(text) || CLIENT.test(callAround(scan, line)?.name ?? '')) &&
      !pair.isDeclaration &&
      !pair.isListed &&
      !isOurs(scan, pair) &&
      (isRegionKey(key) || key === 'RegionEndpoint');
    const isEmpty = /^(?:true|false|null|undefined|None)$/u.test(text.trim());
    if ((!isVariable && !isOption) || isEmpty || isTold(scan, line) || isLocal(scan, line)) {
      return [];
    }
    return valuesOf(scan, text, line).flatMap((value): Found[] => {
      const isCounted =
        value.kind === 'region' || (isOption && !isShell(language) && (LARAVEL.test(text) || isTaken(scan, pair)));
      return isCounted ? [{ value, line }] : [];
    });
  });
};

const callRegions = (scan: Scan): readonly Found[] =>
  usesAws(scan)
    ? scan.calls.flatMap(({ name, args, argsLine: line }): Found[] => {
        const given = REGION_CALL.test(name) ? firstArgument(args) : '';
        // What holds where the environment says nothing is no fact.
        const argument = name.endsWith('WithDefaultRegion') ? `default ${firstArgument(args)}` : given;
        return argument.trim() === '' || isLocal(scan, line)
          ? []
          : valuesOf(scan, argument, line).map((value) => ({ value, line }));
      })
    : [];

const SETTER = /(?:^|[.:>])(?:setenv|SetEnvironmentVariable|setProperty|set_var|setdefault|putenv)$/iu;
const SET = /^\(\s*["'](?:AWS_(?:DEFAULT_)?REGION|aws\.region)["']\s*,\s*(?<value>["'][a-z0-9-]+["']|[\w.]+)\s*\)$/u;

/** A program that gives itself its environment. */
const environmentRegions = (scan: Scan): readonly Found[] =>
  scan.calls.flatMap(({ name, args, line }) => {
    const value = SETTER.test(name) ? SET.exec(args.trim())?.groups?.['value'] : undefined;
    return value === undefined ? [] : valuesOf(scan, value, line).map((one) => ({ value: one, line }));
  });

/** Settings of Django are constants that nobody imports. */
export const settingRegions = (scan: Scan): readonly Found[] =>
  scan.pairs.flatMap(({ key, text, line, isDeclaration }) => {
    const value =
      isDeclaration && /^AWS_\w*REGION(?:_NAME)?$/u.test(key) ? regionOfValue(text, scan.constants) : undefined;
    return value?.kind === 'region' ? [{ value, line }] : [];
  });

export const regionsIn = (scan: Scan, language: Language): readonly Found[] => [
  ...environmentRegions(scan),
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

const LITERAL_REGION = /^\(\s*["'][\w-]+["']\s*,\s*(?<region>["'][a-z0-9-]+["']|[A-Za-z_][\w.]*)\s*[,)]/u;
const ENDPOINT_CONSTANT = /\bRegionEndpoint\.(?<name>[A-Z]\w+)/u;

/** `boto3.client("sqs", "us-east-1")`, `new AmazonSQSClient(RegionEndpoint.USEast1)`: without the option's name. */
const positionalRegions = (scan: Scan, { grammar }: Language): readonly Found[] => {
  if (!usesAws(scan) || (grammar !== 'python' && grammar !== 'c-sharp')) {
    return [];
  }
  return scan.calls.flatMap((call): Found[] => {
    const line = call.argsLine;
    if (grammar === 'python') {
      const region = isPythonClient(call) ? LITERAL_REGION.exec(call.args)?.groups?.['region'] : undefined;
      return region === undefined ? [] : valuesOf(scan, region, line).map((value) => ({ value, line }));
    }
    // `AmazonS3Client c = new(RegionEndpoint.EUWest1);`: the type stands before.
    const isUnnamed = /^new\s*\(/u.test(call.text);
    const args = isUnnamed || /^Amazon\w+Client$/u.test(call.name) ? call.args || call.text.slice('new'.length) : '';
    const last = /(?:^\(|,)\s*(?<last>[A-Za-z_]\w*)\s*\)$/u.exec(args)?.groups?.['last'] ?? '';
    const named = regionOfValue(last, scan.constants);
    const region =
      regionOfConstant(ENDPOINT_CONSTANT.exec(args)?.groups?.['name'] ?? '') ??
      (named.kind === 'region' ? named.region : undefined);
    return region === undefined || isLocal(scan, line) ? [] : [{ value: { kind: 'region', region }, line }];
  });
};

const IS_DEFAULT = /setup_default_session|config\.update|Session$|LoadDefaultConfig|defaultConfig/u;

/** A line of the file tells a Region for all clients. */
const hasDefaultRegion = (scan: Scan): boolean =>
  scan.calls.some(({ name, args }) => IS_DEFAULT.test(name) && /region/iu.test(args));

const NOTHING_MORE = /^\(\s*(?:\{\s*\}|["'][\w-]+["'])?\s*\)$/u;

/** `new SQSClient({})`, `boto3.resource("dynamodb")` at a line: it is where the component runs. */
export const isToldNothing = (scan: Scan, language: Language, line: number): boolean =>
  !hasDefaultRegion(scan) &&
  scan.calls.some(
    (call) =>
      call.line === line &&
      NOTHING_MORE.test(call.args.trim()) &&
      isClient(call, scan, language) &&
      /^(?:new\s|boto3\.)/u.test(call.text),
  );

/** The first client that is told no Region, where no other line of the file tells one for all. */
export const ambientClient = (scan: Scan, language: Language): Call | undefined => {
  if (!usesAws(scan)) {
    return undefined;
  }
  return hasDefaultRegion(scan)
    ? undefined
    : scan.calls.find(
        (call) =>
          isClient(call, scan, language) &&
          !/region|ServiceURL\s*=\s*"[^"]*\.amazonaws\.com/iu.test(call.text) &&
          !SERVICE_GLOBAL.test(literalText(firstArgument(call.args)) ?? ''),
      );
};
