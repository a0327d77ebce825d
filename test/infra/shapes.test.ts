/** Isolated networks and two accounts as the engine sees them, through the real language host, without a cloud. */
import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { parseStoresEnvironment } from '../../functions/handlers/environment.ts';
import { FUNCTION_NAMES, namesOf } from '../../infra/names.ts';
import { peerRoleStatements, REACHING_PEER } from '../../infra/peer-policies.ts';
import { peerGrants } from '../../infra/policies.ts';
import type { RecordedResource } from '../../local/monitor/registered-resource.ts';
import { emptyBundles, runStack, type StackRun } from './run-stack.ts';

const OTHER = '444455556666';
const iam = (account: string, resource: string): string => ['arn', 'aws', 'iam', '', account, resource].join(':');
const OWN_KEY = ['arn', 'aws', 'kms', 'us-east-2', '111122223333', 'key/0a1b2c3d-1111-4222-8333-0a1b2c3d4e5f'].join(
  ':',
);
const BOUNDARY = iam('111122223333', 'policy/boundary');
const LENT = iam(OTHER, 'role/twinmap-us-west-2-peer');

const peerEndpoints = (region: string): string =>
  JSON.stringify({
    dynamodb: `https://vpce-1.dynamodb.${region}.vpce.amazonaws.com`,
    s3vectors: `https://vpce-2.s3vectors.${region}.vpce.amazonaws.com`,
  });

/** Everything at once: a VPC that is made, the peer in another account, Bedrock, and what the customer's rules demand. */
const FULL = {
  'twinmap:network': 'isolated',
  'twinmap:vpcId': '',
  'twinmap:subnetIds': '[]',
  'twinmap:vpcCidr': '10.40.0.0/16',
  'twinmap:peerVpcCidr': '10.41.0.0/16',
  'twinmap:peerVpcId': 'vpc-0a1b2c3d',
  'twinmap:peerEndpoints': peerEndpoints('us-west-2'),
  'twinmap:peerAccountId': OTHER,
  'twinmap:gitHosts': '["github.com","git.example.com"]',
  'twinmap:egress': 'proxy',
  'twinmap:egressProxy': 'http://proxy.example.com:3128',
  'twinmap:egressProxyCidr': '10.40.9.0/28',
  'twinmap:embedder': 'bedrock',
  'twinmap:embeddingDimensions': '512',
  'twinmap:comprehend': 'true',
  'twinmap:secrets': '["twinmap/github"]',
  'twinmap:kmsKeyArn': OWN_KEY,
  'twinmap:permissionsBoundaryArn': BOUNDARY,
  'twinmap:accessLogsBucket': 'access-logs-us-east-2',
};

/** The other end: the customer's own VPC, one account. */
const OWN_VPC = {
  'twinmap:network': 'isolated',
  'twinmap:routeTableIds': '["rtb-0a1b2c3d","rtb-0a1b2c3e"]',
  'twinmap:vpcCidr': '10.41.0.0/16',
  'twinmap:peerVpcCidr': '10.40.0.0/16',
  'twinmap:peeringConnectionId': 'pcx-0a1b2c3d',
  'twinmap:peerEndpoints': peerEndpoints('us-east-2'),
  'twinmap:endpointsInPlace': '["sqs"]',
};

