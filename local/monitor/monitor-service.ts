/** The two services that a Pulumi program talks to, over one recording: ResourceMonitor and Engine. */
import { type sendUnaryData, type ServerUnaryCall, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import engineProto from '@pulumi/pulumi/proto/engine_pb.js';
import resourceProto from '@pulumi/pulumi/proto/resource_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import structProto from 'google-protobuf/google/protobuf/struct_pb.js';

import { ProgramError } from './program-error.ts';
import { type Recording, STACK_TYPE } from './recording.ts';
import type { Properties, RegisteredResource } from './registered-resource.ts';
import { plainProperties, secretNames } from './wire-values.ts';

type Unary<Request, Response> = (request: Request) => Response | Promise<Response>;

/** Answers a call; what throws becomes the call's error and, the first time, the run's failure. */
const unary =
  <Request, Response>(recording: Recording, answer: Unary<Request, Response>) =>
  (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void (async () => {
      try {
        callback(null, await answer(call.request));
      } catch (error) {
        const failure = error instanceof Error ? error : new ProgramError(String(error));
        recording.fail(failure);
        callback({ code: status.INTERNAL, details: failure.message });
      }
    })();
  };

const javaScriptOf = (struct: structProto.Struct | undefined): Properties => struct?.toJavaScript() ?? {};

type WireObject = Parameters<typeof structProto.Struct.fromJavaScript>[0];

const structOf = (properties: Properties): structProto.Struct =>
  structProto.Struct.fromJavaScript(properties as WireObject);

const whereSet = <K extends string>(key: K, text: string): Partial<Record<K, string>> =>
  text === '' ? {} : ({ [key]: text } as Record<K, string>);

const providersOf = (request: resourceProto.RegisterResourceRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(request.getProvidersMap().toArray());

const registeredResource = (
  recording: Recording,
  request: resourceProto.RegisterResourceRequest,
): RegisteredResource => {
  const raw = javaScriptOf(request.getObject());
  return {
    urn: recording.urnOf(request.getType(), request.getName(), request.getParent()),
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    ...(request.getRemote() ? { remote: true, providers: providersOf(request) } : {}),
    ...whereSet('parent', request.getParent()),
    inputs: plainProperties(raw, recording.options.rootDirectory),
    secretInputs: secretNames(raw),
    ...whereSet('provider', request.getProvider()),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    dependencies: request.getDependenciesList().toSorted((left, right) => left.localeCompare(right)),
  };
};

const register =
  (recording: Recording): Unary<resourceProto.RegisterResourceRequest, resourceProto.RegisterResourceResponse> =>
  async (request) => {
    const resource = registeredResource(recording, request);
    const made = await recording.register(resource);
    const response = new resourceProto.RegisterResourceResponse();
    response.setUrn(resource.urn);
    response.setId(made.id);
    // The raw inputs go back as they came, so that secrets stay secret and archives stay archives in the program.
    response.setObject(structOf({ ...javaScriptOf(request.getObject()), ...made.outputs }));
    return response;
  };

const registerOutputs =
  (recording: Recording): Unary<resourceProto.RegisterResourceOutputsRequest, emptyProto.Empty> =>
  (request) => {
    const [, , type] = request.getUrn().split('::');
    if (type === STACK_TYPE) {
      recording.outputs = plainProperties(javaScriptOf(request.getOutputs()), recording.options.rootDirectory);
    }
    return new emptyProto.Empty();
  };

/** Nothing is looked up: names are derived, so that a deployment needs no other Region. */
const invoke =
  (recording: Recording): Unary<resourceProto.ResourceInvokeRequest, never> =>
  (request) => {
    const token = request.getTok();
    recording.invokes.push({
      token,
      arguments: plainProperties(javaScriptOf(request.getArgs()), recording.options.rootDirectory),
      ...whereSet('provider', request.getProvider()),
    });
    throw new ProgramError(`The program looks something up (${token}); there is nothing to ask on this machine.`);
  };

const deploymentInfo = (recording: Recording): Unary<emptyProto.Empty, resourceProto.DeploymentInfo> => {
  const { project, stack, preview } = recording.options;
  return () => {
    const info = new resourceProto.DeploymentInfo();
    info.setProject(project);
    info.setStack(stack);
    info.setDryrun(preview);
    info.setSupportedfeaturesList([resourceProto.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS]);
    return info;
  };
};

/** Whatever is not here is answered with UNIMPLEMENTED by gRPC itself. */
export const monitorService = (recording: Recording): UntypedServiceImplementation => ({
  getDeploymentInfo: unary(recording, deploymentInfo(recording)),
  supportsFeature: unary(recording, (request: resourceProto.SupportsFeatureRequest) => {
    const response = new resourceProto.SupportsFeatureResponse();
    response.setHassupport(request.getId() === 'secrets');
    return response;
  }),
  registerResource: unary(recording, register(recording)),
  registerResourceOutputs: unary(recording, registerOutputs(recording)),
  invoke: unary(recording, invoke(recording)),
  signalAndWaitForShutdown: unary(recording, () => new emptyProto.Empty()),
});

const SEVERITIES = {
  [engineProto.LogSeverity.INFO]: 'info',
  [engineProto.LogSeverity.WARNING]: 'warning',
  [engineProto.LogSeverity.ERROR]: 'error',
} as const;

const log =
  (recording: Recording): Unary<engineProto.LogRequest, emptyProto.Empty> =>
  (request) => {
    const severity = request.getSeverity();
    if (severity !== engineProto.LogSeverity.DEBUG) {
      recording.logs.push({ severity: SEVERITIES[severity], message: request.getMessage() });
    }
    return new emptyProto.Empty();
  };

export const engineService = (recording: Recording): UntypedServiceImplementation => {
  let rootUrn = '';
  return {
    log: unary(recording, log(recording)),
    getRootResource: unary(recording, () => {
      const response = new engineProto.GetRootResourceResponse();
      response.setUrn(rootUrn);
      return response;
    }),
    setRootResource: unary(recording, (request: engineProto.SetRootResourceRequest) => {
      rootUrn = request.getUrn();
      return new engineProto.SetRootResourceResponse();
    }),
  };
};
