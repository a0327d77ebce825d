/** The inventory of both stacks as a document: what is made, what for, under which key, and what makes it cost. */
import { format, resolveConfig } from 'prettier';

import { ALLOWED_TYPES, type AllowedType } from '../../infra/policy/allowed-types.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { countTree, isManaged } from './print-tree.ts';
import type { StackRecording } from './record-stack.ts';

/** Where people look for a resource: most have a name, the others are known by what they connect. */
const shownName = ({ inputs, name }: RecordedResource): string => {
  const physical = inputs['name'] ?? inputs['vectorBucketName'] ?? inputs['indexName'];
  return typeof physical === 'string' && physical !== 'gate' && physical !== 'least-privilege' ? physical : name;
};

const holdsText = (value: unknown, text: string): boolean =>
  typeof value === 'string' ? value === text : Object.values(value ?? {}).some((inner) => holdsText(inner, text));

/** Aliases of the keys that the resources name as their own. */
const keyAliases = (recording: StackRecording, group: readonly RecordedResource[]): readonly string[] =>
  recording.resources
    .filter(({ type }) => type === 'aws:kms/alias:Alias')
    .filter((alias) => {
      const key = recording.resources.find(({ id }) => id === alias.inputs['targetKeyId']);
      return group.some(({ inputs }) => holdsText(inputs, String(key?.outputs['arn'])));
    })
    .map(({ inputs }) => String(inputs['name']));

const keyCell = (recording: StackRecording, group: readonly RecordedResource[], allowed: AllowedType): string => {
  switch (allowed.atRest) {
    case 'own key':
      return keyAliases(recording, group)
        .map((alias) => `\`${alias}\``)
        .join(', ');
    case 'AWS key':
      return 'owned by AWS';
    case 'nothing':
      return '–';
  }
};

const rowsOf = (recording: StackRecording): readonly string[] => {
  const groups = Map.groupBy(recording.resources.filter(isManaged), ({ type }) => type);
  return [...groups]
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([type, group]) => {
      const allowed: AllowedType = ALLOWED_TYPES.get(type) ?? {
        purpose: 'REFUSED by the policy pack',
        atRest: 'nothing',
        cost: 'free',
      };
      const names = group
        .map((resource) => `\`${shownName(resource)}\``)
        .toSorted((left, right) => left.localeCompare(right));
      const key = keyCell(recording, group, allowed);
      return `| \`${type}\` | ${group.length} | ${names.join('<br>')} | ${allowed.purpose} | ${key} | ${allowed.cost} |`;
    });
};

const sectionOf = (recording: StackRecording): readonly string[] => {
  const counts = countTree(recording.resources);
  return [
    `## Stack \`${recording.stack}\` in ${recording.region}`,
    '',
    `${counts.managed} resources in the Region, ${counts.protected} of them protected from deletion; ${counts.components} groups of the program hold them.`,
    '',
    '| Type | Count | Names | Purpose | Key of what it stores | Costs |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rowsOf(recording),
    '',
  ];
};

const INTRODUCTION = [
  '# Inventory',
  '',
  'What each stack makes, from a run of the Pulumi program with the example settings (`Pulumi.primary.yaml`, `Pulumi.secondary.yaml`). Generated: `npm run inventory` writes this file, and a test fails where it is stale.',
  '',
  'Key: the alias of the customer-managed KMS key; "owned by AWS" holds code, names and the gate document, no payloads; "–" stores nothing. Costs: what the price depends on, beyond data transfer.',
  '',
];

export const inventoryText = async (recordings: readonly StackRecording[], file: string): Promise<string> => {
  const text = [...INTRODUCTION, ...recordings.flatMap((recording) => sectionOf(recording))].join('\n');
  return format(text, { ...(await resolveConfig(file)), filepath: file });
};