const region = (text: string): RegionName => {
  const parsed = parseRegion(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no Region`);
  }
  return parsed;
};

let functionsDirectory: string;
let full: StackRun;
let swapped: StackRun;
let ownVpc: StackRun;

beforeAll(async () => {
  functionsDirectory = await emptyBundles();
  const roles = { 'twinmap:role': 'secondary', 'twinmap:isActiveForScheduledWork': 'false', 'twinmap:gateEpoch': '2' };
  [full, swapped, ownVpc] = await Promise.all([
    runStack('primary', functionsDirectory, FULL),
    runStack('primary', functionsDirectory, { ...FULL, ...roles }),
    runStack('secondary', functionsDirectory, OWN_VPC),
  ]);
}, 120_000);

afterAll(async () => {
  await rm(functionsDirectory, { recursive: true, force: true });
});

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

const statementsIn = (resource: RecordedResource, key = 'policy'): readonly Statement[] =>
  (JSON.parse(String(resource.inputs[key])) as { Statement: readonly Statement[] }).Statement;

const roleStatements = (run: StackRun, name: string): readonly Statement[] =>
  statementsIn(run.one(`roles-${name}-policy`));

const endpoints = (run: StackRun): readonly RecordedResource[] => run.ofType('aws:ec2/vpcEndpoint:VpcEndpoint');

const servicesOf = (run: StackRun): readonly string[] =>
  endpoints(run)
    .map(({ inputs }) => `${String(inputs['serviceName']).split('.')[3] ?? ''} ${String(inputs['vpcEndpointType'])}`)
    .toSorted();

const waysOut = (run: StackRun): readonly string[] =>
  run
    .ofType('aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule')
    .map(({ inputs }) => {
      const target = inputs['cidrIpv4'] ?? inputs['prefixListId'] ?? inputs['referencedSecurityGroupId'];
      return `${String(target).replace(/^(?<kind>pl|sg)-.*$/u, '$<kind>')} ${String(inputs['toPort'])}`;
    })
    .toSorted();

describe('a VPC that is made', () => {
  it('is asked of awsx without NAT, with private subnets only, through the one explicit provider', () => {
    const vpc = full.one('network-vpc');
    const home = full.one('home');
    expect(vpc).toMatchObject({ type: 'awsx:ec2:Vpc', remote: true, providers: { aws: `${home.urn}::${home.id}` } });
    expect(vpc.inputs).toEqual({
      cidrBlock: '10.40.0.0/16',
      enableDnsHostnames: true,
      enableDnsSupport: true,
      natGateways: { strategy: 'None' },
      numberOfAvailabilityZones: 2,
      subnetSpecs: [{ type: 'Isolated', name: 'private' }],
      subnetStrategy: 'Auto',
    });
    expect(full.one('api-front').inputs['subnets']).toEqual(vpc.outputs['isolatedSubnetIds']);
  });

  it('is not there where the customer has one', () => {
    expect(ownVpc.ofType('awsx:ec2:Vpc')).toEqual([]);
    expect(ownVpc.one('network-endpoints-dynamodb-gateway').inputs).toMatchObject({
      vpcId: 'vpc-0a1b2c3d4e5f60002',
      routeTableIds: ['rtb-0a1b2c3d', 'rtb-0a1b2c3e'],
    });
  });
});

describe('the endpoints of an isolated network', () => {
  it('are one for each service that a function calls, and DynamoDB once by route and once for the peer', () => {
    const always = [
      'appconfigdata Interface',
      'dynamodb Gateway',
      'dynamodb Interface',
      'kms Interface',
      's3vectors Interface',
      // Which secrets the sources name is data: nobody knows beforehand that there are none.
      'secretsmanager Interface',
    ];
    expect(servicesOf(full)).toEqual(
      [...always, 'bedrock-runtime Interface', 'comprehend Interface', 'sqs Interface', 'sts Interface'].toSorted(),
    );
    // The VPC has one for queues already.
    expect(servicesOf(ownVpc)).toEqual(always.toSorted());
  });

  it('never have a private name for DynamoDB, and have one for everything else', () => {
    const named = endpoints(full).filter(({ inputs }) => inputs['privateDnsEnabled'] === true);
    expect(named.map(({ name }) => name).filter((name) => name.includes('dynamodb'))).toEqual([]);
    expect(named).toHaveLength(8);
  });

  it('let through what the roles grant, to these roles and to nobody else', () => {
    for (const endpoint of endpoints(full)) {
      for (const { Principal, Action, Resource, Condition } of statementsIn(endpoint)) {
        expect(Principal).toBe('*');
        expect(JSON.stringify(Condition)).toMatch(
          /^\{"StringEquals":\{"aws:PrincipalArn":\["arn:aws:iam::111122223333:role\/twinmap-us-east-2-/u,
        );
        // What Comprehend is asked about has no name.
        const isNameless = Action.join(' ') === 'comprehend:DetectPiiEntities';
        const isPrefix = (text: string): boolean => text.endsWith(':secret:twinmap/*');
        const named = (isNameless ? [] : Resource).filter((text) => !isPrefix(text));
        expect([...Action, ...named].filter((text) => text.endsWith('*'))).toEqual([]);
      }
    }
    const [own, peer] = statementsIn(full.one('network-endpoints-dynamodb'));
    expect(own?.Action).toContain('dynamodb:Scan');
    expect(JSON.stringify(peer?.Condition)).toContain('role/twinmap-us-east-2-peer"]');
    expect(JSON.stringify(statementsIn(ownVpc.one('network-endpoints-s3vectors'))[1]?.Condition)).toContain(
      'role/twinmap-us-east-2-sync',
    );
  });

  it('tell the peer their addresses', () => {
    expect(full.result.outputs).toMatchObject({
      endpointsForPeer: {
        dynamodb: expect.stringMatching(/^https:\/\/vpce-\S+\.dynamodb\.us-east-2\.vpce\.amazonaws\.com$/u) as string,
        s3vectors: expect.stringMatching(/^https:\/\/vpce-\S+\.s3vectors\.us-east-2\.vpce\.amazonaws\.com$/u) as string,
      },
      vpcId: expect.stringMatching(/^vpc-/u) as string,
      peeringConnectionId: expect.stringMatching(/^pcx-/u) as string,
      indexDimensions: 512,
    });
  });
});

describe('functions in an isolated network', () => {
  it('stand in its subnets, and may go to its endpoints, the peer, the proxy, and nowhere else', () => {
    const group = full.one('network-functions');
    for (const { inputs } of full.ofType('aws:lambda/function:Function')) {
      expect(inputs['vpcConfig']).toEqual({
        subnetIds: full.one('network-vpc').outputs['isolatedSubnetIds'],
        securityGroupIds: [group.id],
      });
    }
    expect(waysOut(full)).toEqual(['10.40.9.0/28 3128', '10.41.0.0/16 443', 'pl 443', 'sg 443']);
    expect(waysOut(ownVpc)).toEqual(['10.40.0.0/16 443', '10.41.0.0/16 443', 'pl 443', 'sg 443']);
    expect(full.environment('sync')).toMatchObject({
      TWINMAP_EGRESS_PROXY: 'http://proxy.example.com:3128',
      TWINMAP_PRIVATE_GIT_HOSTS: 'git.example.com',
    });
  });

  it.each(FUNCTION_NAMES)('let Lambda make the interfaces of %s, and not its own code', (name) => {
    const statements = roleStatements(full, name);
    const granted = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    const denied = statements.find(({ Effect }) => Effect === 'Deny');
    expect(denied?.Action.toSorted()).toEqual(granted.filter((action) => action.startsWith('ec2:')).toSorted());
    expect(denied?.Condition).toEqual({
      ArnLike: {
        'lambda:SourceFunctionArn': `arn:aws:lambda:us-east-2:111122223333:function:twinmap-us-east-2-${name}`,
      },
    });
  });
});

describe('the peering', () => {
  it('is asked for by the Region that comes first in the alphabet and accepted by the other one, with routes in both', () => {
    expect(full.one('network-peering-connection')).toMatchObject({
      type: 'aws:ec2/vpcPeeringConnection:VpcPeeringConnection',
      inputs: { peerVpcId: 'vpc-0a1b2c3d', peerRegion: 'us-west-2', peerOwnerId: OTHER, autoAccept: false },
    });
    expect(ownVpc.one('network-peering-connection')).toMatchObject({
      type: 'aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter',
      inputs: { vpcPeeringConnectionId: 'pcx-0a1b2c3d', autoAccept: true },
    });
    for (const [run, range] of [
      [full, '10.41.0.0/16'],
      [ownVpc, '10.40.0.0/16'],
    ] as const) {
      const routes = run.ofType('aws:ec2/route:Route').map(({ inputs }) => inputs);
      expect(routes).toHaveLength(2);
      expect(new Set(routes.map((inputs) => inputs['routeTableId'])).size).toBe(2);
      expect(routes.every((inputs) => inputs['destinationCidrBlock'] === range)).toBe(true);
    }
  });
});

describe('two accounts', () => {
  it('leave a function of ours no grant in the other one but to take on its role', () => {
    for (const name of FUNCTION_NAMES) {
      const there = roleStatements(full, name).filter(({ Resource }) => JSON.stringify(Resource).includes(OTHER));
      const become = { Sid: 'BecomePeer', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [LENT] };
      expect(there).toEqual(REACHING_PEER.includes(name) ? [become] : []);
      expect(JSON.stringify(roleStatements(full, name))).not.toContain('us-west-2:111122223333');
    }
  });

  it('lend a role that may do what the five may do inside one account, and is trusted by their names', () => {
    const home = namesOf(region('us-east-2'), '111122223333');
    const lent = statementsIn(full.one('peer-access-policy'));
    expect(lent).toEqual(peerRoleStatements(home, OWN_KEY));
    const pairs = (statements: readonly Pick<Statement, 'Action' | 'Resource'>[]): readonly string[] =>
      statements.flatMap(({ Action, Resource }) =>
        Action.flatMap((action) => Resource.map((arn) => `${action} ${arn}`)),
      );
    const needed = REACHING_PEER.flatMap((name) => pairs(peerGrants(name, home) as readonly Statement[]));
    const given = pairs(lent).filter((pair) => !pair.startsWith('kms:'));
    expect([...given].toSorted()).toEqual([...new Set(needed)].toSorted());
    expect(statementsIn(full.one('peer-access-role'), 'assumeRolePolicy')).toEqual([
      {
        Sid: 'PeerFunctions',
        Effect: 'Allow',
        Principal: { AWS: iam(OTHER, 'root') },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:PrincipalArn': REACHING_PEER.map((name) => iam(OTHER, `role/twinmap-us-west-2-${name}`)),
          },
        },
      },
    ]);
  });

  it('tell functions the role, and the STS of their own Region is asked', () => {
    const environment = { ...full.environment('sync'), AWS_LAMBDA_FUNCTION_NAME: 'twinmap-us-east-2-sync' };
    expect(parseStoresEnvironment(environment).peer?.role).toEqual({
      arn: LENT,
      session: 'twinmap-us-east-2-sync',
      region: 'us-east-2',
    });
    expect(parseStoresEnvironment(environment).home.role).toBeUndefined();
    expect(ownVpc.environment('sync')['TWINMAP_PEER_ROLE_ARN']).toBeUndefined();
  });

  it('let the bucket and the queue name the account, under the condition of who calls', () => {
    for (const name of ['vectors-bucket-policy', 'queues-sync']) {
      for (const { Principal, Condition } of statementsIn(full.one(name))) {
        expect(Principal).toEqual({ AWS: iam('111122223333', 'root') });
        expect(JSON.stringify(Condition)).toMatch(/aws:PrincipalArn/u);
      }
    }
    expect(JSON.stringify(statementsIn(full.one('vectors-bucket-policy')))).toContain('role/twinmap-us-east-2-peer');
    expect(JSON.stringify(statementsIn(ownVpc.one('keys-key')))).toContain('role/twinmap-us-east-2-sync');
  });
});

describe("what the customer's own rules demand", () => {
  it('is their key in place of ours, under the alias by which the peer knows it', () => {
    expect(full.result.resources.filter(({ name }) => name === 'keys-key')).toEqual([]);
    expect(full.one('keys-alias').inputs).toMatchObject({ targetKeyId: '0a1b2c3d-1111-4222-8333-0a1b2c3d4e5f' });
    expect(full.one('tables-graph').inputs).toMatchObject({ serverSideEncryption: { kmsKeyArn: OWN_KEY } });
  });

  it('bounds every role, tags everything, and keeps access logs where they say', () => {
    const roles = full.ofType('aws:iam/role:Role');
    expect(roles.filter(({ inputs }) => inputs['permissionsBoundary'] !== BOUNDARY)).toEqual([]);
    expect(String(full.one('home').inputs['defaultTags'])).toContain('"owner":"platform-team"');
    expect(full.one('api-front').inputs['accessLogs']).toMatchObject({
      enabled: true,
      bucket: 'access-logs-us-east-2',
    });
  });
});

describe('Titan on Bedrock', () => {
  it('makes an index of its dimension, and is called by those that embed, in this Region alone', () => {
    expect(full.one('vectors-index').inputs['dimension']).toBe(512);
    const model = 'arn:aws:bedrock:us-east-2::foundation-model/amazon.titan-embed-text-v2:0';
    for (const name of FUNCTION_NAMES) {
      const embeds = roleStatements(full, name).filter(({ Action }) => Action.includes('bedrock:InvokeModel'));
      expect(embeds.flatMap(({ Resource }) => Resource)).toEqual(name === 'sync' || name === 'api' ? [model] : []);
    }
    expect(full.environment('api')).toMatchObject({
      TWINMAP_EMBEDDER: 'bedrock',
      TWINMAP_EMBEDDER_MODEL: 'amazon.titan-embed-text-v2:0',
      TWINMAP_EMBEDDING_DIMENSIONS: '512',
    });
  });
});

describe('Comprehend', () => {
  it('is called by the function that redacts, where the stack says so, and by no other', () => {
    for (const name of FUNCTION_NAMES) {
      const detecting = roleStatements(full, name).filter(({ Action }) =>
        Action.includes('comprehend:DetectPiiEntities'),
      );
      expect(detecting.map(({ Action }) => Action)).toEqual(name === 'sync' ? [['comprehend:DetectPiiEntities']] : []);
    }
    expect(full.environment('sync')).toMatchObject({ TWINMAP_COMPREHEND: 'en' });
    expect(JSON.stringify(ownVpc)).not.toContain('comprehend:');
  });
});

describe('in every shape', () => {
  it('a swap of roles creates, replaces and deletes nothing', () => {
    const identities = (run: StackRun): readonly string[] =>
      run.result.resources.map(({ urn, id }) => `${urn} ${id}`).toSorted();
    expect(identities(swapped)).toEqual(identities(full));
    const policies = (run: StackRun): readonly unknown[] =>
      run.ofType('aws:iam/rolePolicy:RolePolicy').map(({ inputs }) => inputs);
    expect(policies(swapped)).toEqual(policies(full));
  });

  it('stored data is protected, no change is ignored, no secret is declared, and nothing is looked up', () => {
    for (const run of [full, ownVpc]) {
      const { resources, invokes } = run.result;
      const kept = resources.filter(({ protect }) => protect).map(({ name }) => name);
      expect(kept).toEqual(
        expect.arrayContaining(['tables-graph', 'vectors-bucket', 'vectors-index', 'signing-key-key']),
      );
      // The provider takes the gate document for a secret; it holds none.
      expect(resources.filter(({ secretInputs }) => secretInputs.length > 0).map(({ name }) => name)).toEqual([
        'gate-version',
      ]);
      expect(
        resources.filter(({ ignoreChanges, retainOnDelete }) => ignoreChanges.length > 0 || retainOnDelete),
      ).toEqual([]);
      expect(invokes).toEqual([]);
      for (const name of FUNCTION_NAMES) {
        expect(run.one(`functions-${name}`).dependencies).toContain(run.one(`roles-${name}-policy`).urn);
      }
    }
  });
});
