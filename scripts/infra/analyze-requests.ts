/** Recorded resources as the engine puts them to an analyzer: archives and unknown values in their signed wrappers again. */
import analyzerProto from '@pulumi/pulumi/proto/analyzer_pb.js';
import structProto from 'google-protobuf/google/protobuf/struct_pb.js';

import type { Properties, RecordedResource } from '../../local/monitor/registered-resource.ts';
import { UNKNOWN, WIRE_UNKNOWN } from '../../local/monitor/wire-values.ts';

const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';

const wireValue = (value: unknown): unknown => {
  if (value === UNKNOWN) {
    return WIRE_UNKNOWN;
  }
  if (Array.isArray(value)) {
    return value.map((item) => wireValue(item));
  }
  return typeof value === 'object' && value !== null ? wireObject(value) : value;
};

const wireObject = (properties: object): Properties =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, wireValue(value)]));

type WireObject = Parameters<typeof structProto.Struct.fromJavaScript>[0];

const structOf = (resource: RecordedResource): structProto.Struct => {
  const properties = wireObject(resource.inputs);
  const code = resource.inputs['code'];
  const wire =
    resource.type === 'aws:lambda/function:Function' && typeof code === 'string'
      ? { ...properties, code: { [SIGNATURE_KEY]: ARCHIVE, path: code } }
      : properties;
  return structProto.Struct.fromJavaScript(wire as WireObject);
};

const optionsOf = (resource: RecordedResource): analyzerProto.AnalyzerResourceOptions =>
  new analyzerProto.AnalyzerResourceOptions()
    .setProtect(resource.protect)
    .setIgnorechangesList([...resource.ignoreChanges])
    .setDeletebeforereplace(resource.deleteBeforeReplace)
    .setDeletebeforereplacedefined(true)
    .setParent(resource.parent ?? '');

/** A provider is referred to as `<urn>::<id>`. */
const providerOf = (
  resource: RecordedResource,
  all: readonly RecordedResource[],
): analyzerProto.AnalyzerProviderResource | undefined => {
  const { provider } = resource;
  const made = all.find(({ urn }) => provider?.startsWith(`${urn}::`) === true);
  return made === undefined
    ? undefined
    : new analyzerProto.AnalyzerProviderResource()
        .setType(made.type)
        .setUrn(made.urn)
        .setName(made.name)
        .setProperties(structOf(made));
};

export const analyzeRequests = (resources: readonly RecordedResource[]): readonly analyzerProto.AnalyzeRequest[] =>
  resources.map((resource) =>
    new analyzerProto.AnalyzeRequest()
      .setType(resource.type)
      .setUrn(resource.urn)
      .setName(resource.name)
      .setProperties(structOf(resource))
      .setOptions(optionsOf(resource))
      .setProvider(providerOf(resource, resources)),
  );

export const stackRequest = (resources: readonly RecordedResource[]): analyzerProto.AnalyzeStackRequest =>
  new analyzerProto.AnalyzeStackRequest().setResourcesList(
    resources.map((resource) =>
      new analyzerProto.AnalyzerResource()
        .setType(resource.type)
        .setUrn(resource.urn)
        .setName(resource.name)
        .setProperties(structOf(resource))
        .setOptions(optionsOf(resource))
        .setProvider(providerOf(resource, resources))
        .setParent(resource.parent ?? '')
        .setDependenciesList([...resource.dependencies]),
    ),
  );
