/**
 * What is known of resource types: the service, and the property that carries the name by which others reach it. Terraform
 * and CloudFormation name the same things differently; one row holds both.
 */

export interface ResourceType {
  readonly service: string;
  readonly terraform: readonly string[];
  readonly terraformName: string;
  readonly cloudFormation: string;
  readonly cloudFormationName: string;
}

const row = (
  service: string,
  terraform: string,
  terraformName: string,
  cloudFormation = '',
  cloudFormationName = '',
): ResourceType => ({ service, terraform: terraform.split(' '), terraformName, cloudFormation, cloudFormationName });

const TYPES: readonly ResourceType[] = [
  row('sqs', 'aws_sqs_queue', 'name', 'AWS::SQS::Queue', 'QueueName'),
  row('sns', 'aws_sns_topic', 'name', 'AWS::SNS::Topic', 'TopicName'),
  row('dynamodb', 'aws_dynamodb_table', 'name', 'AWS::DynamoDB::Table', 'TableName'),
  row('dynamodb', 'aws_dynamodb_global_table', 'name', 'AWS::DynamoDB::GlobalTable', 'TableName'),
  row('s3', 'aws_s3_bucket', 'bucket', 'AWS::S3::Bucket', 'BucketName'),
  row('lambda', 'aws_lambda_function', 'function_name', 'AWS::Lambda::Function', 'FunctionName'),
  row('lambda', 'aws_lambda_alias', 'name', 'AWS::Serverless::Function', 'FunctionName'),
  row('secretsmanager', 'aws_secretsmanager_secret', 'name', 'AWS::SecretsManager::Secret', 'Name'),
  row('ssm', 'aws_ssm_parameter', 'name', 'AWS::SSM::Parameter', 'Name'),
  row('kinesis', 'aws_kinesis_stream', 'name', 'AWS::Kinesis::Stream', 'Name'),
  row(
    'firehose',
    'aws_kinesis_firehose_delivery_stream',
    'name',
    'AWS::KinesisFirehose::DeliveryStream',
    'DeliveryStreamName',
  ),
  row('states', 'aws_sfn_state_machine', 'name', 'AWS::StepFunctions::StateMachine', 'StateMachineName'),
  row('events', 'aws_cloudwatch_event_bus', 'name', 'AWS::Events::EventBus', 'Name'),
  row('ecr', 'aws_ecr_repository', 'name', 'AWS::ECR::Repository', 'RepositoryName'),
  row('rds', 'aws_db_instance', 'identifier', 'AWS::RDS::DBInstance', 'DBInstanceIdentifier'),
  row('rds', 'aws_rds_cluster', 'cluster_identifier', 'AWS::RDS::DBCluster', 'DBClusterIdentifier'),
  row(
    'elasticache',
    'aws_elasticache_replication_group',
    'replication_group_id',
    'AWS::ElastiCache::ReplicationGroup',
    'ReplicationGroupId',
  ),
  row('elasticache', 'aws_elasticache_cluster', 'cluster_id', 'AWS::ElastiCache::CacheCluster', 'ClusterName'),
  row(
    'es',
    'aws_opensearch_domain aws_elasticsearch_domain',
    'domain_name',
    'AWS::OpenSearchService::Domain',
    'DomainName',
  ),
  row('kms', 'aws_kms_alias', 'name', 'AWS::KMS::Alias', 'AliasName'),
  row('kafka', 'aws_msk_cluster', 'cluster_name', 'AWS::MSK::Cluster', 'ClusterName'),
  row('ecs', 'aws_ecs_cluster', 'name', 'AWS::ECS::Cluster', 'ClusterName'),
  row('eks', 'aws_eks_cluster', 'name', 'AWS::EKS::Cluster', 'Name'),
  row('logs', 'aws_cloudwatch_log_group', 'name', 'AWS::Logs::LogGroup', 'LogGroupName'),
];

const BY_TERRAFORM = new Map(TYPES.flatMap((type) => type.terraform.map((name) => [name, type] as const)));
const BY_CLOUDFORMATION = new Map(TYPES.map((type) => [type.cloudFormation, type] as const));

/** In a data source the property differs in a few places. */
const DATA_NAMES: Readonly<Record<string, string>> = {
  aws_db_instance: 'db_instance_identifier',
};

export const terraformType = (type: string): ResourceType | undefined => BY_TERRAFORM.get(type);

export const dataNameOf = (type: string): string | undefined =>
  DATA_NAMES[type] ?? BY_TERRAFORM.get(type)?.terraformName;

export const cloudFormationType = (type: string): ResourceType | undefined => BY_CLOUDFORMATION.get(type);

const snake = (word: string): string => word.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/gu, '_').toLowerCase();

/** `AWS::SQS::Queue` as Terraform's word, so that one table of rules serves both. */
export const terraformWord = (cloudFormation: string): string => {
  const [, service = '', ...rest] = cloudFormation.split('::');
  return (
    BY_CLOUDFORMATION.get(cloudFormation)?.terraform[0] ??
    `aws_${[service.toLowerCase(), ...rest.map((word) => snake(word))].join('_')}`
  );
};

/** `aws:sqs/queue:Queue` and `aws:sqs:Queue`, Pulumi's words. */
export const pulumiWord = (type: string): string => {
  const [provider = '', module = '', name = ''] = type.split(':');
  return `${provider}_${module.split('/')[0] ?? ''}_${snake(name)}`;
};
