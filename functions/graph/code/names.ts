/** Names of tables, queues, buckets and the like that code says: another repository may declare what they mean. */
import { firstArgument, usesAws } from './clients.ts';
import type { Pair } from './pairs.ts';
import type { Scan } from './scan.ts';
import { constantOf, literalText, withoutField } from './values.ts';

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
  // C# gives the bucket first.
  [/\.(?:Get|Put|Delete|Copy)Object(?:Metadata)?Async$/u, 's3'],
];

/** Frameworks that listen to a queue by its name: Spring's annotation, decorators of NestJS, options of Shoryuken. */
const LISTENER = /(?:^|\.)(?:SqsListener|SqsMessageHandler|SqsConsumer|shoryuken_options)$/u;
const QUEUES =
  /(?:^[(\s]*|\b(?:value|queueNames|queue|queues|name)\s*(?:[=:]|=>)\s*)[[{(\s]*(?<names>["'][\w.-]+["'](?:\s*,\s*["'][\w.-]+["'])*)/gu;

const listensTo = (scan: Scan): readonly NamedUse[] =>
  scan.calls.flatMap(({ name: target, args, line }) =>
    (LISTENER.test(target) ? [...args.matchAll(QUEUES)] : []).flatMap(({ groups }) =>
      (groups?.['names'] ?? '').split(',').map((name) => ({ service: 'sqs', name: literalText(name) ?? '', line })),
    ),
  );

export interface NamedUse {
  readonly service: string;
  readonly name: string;
  readonly line: number;
  /** Lines of the client that is asked: `dynamodb = boto3.resource(…)` where `dynamodb.Table("…")` is the use. */
  readonly client?: { readonly line: number; readonly endLine: number };
}

const WRAPPED = /^\w+\.String\((?<inner>.*)\)$/u;
const FROZEN = /\.freeze$/u;

const nameValue = (text: string, scan: Scan): string | undefined => {
  const literal = literalText(text.trim().replace(WRAPPED, '$<inner>'));
  const named = constantOf(text.trim().replace(WRAPPED, '$<inner>'), scan.constants)?.text.replace(FROZEN, '') ?? '';
  const constant = literal ?? literalText(withoutField(named));
  return constant !== undefined && /^[\w./-]{2,256}$/u.test(constant) ? constant : undefined;
};

type Client = Pick<NamedUse, 'client'>;

const clientOf = (target: string, scan: Scan): Client => {
  const receiver = /^(?:self\.|this\.|@)?(?<name>\w+)\.\w+$/u.exec(target)?.groups?.['name'] ?? '';
  const made = scan.constants.get(receiver);
  return made === undefined || made.path !== undefined
    ? {}
    : { client: { line: made.line, endLine: made.line + made.text.split('\n').length - 1 } };
};

/** `queues.send(new GetQueueUrlCommand({ QueueName: … }))`: the nearest call around that asks a client with a name. */
const clientAround = (scan: Scan, { text, line }: Pair): Client =>
  scan.calls
    .filter((call) => call.line <= line && line <= call.endLine && call.args.includes(text))
    .toSorted((one, other) => one.args.length - other.args.length)
    .map(({ name }) => clientOf(name, scan))
    .find(({ client }) => client !== undefined) ?? {};

/** A parameter's name is only one where the call reads parameters. */
const PARAMETER_CALL = /(?:get_?parameter|GetParameterCommand|GetParameter)/iu;

export const namesIn = (scan: Scan): readonly NamedUse[] => {
  const listeners = listensTo(scan);
  if (!usesAws(scan)) {
    return listeners;
  }
  const options = scan.pairs.flatMap((pair): NamedUse[] => {
    const { key, text, line } = pair;
    const service = NAME_KEYS[key.toLowerCase().replaceAll('_', '')];
    const name = service === undefined ? undefined : nameValue(text, scan);
    return service === undefined || name === undefined ? [] : [{ service, name, line, ...clientAround(scan, pair) }];
  });
  const calls = scan.calls.flatMap(({ name: target, args, line }): NamedUse[] => {
    const service = NAME_CALLS.find(([pattern]) => pattern.test(target))?.[1];
    const name = service === undefined ? undefined : nameValue(firstArgument(args), scan);
    const parameter = PARAMETER_CALL.test(target)
      ? /["'`](?<name>\/[\w./-]+)["'`]/u.exec(args)?.groups?.['name']
      : undefined;
    return [
      ...(service === undefined || name === undefined ? [] : [{ service, name, line, ...clientOf(target, scan) }]),
      ...(parameter === undefined ? [] : [{ service: 'ssm', name: parameter, line }]),
    ];
  });
  return [...listeners, ...options, ...calls];
};
