/** What must never be declared, one of each kind: planted into a recorded stack, the policy pack has to refuse it by name. */
import type { Properties, RecordedResource } from '../../local/monitor/registered-resource.ts';
import type { StackRecording } from './record-stack.ts';

export interface Plant {
  readonly type: string;
  /** The rule that refuses it, and what its sentence names. */
  readonly refusedBy: string;
  readonly named: string;
  readonly protect?: boolean;
  readonly inputs: (recording: StackRecording) => Properties;
}

const elsewhere = ({ region, peerRegion }: StackRecording): string =>
  peerRegion ?? (region === 'us-west-2' ? 'us-east-2' : 'us-west-2');

/** An ordinary resource of the stack, so that a plant breaks one rule and no other. */
const likeOur = (recording: StackRecording, type: string): Properties =>
  recording.resources.find((resource) => resource.type === type)?.inputs ?? {};

const TABLE = 'aws:dynamodb/table:Table';
const KEY = 'aws:kms/key:Key';
const QUEUE = 'aws:sqs/queue:Queue';

export const PLANTS: Readonly<Record<string, Plant>> = {
  'global-table': {
    type: 'aws:dynamodb/globalTable:GlobalTable',
    refusedBy: 'allowed-types',
    named: 'a DynamoDB global table',
    inputs: (recording) => ({ name: 'planted', replicas: [{ regionName: recording.region }] }),
  },
  replica: {
    type: TABLE,
    refusedBy: 'no-replication',
    named: 'replicas',
    protect: true,
    inputs: (recording) => ({ ...likeOur(recording, TABLE), replicas: [{ propagateTags: true }] }),
  },
  'route53-record': {
    type: 'aws:route53/record:Record',
    refusedBy: 'allowed-types',
    named: 'Route 53',
    inputs: () => ({ zoneId: 'Z0PLANTED', name: 'twinmap.example.com', type: 'A', records: ['10.0.0.1'] }),
  },
  'multi-region-key': {
    type: KEY,
    refusedBy: 'no-replication',
    named: 'a multi-Region KMS key',
    protect: true,
    inputs: (recording) => ({ ...likeOur(recording, KEY), multiRegion: true }),
  },
  'foreign-region': {
    type: QUEUE,
    refusedBy: 'own-region',
    named: 'region is ',
    inputs: (recording) => ({ ...likeOur(recording, QUEUE), region: elsewhere(recording) }),
  },
  'unknown-type': {
    type: 'aws:tomorrow/replicator:Replicator',
    refusedBy: 'allowed-types',
    named: 'unknown to the allow-list',
    inputs: () => ({}),
  },
  'bucket-replication': {
    type: 'aws:s3/bucketReplicationConfig:BucketReplicationConfig',
    refusedBy: 'allowed-types',
    named: 'S3 replication',
    inputs: () => ({ bucket: 'planted' }),
  },
  cloudfront: {
    type: 'aws:cloudfront/distribution:Distribution',
    refusedBy: 'allowed-types',
    named: 'CloudFront',
    inputs: () => ({ enabled: true }),
  },
  'global-accelerator': {
    type: 'aws:globalaccelerator/accelerator:Accelerator',
    refusedBy: 'allowed-types',
    named: 'Global Accelerator',
    inputs: () => ({ enabled: true }),
  },
  'routing-control': {
    type: 'aws:route53recoverycontrol/routingControl:RoutingControl',
    refusedBy: 'allowed-types',
    named: 'Application Recovery Controller',
    inputs: () => ({ name: 'planted' }),
  },
};

/** The recorded stack with the plant in it, as if the program had declared it. */
export const planted = (recording: StackRecording, name: string, plant: Plant): readonly RecordedResource[] => {
  const model = recording.resources.find(({ custom, provider }) => custom && provider !== undefined);
  const stackUrn = recording.resources.find(({ type }) => type === 'pulumi:pulumi:Stack')?.urn;
  return [
    ...recording.resources,
    {
      urn: `urn:pulumi:${recording.stack}::twinmap::${plant.type}::planted-${name}`,
      type: plant.type,
      name: `planted-${name}`,
      custom: true,
      ...(stackUrn === undefined ? {} : { parent: stackUrn }),
      ...(model?.provider === undefined ? {} : { provider: model.provider }),
      inputs: plant.inputs(recording),
      secretInputs: [],
      protect: plant.protect === true,
      retainOnDelete: false,
      deleteBeforeReplace: false,
      ignoreChanges: [],
      dependencies: [],
      id: '',
      outputs: {},
    },
  ];
};
