/** What each role may do, as Markdown, from the functions that make the policies (`infra/policies.ts`): nothing is written down twice. */
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import { FUNCTION_NAMES, namesOf, type RegionNames } from '../../infra/names.ts';
import { functionStatements, schedulerStatements, type Statement } from '../../infra/policies.ts';

const regionNamed = (name: string): RegionName => {
  const region = parseRegion(name);
  if (region === undefined) {
    throw new InvariantError(`${name} is no Region`);
  }
  return region;
};

const ACCOUNT = '111122223333';
const HOME = namesOf(regionNamed('us-east-2'), ACCOUNT);
const PEER = namesOf(regionNamed('us-west-2'), ACCOUNT);
const KEY = 'HOME-KEY';
const SIGNING_KEY = 'SIGNING-KEY';
const GATE = 'GATE';

/** Of the id that AWS gives nothing is known here; what is told is which thing of which Region it is. */
const SHORT: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^HOME-KEY$/u, 'the key'],
  [/^SIGNING-KEY$/u, 'the signing key'],
  [/^GATE$/u, 'the gate'],
  [/^.*:table\/[^/]*-(?<table>\w+)\/index\/(?<index>\w+)$/u, 'table $<table>, index $<index>'],
  [/^.*:table\/[^/]*-(?<table>\w+)$/u, 'table $<table>'],
  [/^.*:bucket\/.*$/u, 'the vector index'],
  [/^.*:log-group:.*$/u, 'its own log'],
  [/^.*:foundation-model\/(?<model>.*)$/u, 'model $<model>'],
  [/^.*:function:[^:]*-(?<name>\w+)$/u, 'function $<name>'],
  [/^.*:sqs:.*:twinmap-[a-z]+-[a-z]+-\d-(?<name>[\w-]+?)(?:\.fifo)?$/u, 'queue $<name>'],
  [/^.*:key\/\*$/u, 'the key'],
];

const shortOf = (text: string): string => {
  const found = SHORT.find(([pattern]) => pattern.test(text));
  return found === undefined ? text : text.replace(found[0], found[1]);
};

const resourceOf = (value: unknown, peer: RegionNames): string => {
  const text = typeof value === 'string' ? value : '(known when it is made)';
  return `${text.includes(`:${peer.region}:`) ? 'peer: ' : ''}${shortOf(text)}`;
};

const conditionOf = ({ Condition }: Statement): string => {
  const keys = Object.values(Condition ?? {}).flatMap((tests) => Object.keys(tests));
  return keys.length === 0 ? '' : ` (under ${keys.map((key) => `\`${key}\``).join(', ')})`;
};

const rowOf = (role: string, statement: Statement): string => {
  const actions = statement.Action.map((action) => `\`${action}\``).join(', ');
  const resources = [...new Set(statement.Resource.map((resource) => resourceOf(resource, PEER)))].join(', ');
  const effect = statement.Effect === 'Deny' ? '**denied**: ' : '';
  return `| ${role} | ${effect}${actions} | ${resources}${conditionOf(statement)} |`;
};

/** For two Regions in one account, with Bedrock: the widest that any shape grants in the `service` network. */
export const roleText = (): string => {
  const inputs = {
    home: HOME,
    peer: PEER,
    keyArn: KEY,
    signingKeyArn: SIGNING_KEY,
    gateArn: GATE,
    embeddingModel: 'amazon.titan-embed-text-v2:0',
  };
  const rows = [
    ...FUNCTION_NAMES.flatMap((name) => functionStatements(name, inputs).map((statement) => rowOf(name, statement))),
    ...schedulerStatements(HOME, KEY).map((statement) => rowOf('schedules', statement)),
  ];
  return ['| role | may | on |', '| --- | --- | --- |', ...rows].join('\n');
};
