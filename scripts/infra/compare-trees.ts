/**
 * Whether two stacks declare the same but for who they are: Regions, roles, ids, and settings that differ by design (each
 * stack's own VPC, certificate, names). Everything else that differs is a Region that would behave differently.
 */
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import type { StackRecording } from './record-stack.ts';

export interface TreeComparison {
  readonly equal: boolean;
  /** Logical names with their types: in one stack only, or declared differently. */
  readonly differences: readonly string[];
}

/** Shorter texts would be found everywhere. */
const TEXT_MIN = 6;

const textsIn = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => textsIn(inner));

const listIn = (text: string): readonly string[] => {
  try {
    return textsIn(JSON.parse(text));
  } catch {
    return [];
  }
};

/** What only this stack has, with what it is to either stack. */
const ownTexts = (recording: StackRecording, other: StackRecording): readonly (readonly [string, string])[] => {
  const settings = Object.entries(recording.config)
    .filter(([key, text]) => text !== other.config[key])
    .flatMap(([key, text]) => [text, ...listIn(text)].map((own, place) => [own, `<${key} ${place}>`] as const));
  const made = recording.resources.flatMap(({ name, id, outputs }) =>
    [id, ...textsIn(outputs)].map((own, place) => [own, `<made for ${name} ${place}>`] as const),
  );
  return [...made, ...settings]
    .filter(([own]) => own.length >= TEXT_MIN && own !== recording.region && own !== recording.peerRegion)
    .toSorted(([left], [right]) => right.length - left.length);
};

const PEERING = 'aws:ec2/vpcPeeringConnection:VpcPeeringConnection';
const ACCEPTER = 'aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter';

/** The two ends of one peering: one Region asks, the other one accepts, whoever has which role. */
const asOneEnd = (resource: RecordedResource): RecordedResource =>
  resource.type === PEERING || resource.type === ACCEPTER
    ? { ...resource, type: PEERING, urn: resource.urn.replace(ACCEPTER, PEERING), inputs: {}, dependencies: [] }
    : resource;

const declared = (resource: RecordedResource): string => {
  const { urn, type, parent, inputs, provider, protect, deleteBeforeReplace, ignoreChanges, dependencies } = resource;
  return JSON.stringify({
    urn,
    type,
    parent,
    inputs,
    provider,
    protect,
    deleteBeforeReplace,
    ignoreChanges,
    dependencies: dependencies.map((one) => one.replace(ACCEPTER, PEERING)),
  });
};

const neutral = (recording: StackRecording, other: StackRecording): ReadonlyMap<string, string> => {
  const own = ownTexts(recording, other);
  const rename = (text: string): string =>
    own
      .reduce((result, [from, to]) => result.replaceAll(from, to), text)
      .replaceAll(recording.region, '<home>')
      .replaceAll(other.region, '<peer>')
      .replaceAll(/\b(?:primary|secondary)\b/gu, '<stack>')
      // Who works is said by the gate, and never by both.
      .replaceAll(/(?<start>is_active_for_scheduled_work\W+)(?:true|false)/gu, '$<start><gate>');
  return new Map(
    recording.resources
      .map(asOneEnd)
      .map((resource) => [rename(`${resource.name} (${resource.type})`), rename(declared(resource))]),
  );
};

export const compareTrees = (left: StackRecording, right: StackRecording): TreeComparison => {
  const leftTree = neutral(left, right);
  const rightTree = neutral(right, left);
  const differences = [...new Set([...leftTree.keys(), ...rightTree.keys()])]
    .filter((name) => leftTree.get(name) !== rightTree.get(name))
    .map((name) => {
      const only = leftTree.has(name) ? (rightTree.has(name) ? undefined : left.stack) : right.stack;
      return only === undefined ? `${name} differs` : `${name} is in ${only} only`;
    });
  return { equal: differences.length === 0, differences };
};
