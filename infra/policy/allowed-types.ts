/**
 * The allow-list: every resource type that the program may declare, with what it is for, which key protects what it stores, and
 * what makes it cost. A type that is not here is refused, also one that AWS adds next year; nothing is here that no stack uses.
 */

export type AtRest =
  /** Under the Region's customer-managed key; the rule `encrypted` sees to it. */
  | 'own key'
  /** Under a key that AWS owns: code, names and the gate's document, no payloads. */
  | 'AWS key'
  /** Nothing is stored. */
  | 'nothing';

export type CostClass = 'free' | 'per request' | 'per hour' | 'per month' | 'per GB' | 'per request and GB';

export interface AllowedType {
  readonly purpose: string;
  readonly atRest: AtRest;
  readonly cost: CostClass;
}

const row = (purpose: string, atRest: AtRest, cost: CostClass): AllowedType => ({ purpose, atRest, cost });

export const ALLOWED_TYPES: ReadonlyMap<string, AllowedType> = new Map([
  ['pulumi:pulumi:Stack', row('The stack itself', 'nothing', 'free')],
  ['pulumi:providers:aws', row('Makes every resource, in one Region and one account', 'nothing', 'free')],
  ['aws:kms/key:Key', row('Encrypts what the Region stores; signs its audit log', 'nothing', 'per month')],
  ['aws:kms/alias:Alias', row('The name by which the peer recognises the key', 'nothing', 'free')],
  ['aws:dynamodb/table:Table', row('Records, settings, audit events', 'own key', 'per request and GB')],
  ['aws:s3/vectorsVectorBucket:VectorsVectorBucket', row('Holds the vector index', 'own key', 'per GB')],
  ['aws:s3/vectorsIndex:VectorsIndex', row('Vectors of chunks, for search', 'own key', 'per request and GB')],
  [
    'aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy',
    row('Which roles may use the vectors', 'nothing', 'free'),
  ],
  ['aws:appconfig/application:Application', row('The gate', 'AWS key', 'free')],
  ['aws:appconfig/environment:Environment', row('Where the gate is deployed', 'AWS key', 'free')],
  [
    'aws:appconfig/configurationProfile:ConfigurationProfile',
    row('The gate document and its schema', 'AWS key', 'free'),
  ],
  ['aws:appconfig/deploymentStrategy:DeploymentStrategy', row('Deploys the gate at once', 'nothing', 'free')],
  [
    'aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion',
    row('One version of the gate document', 'AWS key', 'free'),
  ],
  ['aws:appconfig/deployment:Deployment', row('Puts a gate document into effect', 'nothing', 'per request')],
  ['aws:sqs/queue:Queue', row('Cycles that wait, and what could not be delivered', 'own key', 'per request')],
  ['aws:iam/role:Role', row('What a function or a schedule runs as', 'nothing', 'free')],
  ['aws:iam/rolePolicy:RolePolicy', row('What a role may do', 'nothing', 'free')],
  ['aws:cloudwatch/logGroup:LogGroup', row("A function's log", 'own key', 'per GB')],
  ['aws:cloudwatch/metricAlarm:MetricAlarm', row('Tells people that something is wrong', 'nothing', 'per month')],
  ['aws:cloudwatch/dashboard:Dashboard', row('What this Region measures, with words', 'nothing', 'per month')],
  ['aws:sns/topic:Topic', row('Carries alarms to people', 'own key', 'per request')],
  ['aws:sns/topicPolicy:TopicPolicy', row('Lets alarms publish, and nobody else', 'nothing', 'free')],
  [
    'aws:sns/topicSubscription:TopicSubscription',
    row('One person or tool that hears of alarms', 'nothing', 'per request'),
  ],
  ['aws:secretsmanager/secret:Secret', row('A credential of a source, put by a person', 'own key', 'per month')],
  ['aws:secretsmanager/secretPolicy:SecretPolicy', row('Lets one function read the secret', 'nothing', 'free')],
  ['aws:lambda/function:Function', row('The code', 'AWS key', 'per request')],
  ['aws:lambda/permission:Permission', row('Lets the load balancer call the API', 'nothing', 'free')],
  ['aws:lambda/eventSourceMapping:EventSourceMapping', row('Hands queued cycles to sync', 'nothing', 'per request')],
  [
    'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig',
    row('Bounds retries of scheduled calls', 'nothing', 'free'),
  ],
  ['aws:scheduler/schedule:Schedule', row('Calls a function at its time', 'AWS key', 'per request')],
  [
    'aws:ec2/securityGroup:SecurityGroup',
    row('Who may reach the load balancer or an endpoint, and where a function may go', 'nothing', 'free'),
  ],
  ['aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', row('One way in', 'nothing', 'free')],
  ['aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule', row('One way out of a function', 'nothing', 'free')],
  ['awsx:ec2:Vpc', row('The isolated network, with what its plugin makes', 'nothing', 'free')],
  ['aws:ec2/vpcEndpoint:VpcEndpoint', row('A private way to one service, with a policy', 'nothing', 'per hour')],
  [
    'aws:ec2/vpcPeeringConnection:VpcPeeringConnection',
    row("Asks for the way to the peer's endpoints", 'nothing', 'per GB'),
  ],
  [
    'aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter',
    row('Accepts the way that the peer has asked for', 'nothing', 'per GB'),
  ],
  ['aws:ec2/route:Route', row("The way to the peer's range", 'nothing', 'free')],
  ['aws:lb/loadBalancer:LoadBalancer', row('The internal HTTPS front', 'nothing', 'per hour')],
  ['aws:lb/targetGroup:TargetGroup', row('The API function behind the front', 'nothing', 'free')],
  ['aws:lb/targetGroupAttachment:TargetGroupAttachment', row('Puts the function there', 'nothing', 'free')],
  ['aws:lb/listener:Listener', row('TLS with the certificate of the Region', 'nothing', 'free')],
  ['aws:lb/listenerRule:ListenerRule', row('Which paths go to the example survey', 'nothing', 'free')],
]);

/**
 * What the plugin of `awsx:ec2:Vpc` makes for two zones, which only a real engine sees: the program does not declare it. The gateway to
 * the internet is made in any case, and no route leads to it.
 */
export const EXPECTED_OF_PLUGINS: ReadonlyMap<string, { readonly count: number; readonly purpose: string }> = new Map([
  ['aws:ec2/vpc:Vpc', { count: 1, purpose: 'The network itself' }],
  ['aws:ec2/internetGateway:InternetGateway', { count: 1, purpose: 'Made in any case; no route leads to it' }],
  ['aws:ec2/subnet:Subnet', { count: 2, purpose: 'A private subnet for each zone' }],
  ['aws:ec2/routeTable:RouteTable', { count: 2, purpose: 'Of each subnet, without a way to the internet' }],
  ['aws:ec2/routeTableAssociation:RouteTableAssociation', { count: 2, purpose: 'Gives the subnet its table' }],
]);

/** Components group resources in the program and make nothing by themselves. */
export const COMPONENT_PREFIX = 'twinmap:infra:';
