/**
 * What each role may do: explicit actions on explicit ARNs, the peer's derived like our own. A function may read or write
 * a store only where its code does; nothing here may call a control plane.
 */
import type * as pulumi from '@pulumi/pulumi';

import {
  allow,
  homeKey,
  homeQueueKey,
  interfaceStatements,
  type KeyService,
  owedIndexes,
  type PolicyInputs,
  type Statement,
  type Table,
  tables,
  vectors,
  whereTwo,
} from './grants.ts';
import {
  functionArn,
  type FunctionName,
  logGroupArn,
  modelArn,
  queueArn,
  regionalArn,
  type RegionNames,
  viaService,
} from './names.ts';

export type { PolicyInputs, Statement } from './grants.ts';

const gateRead = (inputs: PolicyInputs): Statement =>
  allow('Gate', ['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'], [inputs.gateArn]);

const logs = (names: RegionNames, name: FunctionName): Statement =>
  allow('Logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`${logGroupArn(names, name)}:*`]);

const sendToSync = (names: RegionNames): Statement =>
  allow('SendToSync', ['sqs:SendMessage'], [queueArn(names, names.syncQueue)]);

/** What the Lambda service does with the queue in the function's name. */
const receiveFromSync = (names: RegionNames): Statement =>
  allow(
    'ReceiveFromSync',
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    [queueArn(names, names.syncQueue)],
  );

/**
 * Sources name their secrets while the Region runs, so the grant is of a prefix and not of names. The secrets that the stack
 * declares besides have a grant and a policy of their own.
 */
const secretsRead = ({ home, keyArn }: PolicyInputs): readonly Statement[] => [
  allow('SourceSecrets', ['secretsmanager:GetSecretValue'], [regionalArn(home, 'secretsmanager', 'secret:twinmap/*')]),
  {
    ...allow('SourceSecretsKey', ['kms:Decrypt'], [keyArn]),
    Condition: { StringEquals: { 'kms:ViaService': viaService(home, 'secretsmanager') } },
  },
];

/** The `GATE` record is local: read, and written where a higher epoch was seen. */
const gateRecord = (names: RegionNames): Statement =>
  tables('GateRecord', names, ['GetItem', 'PutItem'], ['workspaces']);

/** Claim and commit are updates; every other record is put. Settling reads and sends in both directions. */
const SYNC_TABLE_ACTIONS = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'];

/** New vectors, vectors that settling copies, and the sweep of those that no record lists. */
const SYNC_VECTOR_ACTIONS = ['PutVectors', 'GetVectors', 'ListVectors', 'DeleteVectors'];

const ALL_TABLES: readonly Table[] = ['workspaces', 'audit', 'graph'];

const dispatchStatements = (inputs: PolicyInputs): readonly Statement[] => [
  gateRecord(inputs.home),
  // Sources that people have added, and of those that they removed whether something is left.
  tables('Definitions', inputs.home, ['Query'], ['workspaces']),
  tables('Sources', inputs.home, ['GetItem'], ['graph']),
  gateRead(inputs),
  sendToSync(inputs.home),
  ...homeKey(inputs, ['dynamodb', 'sqs']),
  homeQueueKey(inputs),
];

const syncStatements = (inputs: PolicyInputs): readonly Statement[] => [
  gateRecord(inputs.home),
  tables('HomeTables', inputs.home, [...SYNC_TABLE_ACTIONS, 'DeleteItem'], ['graph']),
  // An audit event is put in both Regions, read back where a reply was lost, and its debt is cleared at home.
  tables('HomeAudit', inputs.home, ['GetItem', 'PutItem', 'UpdateItem'], ['audit']),
  // How much is owed is said in the outcome of a cycle under a declared outage.
  owedIndexes('HomeDebts', inputs.home, ALL_TABLES),
  vectors('HomeVectors', inputs.home, SYNC_VECTOR_ACTIONS),
  gateRead(inputs),
  ...secretsRead(inputs),
  sendToSync(inputs.home),
  receiveFromSync(inputs.home),
  ...homeKey(inputs, ['dynamodb', 's3vectors', 'sqs']),
  homeQueueKey(inputs),
];

/** What people write: settings, keys and votes, and the audit events of it. */
const INTERACTIVE_TABLES: readonly Table[] = ['workspaces', 'audit'];

/** A query that filters or returns metadata needs GetVectors too. */
const apiStatements = (inputs: PolicyInputs): readonly Statement[] => [
  tables('HomeTables', inputs.home, ['GetItem', 'Query'], ALL_TABLES),
  tables('HomeGraph', inputs.home, ['BatchGetItem'], ['graph']),
  // The batches are those of the drain that begins when the peer answers again.
  tables('HomeWrites', inputs.home, ['BatchGetItem', 'PutItem', 'UpdateItem'], INTERACTIVE_TABLES),
  owedIndexes('HomeDebts', inputs.home, ALL_TABLES),
  vectors('HomeVectors', inputs.home, ['QueryVectors', 'GetVectors']),
  gateRead(inputs),
  sendToSync(inputs.home),
  ...homeKey(inputs, ['dynamodb', 's3vectors', 'sqs']),
  homeQueueKey(inputs),
];

/** Reads what is owed, sends it to the peer, clears the debt. Documents and sources are read again before they go. */
const drainStatements = (inputs: PolicyInputs): readonly Statement[] => [
  tables('HomeTables', inputs.home, ['BatchGetItem', 'UpdateItem'], ALL_TABLES),
  tables('HomeSources', inputs.home, ['GetItem', 'Query'], ['graph']),
  owedIndexes('HomeDebts', inputs.home, ALL_TABLES),
  vectors('HomeVectors', inputs.home, ['GetVectors']),
  ...homeKey(inputs, ['dynamodb', 's3vectors']),
];

/** Only here and in a sweep may a record be deleted, and only a settled tombstone or a local item is. */
const repairStatements = (inputs: PolicyInputs): readonly Statement[] => [
  tables(
    'HomeTables',
    inputs.home,
    ['GetItem', 'BatchGetItem', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem'],
    ALL_TABLES,
  ),
  // The nodes of old proofs, and what a source still owes.
  tables('HomePartitions', inputs.home, ['Query'], ['workspaces', 'graph']),
  owedIndexes('HomeDebts', inputs.home, ALL_TABLES),
  vectors('HomeVectors', inputs.home, ['GetVectors', 'ListVectors', 'PutVectors']),
  ...homeKey(inputs, ['dynamodb', 's3vectors']),
];

/** A listing that returns data or metadata needs GetVectors too. */
const proofStatements = (inputs: PolicyInputs): readonly Statement[] => [
  tables('HomeTables', inputs.home, ['Scan'], ALL_TABLES),
  vectors('HomeVectors', inputs.home, ['ListVectors', 'GetVectors']),
  ...homeKey(inputs, ['dynamodb', 's3vectors']),
];

/** Seals this Region's events into its chain, signs the head, keeps the peer's. */
const auditStatements = (inputs: PolicyInputs): readonly Statement[] => [
  tables('HomeGateRecord', inputs.home, ['GetItem'], ['workspaces']),
  tables('HomeTables', inputs.home, ['GetItem', 'Query', 'PutItem', 'UpdateItem'], ['audit']),
  allow('SignHeads', ['kms:Sign', 'kms:GetPublicKey'], [inputs.signingKeyArn]),
  ...homeKey(inputs, ['dynamodb']),
];

const STATEMENTS: Readonly<Record<FunctionName, (inputs: PolicyInputs) => readonly Statement[]>> = {
  dispatch: dispatchStatements,
  sync: syncStatements,
  api: apiStatements,
  drain: drainStatements,
  repair: repairStatements,
  proof: proofStatements,
  audit: auditStatements,
};

interface PeerUse {
  /** The services that use the peer's key for the function. */
  readonly services: readonly KeyService[];
  readonly statements: (peer: RegionNames) => readonly Statement[];
}

/** What functions do in the other Region. Those that are not here don't know that there is one. */
const PEER_USES: Readonly<Partial<Record<FunctionName, PeerUse>>> = {
  sync: {
    services: ['dynamodb', 's3vectors'],
    statements: (peer) => [
      tables('PeerTables', peer, SYNC_TABLE_ACTIONS, ['graph']),
      tables('PeerAudit', peer, ['GetItem', 'PutItem'], ['audit']),
      vectors('PeerVectors', peer, SYNC_VECTOR_ACTIONS),
    ],
  },
  api: {
    services: ['dynamodb'],
    statements: (peer) => [
      tables('PeerWrites', peer, ['GetItem', 'PutItem'], INTERACTIVE_TABLES),
      // People are shown both Regions side by side: what the peer has proven, and where its sources stand.
      tables('PeerState', peer, ['BatchGetItem'], ['workspaces']),
      tables('PeerSources', peer, ['Query'], ['graph']),
    ],
  },
  drain: {
    services: ['dynamodb', 's3vectors'],
    statements: (peer) => [
      tables('PeerTables', peer, ['GetItem', 'PutItem'], ALL_TABLES),
      tables('PeerSources', peer, ['UpdateItem'], ['graph']),
      vectors('PeerVectors', peer, ['PutVectors']),
    ],
  },
  repair: {
    services: ['dynamodb', 's3vectors'],
    statements: (peer) => [
      tables('PeerTables', peer, ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'], ALL_TABLES),
      tables('PeerSources', peer, ['Query'], ['graph']),
      vectors('PeerVectors', peer, ['GetVectors', 'PutVectors']),
    ],
  },
  audit: {
    services: ['dynamodb'],
    statements: (peer) => [tables('PeerTables', peer, ['GetItem', 'PutItem'], ['audit'])],
  },
};

export const isReachingPeer = (name: FunctionName): boolean => PEER_USES[name] !== undefined;

/** What the function does with the other Region's stores. */
export const peerGrants = (name: FunctionName, peer: RegionNames): readonly Statement[] =>
  PEER_USES[name]?.statements(peer) ?? [];

/** In another account the function takes on a role of that account, and has no grants there of its own. */
const peerPart = (name: FunctionName, inputs: PolicyInputs): readonly Statement[] => {
  const use = PEER_USES[name];
  if (use === undefined || inputs.peer === undefined) {
    return [];
  }
  return inputs.peerRoleArn === undefined
    ? whereTwo(inputs, use.services, use.statements)
    : [allow('BecomePeer', ['sts:AssumeRole'], [inputs.peerRoleArn])];
};

const EMBEDDING: ReadonlySet<FunctionName> = new Set(['sync', 'api']);

const embedding = (name: FunctionName, { home, embeddingModel }: PolicyInputs): readonly Statement[] =>
  embeddingModel !== undefined && EMBEDDING.has(name)
    ? [allow('Embed', ['bedrock:InvokeModel'], [modelArn(home, embeddingModel)])]
    : [];

/** AWS knows no resource for it: what is asked about is the text in the request. */
const detecting = (name: FunctionName, { detectsPersonalData }: PolicyInputs): readonly Statement[] =>
  detectsPersonalData === true && name === 'sync'
    ? [allow('DetectPersonalData', ['comprehend:DetectPiiEntities'], ['*'])]
    : [];

export const functionStatements = (name: FunctionName, inputs: PolicyInputs): readonly Statement[] => [
  ...STATEMENTS[name](inputs),
  ...peerPart(name, inputs),
  ...embedding(name, inputs),
  ...detecting(name, inputs),
  logs(inputs.home, name),
  ...(inputs.isInVpc === true ? interfaceStatements(inputs.home, name) : []),
];

/** What the schedules call. */
const SCHEDULED: readonly FunctionName[] = ['dispatch', 'drain', 'repair', 'audit'];

/** The schedules call their functions, and keep what they could not deliver. */
export const schedulerStatements = (names: RegionNames, keyArn: pulumi.Input<string>): readonly Statement[] => [
  allow(
    'Call',
    ['lambda:InvokeFunction'],
    SCHEDULED.map((name) => functionArn(names, name)),
  ),
  allow('DeadLetters', ['sqs:SendMessage'], [queueArn(names, names.scheduleDeadLetterQueue)]),
  {
    ...allow('HomeKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [keyArn]),
    Condition: { StringEquals: { 'kms:ViaService': viaService(names, 'sqs') } },
  },
];

export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/** Only the service, and only for this account: another account's resource must not act through our role. */
export const trustOf = (names: RegionNames, service: 'lambda' | 'scheduler'): TrustPolicy => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Service',
      Effect: 'Allow',
      Principal: { Service: `${service}.amazonaws.com` },
      Action: 'sts:AssumeRole',
      ...(service === 'scheduler' ? { Condition: { StringEquals: { 'aws:SourceAccount': names.accountId } } } : {}),
    },
  ],
});
