/**
 * Types that are refused by name, with the reason. The allow-list would refuse them too; this says why, and stays true when
 * somebody extends the allow-list. A pattern is a type or the start of one. Source: docs of each service on where its control
 * plane is and what it replicates, judged against `pulumi-aws-7.48.0-types.txt` on 2026-11-21.
 */

export interface BannedType {
  readonly starts: readonly string[];
  readonly feature: string;
  readonly why: string;
}

const MANAGED_COPY = 'a managed copy across Regions, whose failure is shared by both';
const SHARED_CONTROL = 'its control plane is in one Region, and a failure there is a failure of both';

const ban = (feature: string, why: string, ...starts: readonly string[]): BannedType => ({ starts, feature, why });

export const BANNED_TYPES: readonly BannedType[] = [
  ban('a DynamoDB global table', MANAGED_COPY, 'aws:dynamodb/globalTable:', 'aws:dynamodb/tableReplica:'),
  ban(
    'S3 replication',
    MANAGED_COPY,
    'aws:s3/bucketReplicationConfig:',
    'aws:s3tables/tableReplication:',
    'aws:s3tables/tableBucketReplication:',
  ),
  ban('an S3 Multi-Region Access Point', SHARED_CONTROL, 'aws:s3control/multiRegionAccessPoint'),
  ban(
    'Route 53 (records, zones, health checks, traffic policies)',
    SHARED_CONTROL,
    'aws:route53/cidrCollection:',
    'aws:route53/cidrLocation:',
    'aws:route53/delegationSet:',
    'aws:route53/healthCheck:',
    'aws:route53/hostedZoneDnsSec:',
    'aws:route53/keySigningKey:',
    'aws:route53/profiles',
    'aws:route53/queryLog:',
    'aws:route53/record',
    'aws:route53/trafficPolicy',
    'aws:route53/vpcAssociationAuthorization:',
    'aws:route53/zone',
    'aws:route53domains/',
  ),
  ban(
    'Application Recovery Controller',
    'a managed orchestrator across Regions',
    'aws:route53recoverycontrol/',
    'aws:route53recoveryreadiness/',
    'aws:arcregionswitch/',
  ),
  ban('CloudFront', SHARED_CONTROL, 'aws:cloudfront/'),
  ban('WAF Classic', SHARED_CONTROL, 'aws:waf/'),
  ban('Global Accelerator', SHARED_CONTROL, 'aws:globalaccelerator/'),
  ban('Shield Advanced', SHARED_CONTROL, 'aws:shield/'),
  ban('Network Manager and Cloud WAN', SHARED_CONTROL, 'aws:networkmanager/', 'aws:lambda/coreNetworkConnector:'),
  ban(
    'peering of transit gateways',
    'networks of both Regions under one change',
    'aws:ec2transitgateway/peeringAttachment',
  ),
  ban(
    'a global database cluster',
    MANAGED_COPY,
    'aws:rds/globalCluster:',
    'aws:docdb/globalCluster:',
    'aws:neptune/globalCluster:',
    'aws:dsql/clusterPeering:',
    'aws:rds/instanceAutomatedBackupsReplication:',
  ),
  ban('a global cache', MANAGED_COPY, 'aws:elasticache/globalReplicationGroup:', 'aws:memorydb/multiRegionCluster:'),
  ban(
    'a multi-Region KMS key',
    'one key in two places: each Region has its own',
    'aws:kms/replicaKey:',
    'aws:kms/replicaExternalKey:',
  ),
  ban(
    'replication of container images',
    'images are pushed to each Region',
    'aws:ecr/replicationConfiguration:',
    'aws:ecrpublic/',
  ),
  ban(
    'copies of backups or volumes across Regions',
    MANAGED_COPY,
    'aws:redshift/snapshotCopy',
    'aws:rds/snapshotCopy:',
    'aws:rds/clusterSnapshotCopy:',
    'aws:ebs/snapshotCopy:',
    'aws:efs/replicationConfiguration:',
    'aws:msk/replicator:',
    'aws:drs/',
    'aws:dms/',
  ),
  ban('an EventBridge global endpoint', 'it fails over by a Route 53 health check', 'aws:cloudwatch/eventEndpoint:'),
  ban('a multi-Region e-mail endpoint', SHARED_CONTROL, 'aws:sesv2/multiRegionEndpoint:'),
  ban('an incident replication set', MANAGED_COPY, 'aws:ssmincidents/replicationSet:'),
  ban(
    'CloudFormation StackSets',
    'one deployment for both Regions',
    'aws:cloudformation/stackSet',
    'aws:cloudformation/stackInstances:',
  ),
  ban('cross-Region monitoring', 'each Region watches itself and its peer from its own side', 'aws:oam/'),
  ban('Cognito', 'one Region would be the only place to sign in', 'aws:cognito/'),
  ban(
    'an account-wide service',
    SHARED_CONTROL,
    'aws:organizations/',
    'aws:account/',
    'aws:ssoadmin/',
    'aws:identitystore/',
  ),
  ban('a NAT gateway', 'private subnets have no way to the internet', 'aws:ec2/natGateway'),
  ban('a function URL', 'the API is reached through the internal load balancer only', 'aws:lambda/functionUrl:'),
  ban('a reference to another stack', 'a deployment must not need the other Region', 'pulumi:pulumi:StackReference'),
];

export const bannedType = (type: string): BannedType | undefined =>
  BANNED_TYPES.find(({ starts }) => starts.some((start) => type.startsWith(start)));
