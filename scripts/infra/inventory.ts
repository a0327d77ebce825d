/** The inventory of both stacks as a document: what is made, what for, under which key, and what makes it cost. */
import { format, resolveConfig } from 'prettier';

import { ALLOWED_TYPES, type AllowedType } from '../../infra/policy/allowed-types.ts';
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

const sectionOf = (recording: StackRecording): readonly string[] => {
  const counts = countTree(recording.resources);
  return [
    `## Stack \`${recording.stack}\` in ${recording.region}`,
    '',
    `${counts.managed} resources in the Region, ${counts.protected} of them protected from deletion; ${counts.components} groups of the program hold them.`,
    '',
    '| Name | Type | Purpose | Key of what it stores | Costs |',
    '| --- | --- | --- | --- | --- |',
    ...rowsOf(recording),
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

export const inventoryText = async (recordings: readonly StackRecording[], file: string): Promise<string> => {
  const text = [...INTRODUCTION, ...recordings.flatMap((recording) => sectionOf(recording))].join('\n');
  return format(text, { ...(await resolveConfig(file)), filepath: file });
};
