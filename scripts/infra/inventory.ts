/** The inventory of both stacks as a document: what is made, what for, under which key, and what makes it cost. */
import { format, resolveConfig } from 'prettier';

import { ALLOWED_TYPES, type AllowedType, EXPECTED_OF_PLUGINS } from '../../infra/policy/allowed-types.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { countTree, isManaged } from './print-tree.ts';
import type { StackRecording } from './record-stack.ts';

/** Where people look for a resource: most have a name of their own, the others are known by their name in the program. */
const shownName = ({ inputs, name }: RecordedResource): string => {
  const physical = inputs['indexName'] ?? inputs['name'] ?? inputs['vectorBucketName'];
  return typeof physical === 'string' && physical !== 'gate' && physical !== 'least-privilege' ? physical : name;
};

const holdsText = (value: unknown, text: string): boolean =>
  typeof value === 'string' ? value === text : Object.values(value ?? {}).some((inner) => holdsText(inner, text));

/** The alias of the key that the resource names as its own. */
const keyAlias = (recording: StackRecording, resource: RecordedResource): string | undefined => {
  const alias = recording.resources
    .filter(({ type }) => type === 'aws:kms/alias:Alias')
    .find(({ inputs }) => {
      const key = recording.resources.find(
        ({ id, type }) => type === 'aws:kms/key:Key' && id === inputs['targetKeyId'],
      );
      return key !== undefined && holdsText(resource.inputs, String(key.outputs['arn']));
    });
  return alias === undefined ? undefined : String(alias.inputs['name']);
};

const keyCell = (recording: StackRecording, resource: RecordedResource, { atRest }: AllowedType): string => {
  switch (atRest) {
    case 'own key':
      return `\`${keyAlias(recording, resource) ?? 'NONE'}\``;
    case 'AWS key':
      return 'an AWS key';
    case 'nothing':
      return '–';
  }
};

const REFUSED: AllowedType = { purpose: 'REFUSED by the policy pack', atRest: 'nothing', cost: 'free' };

const rowOf = (recording: StackRecording, resource: RecordedResource): string => {
  const allowed = ALLOWED_TYPES.get(resource.type) ?? REFUSED;
  const name = `\`${shownName(resource)}\``;
  const key = keyCell(recording, resource, allowed);
  return `| ${name} | \`${resource.type}\` | ${allowed.purpose} | ${key} | ${allowed.cost} |`;
};

const rowsOf = (recording: StackRecording): readonly string[] =>
  recording.resources
    .filter(isManaged)
    .toSorted((left, right) => left.type.localeCompare(right.type) || left.name.localeCompare(right.name))
    .map((resource) => rowOf(recording, resource));

const TABLE_HEAD = ['| Name | Type | Purpose | Key of what it stores | Costs |', '| --- | --- | --- | --- | --- |'];

const sectionOf = (recording: StackRecording): readonly string[] => {
  const counts = countTree(recording.resources);
  return [
    `## Stack \`${recording.stack}\` in ${recording.region}`,
    '',
    `${counts.managed} resources in the Region, ${counts.protected} of them protected from deletion; ${counts.components} groups of the program hold them.`,
    '',
    ...TABLE_HEAD,
    ...rowsOf(recording),
    '',
  ];
};

const isListed = (resource: RecordedResource): boolean => isManaged(resource) || resource.remote === true;

const expectedRows = (): readonly string[] =>
  [...EXPECTED_OF_PLUGINS].map(
    ([type, { count, purpose }]) => `| expected: ${count} | \`${type}\` | ${purpose} | – | free |`,
  );

/** What the same stack has in an isolated network and with its peer in another account, beside what is listed above. */
const shapesOf = (ordinary: StackRecording, shaped: StackRecording): readonly string[] => {
  const known = new Set(ordinary.resources.map(({ urn }) => urn));
  const added = shaped.resources
    .filter((resource) => isListed(resource) && !known.has(resource.urn))
    .toSorted((left, right) => left.type.localeCompare(right.type) || left.name.localeCompare(right.name));
  return [
    `## What an isolated network and a second account add to the stack \`${shaped.stack}\``,
    '',
    'With `twinmap:network: isolated`, a VPC that is made here, peering, and `twinmap:peerAccountId`. What is marked as expected is made by the plugin of `awsx:ec2:Vpc`, for two zones: the program does not declare it, and only a real engine sees it.',
    '',
    ...TABLE_HEAD,
    ...added.map((resource) => rowOf(shaped, resource)),
    ...expectedRows(),
    '',
  ];
};

const INTRODUCTION = [
  '# Inventory',
  '',
  'What each stack makes, from a run of the Pulumi program with the example settings (`Pulumi.primary.yaml`, `Pulumi.secondary.yaml`). Generated: `npm run inventory` writes this file, and a test fails where it is stale.',
  '',
  'Name: as AWS shows it, or as the program calls it where AWS has none. Key: the alias of the customer-managed KMS key; "an AWS key" protects code, names and the gate document, no payloads; "–" stores nothing. Costs: what the price depends on, beyond data transfer.',
  '',
];

export interface Recordings {
  readonly primary: StackRecording;
  readonly secondary: StackRecording;
  /** The primary in an isolated network, its peer in another account. */
  readonly shaped: StackRecording;
}

export const inventoryText = async ({ primary, secondary, shaped }: Recordings, file: string): Promise<string> => {
  const text = [...INTRODUCTION, ...sectionOf(primary), ...sectionOf(secondary), ...shapesOf(primary, shaped)].join(
    '\n',
  );
  return format(text, { ...(await resolveConfig(file)), filepath: file });
};
