/** Ways in which real repositories say where they run: each with exactly the ties that it makes. */
import { describe, expect, it } from 'vitest';

import { extractFiles } from './organisation.ts';

/** `path` to text; every case is one repository called `shop`. */
type Files = Readonly<Record<string, string>>;

/** `region tie`, `region tie +alternate`, with `[environment]` before it. */
const tiesOf = async (files: Files): Promise<readonly string[]> => {
  const facts = await extractFiles(
    'shop',
    Object.entries(files).map(([path, text]) => ({ path, text })),
  );
  const ties = facts
    .flatMap(({ edges }) => edges)
    .filter(({ from, type }) => type === 'inRegion' && from.startsWith('component:'))
    .map(({ to, tie, alternates, environment, expression }) =>
      [
        environment === undefined ? '' : `[${environment}] `,
        to.slice('region:'.length),
        tie === 'unknown' ? ` ${expression ?? ''}` : ` ${tie ?? ''}`,
        ...(alternates ?? []).map((region) => ` +${region}`),
      ].join(''),
    );
  return [...new Set(ties)].toSorted();
};

const AWS = (region: string): string => `provider "aws" {\n  region = ${region}\n}\n`;
const QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n';

const TERRAFORM: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a provider with a literal': [{ 'main.tf': AWS('"eu-west-1"') + QUEUE }, ['eu-west-1 runtime']],
  'a variable with a default': [
    { 'main.tf': `${AWS('var.r')}${QUEUE}variable "r" {\n  default = "eu-west-1"\n}` },
    ['eu-west-1 runtime'],
  ],
  'a variable without one': [{ 'main.tf': `${AWS('var.r')}${QUEUE}variable "r" {}` }, ['unknown var.r']],
  'terraform.tfvars before the default': [
    {
      'main.tf': `${AWS('var.r')}${QUEUE}variable "r" {\n  default = "us-east-1"\n}`,
      'terraform.tfvars': 'r = "eu-west-1"\n',
    },
    ['eu-west-1 runtime'],
  ],
  'a values file in JSON': [
    { 'main.tf': `${AWS('var.r')}${QUEUE}variable "r" {}`, 'x.auto.tfvars.json': '{ "r": "eu-west-1" }' },
    ['eu-west-1 runtime'],
  ],
  'files of environments, in Regions': [
    {
      'main.tf': `${AWS('var.r')}${QUEUE}variable "r" {}`,
      'env/prod-us-east-1.tfvars': 'r = "us-east-1"',
      'env/prod-us-west-2.tfvars': 'r = "us-west-2"',
    },
    ['[prod] us-east-1 runtime +us-west-2', '[prod] us-west-2 runtime +us-east-1'],
  ],
  'a local map looked up by a variable': [
    {
      'main.tf': `${AWS('local.map[var.stage].region')}${QUEUE}variable "stage" {\n  default = "live"\n}\nlocals {\n  map = { live = { region = "eu-west-1" }, test = { region = "us-east-1" } }\n}`,
    },
    ['eu-west-1 runtime'],
  ],
  'a conditional on the workspace stays unknown': [
    { 'main.tf': AWS('terraform.workspace == "prod" ? "eu-west-1" : "us-east-1"') + QUEUE },
    ['unknown terraform.workspace == "prod" ? "eu-west-1" : "us-east-1"'],
  ],
  'a map indexed by the workspace': [
    {
      'main.tf': `${AWS('local.r[terraform.workspace]')}${QUEUE}locals {\n  r = { a = "eu-west-1", b = "eu-west-2" }\n}`,
    },
    ['[a] eu-west-1 runtime', '[b] eu-west-2 runtime'],
  ],
  'a data source decides nothing': [
    { 'main.tf': AWS('data.external.x.result.region') + QUEUE },
    ['unknown data.external.x.result.region'],
  ],
  'a module with a provider of its own': [
    {
      'main.tf': `module "m" {\n  source = "./m"\n  where = "eu-west-2"\n}`,
      'm/main.tf': `variable "where" {}\n${AWS('var.where')}${QUEUE}`,
    },
    ['eu-west-2 runtime'],
  ],
  'providers handed to a module, one of them under another name': [
    {
      'main.tf': `${AWS('"us-east-1"')}provider "aws" {\n  alias = "w"\n  region = "us-west-2"\n}\nmodule "m" {\n  source = "./m"\n  providers = {\n    aws.target = aws.w\n  }\n}`,
      'm/main.tf': 'resource "aws_sqs_queue" "q" {\n  provider = aws.target\n}\n',
    },
    ['us-west-2 runtime'],
  ],
  'a module called twice, for two things': [
    {
      'main.tf': `${AWS('"us-east-1"')}provider "aws" {\n  alias = "w"\n  region = "us-west-2"\n}\nmodule "orders" {\n  source = "./m"\n}\nmodule "bills" {\n  source = "./m"\n  providers = { aws = aws.w }\n}`,
      'm/main.tf': QUEUE,
    },
    ['us-east-1 runtime', 'us-west-2 runtime'],
  ],
  'a module for each Region': [
    {
      'main.tf': `${AWS('"us-east-1"')}module "m" {\n  for_each = toset(["us-east-1", "us-west-2"])\n  source = "./m"\n  region = each.key\n}`,
      'm/main.tf': 'variable "region" {}\nresource "aws_sqs_queue" "q" {\n  region = var.region\n}\n',
    },
    ['us-east-1 runtime +us-west-2', 'us-west-2 runtime +us-east-1'],
  ],
  'a root in each Region’s folder': [
    {
      'live/us-east-1/main.tf': `${AWS('"us-east-1"')}module "m" {\n  source = "../../modules/m"\n}`,
      'live/eu-west-1/main.tf': `${AWS('"eu-west-1"')}module "m" {\n  source = "../../modules/m"\n}`,
      'modules/m/main.tf': QUEUE,
    },
    ['eu-west-1 runtime +us-east-1', 'us-east-1 runtime +eu-west-1'],
  ],
  'a region argument that is null': [
    {
      'main.tf': `${AWS('"eu-west-1"')}variable "r" {\n  default = null\n}\nresource "aws_sqs_queue" "q" {\n  region = var.r\n}`,
    },
    ['eu-west-1 runtime'],
  ],
  'a provider for each Region': [
    {
      'main.tf':
        'provider "aws" {\n  alias = "by"\n  for_each = toset(["eu-west-1", "eu-west-2"])\n  region = each.value\n}\nresource "aws_sqs_queue" "q" {\n  provider = aws.by["eu-west-2"]\n}\n',
    },
    ['eu-west-2 runtime'],
  ],
  'an ARN in a heredoc, its Region from a data source': [
    {
      'main.tf': `${AWS('"eu-west-1"')}data "aws_region" "here" {}\nresource "aws_iam_policy" "p" {\n  policy = <<EOT\n{"Resource": "arn:aws:sqs:\${data.aws_region.here.name}:123456789012:q"}\nEOT\n}\n`,
    },
    ['eu-west-1 runtime', 'us-east-1 control-plane'],
  ],
  'ARNs without a Region tie to none': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_sqs_queue" "q" {\n  policy = "arn:aws:iam::123456789012:role/x"\n}`,
    },
    ['eu-west-1 runtime'],
  ],
  'a zone of another Region': [
    { 'main.tf': `${AWS('"eu-west-1"')}resource "aws_instance" "i" {\n  availability_zone = "eu-west-2a"\n}` },
    ['eu-west-1 runtime', 'eu-west-2 runtime'],
  ],
  'a read replica': [
    {
      'main.tf': `${AWS('"us-east-1"')}provider "aws" {\n  alias = "w"\n  region = "us-west-2"\n}\nresource "aws_db_instance" "main" {}\nresource "aws_db_instance" "copy" {\n  provider = aws.w\n  replicate_source_db = aws_db_instance.main.arn\n}\n`,
    },
    ['us-east-1 runtime +us-west-2', 'us-west-2 runtime +us-east-1'],
  ],
  'a global database': [
    {
      'main.tf': `${AWS('"us-east-1"')}provider "aws" {\n  alias = "w"\n  region = "us-west-2"\n}\nresource "aws_rds_global_cluster" "g" {\n  global_cluster_identifier = "g"\n}\nresource "aws_rds_cluster" "a" {\n  global_cluster_identifier = aws_rds_global_cluster.g.id\n}\nresource "aws_rds_cluster" "b" {\n  provider = aws.w\n  global_cluster_identifier = aws_rds_global_cluster.g.id\n}\n`,
    },
    ['us-east-1 runtime +us-west-2', 'us-west-2 runtime +us-east-1'],
  ],
  'a secret with replicas': [
    {
      'main.tf': `${AWS('"us-east-1"')}resource "aws_secretsmanager_secret" "s" {\n  replica {\n    region = "us-west-2"\n  }\n}`,
    },
    ['us-east-1 runtime +us-west-2', 'us-west-2 runtime +us-east-1'],
  ],
  'two queues of two Regions are no copies of each other': [
    {
      'main.tf': `${AWS('"us-east-1"')}resource "aws_sqs_queue" "primary" {}\nresource "aws_sqs_queue" "secondary" {\n  region = "us-west-2"\n}`,
    },
    ['us-east-1 runtime', 'us-west-2 runtime'],
  ],
  'JSON syntax': [
    {
      'main.tf.json':
        '{ "provider": { "aws": [{ "region": "eu-west-1" }, { "alias": "b", "region": "eu-west-2" }] }, "resource": { "aws_sqs_queue": { "q": { "provider": "aws.b" } } } }',
    },
    ['eu-west-2 runtime'],
  ],
  'another cloud is none of ours': [
    { 'main.tf': 'provider "google" {\n  region = "europe-west1"\n}\nresource "google_pubsub_topic" "t" {}\n' },
    [],
  ],
  'a certificate for a load balancer': [
    { 'main.tf': `${AWS('"eu-west-1"')}resource "aws_acm_certificate" "c" {}` },
    ['eu-west-1 control-plane'],
  ],
  'alarms and trails carry no traffic': [
    {
      'main.tf': `${AWS('"us-east-1"')}resource "aws_cloudwatch_metric_alarm" "billing" {}\nresource "aws_budgets_budget" "b" {}`,
    },
    ['us-east-1 control-plane'],
  ],
  'a module that is not here': [
    { 'main.tf': `${AWS('"eu-west-1"')}module "m" {\n  source = "./gone"\n}` },
    ['unknown module.m: ./gone is not in this repository'],
  ],
  'an ARN in a local, used by a resource': [
    {
      'main.tf': `${AWS('"eu-west-1"')}locals {\n  arn = "arn:aws:sqs:us-east-2:123456789012:q"\n}\nresource "aws_lambda_function" "f" {\n  environment {\n    variables = { Q = local.arn }\n  }\n}`,
    },
    ['eu-west-1 runtime', 'us-east-2 runtime'],
  ],
  'an ARN that format makes': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_sqs_queue" "q" {\n  policy = format("arn:aws:sns:%s:123456789012:t", "us-east-2")\n}`,
    },
    ['eu-west-1 runtime', 'us-east-2 runtime'],
  ],
  'an image of a task, in JSON': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_ecs_task_definition" "t" {\n  container_definitions = jsonencode([{ image = "123456789012.dkr.ecr.us-east-2.amazonaws.com/web:1" }])\n}`,
    },
    ['eu-west-1 runtime', 'us-east-2 runtime'],
  ],
  'a certificate by a module from elsewhere': [
    {
      'main.tf': `${AWS('"eu-west-1"')}provider "aws" {\n  alias = "v"\n  region = "us-east-1"\n}\nmodule "cert" {\n  source = "terraform-aws-modules/acm/aws"\n  providers = { aws = aws.v }\n}`,
    },
    ['us-east-1 control-plane'],
  ],
  'roles by a module from elsewhere': [
    {
      'main.tf': `${AWS('"eu-west-1"')}module "role" {\n  source = "terraform-aws-modules/iam/aws//modules/iam-role"\n}`,
    },
    ['us-east-1 control-plane'],
  ],
  'the other end of a copy': [
    { 'main.tf': `${AWS('"eu-west-1"')}resource "aws_ami_copy" "a" {\n  source_ami_region = "us-east-1"\n}` },
    ['eu-west-1 runtime', 'us-east-1 runtime +eu-west-1'],
  ],
  'a backend is a tie of deployments': [
    { 'main.tf': 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n    region = "us-east-1"\n  }\n}\n' },
    ['us-east-1 deploy'],
  ],
};

const CODE: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'AWS.config.update': [
    { 'a.js': "const AWS = require('aws-sdk');\nAWS.config.update({ region: 'eu-west-1' });\n" },
    ['eu-west-1 runtime'],
  ],
  'AWS.config.region =': [
    { 'a.js': "const AWS = require('aws-sdk');\nAWS.config.region = 'eu-west-1';\n" },
    ['eu-west-1 runtime'],
  ],
  'the environment with a fallback': [
    {
      'a.ts':
        "import { S3Client } from '@aws-sdk/client-s3';\nnew S3Client({ region: process.env.AWS_REGION ?? 'us-east-1' });\n",
    },
    ["unknown process.env.AWS_REGION ?? 'us-east-1'"],
  ],
  'a client without a Region, nobody says where': [
    { 'a.ts': "import { SQSClient } from '@aws-sdk/client-sqs';\nnew SQSClient({});\n" },
    ['unknown SQSClient is told no Region'],
  ],
  'a client without a Region, infrastructure says where': [
    {
      'a.ts': "import { SQSClient } from '@aws-sdk/client-sqs';\nnew SQSClient({});\n",
      'main.tf': AWS('"eu-west-1"') + QUEUE,
    },
    ['eu-west-1 runtime'],
  ],
  'shorthand of a constant': [
    { 'a.ts': "import { S3 } from '@aws-sdk/client-s3';\nconst region = 'eu-west-1';\nnew S3({ region });\n" },
    ['eu-west-1 runtime'],
  ],
  'a parameter with a default is a hint': [
    { 'a.py': 'import boto3\n\ndef make(region="us-east-1"):\n    return boto3.client("sqs", region_name=region)\n' },
    ['unknown default "us-east-1"'],
  ],
  'boto3 with a constant': [
    { 'a.py': 'import boto3\nREGION = "eu-west-1"\nsqs = boto3.resource("sqs", region_name=REGION)\n' },
    ['eu-west-1 runtime'],
  ],
  'a client that is told a parameter, whose type is no value': [
    {
      'a.ts':
        "import { SQSClient } from '@aws-sdk/client-sqs';\nexport const open = (region: string) => new SQSClient({ region });\n",
    },
    ['unknown region'],
  ],
  'a Region in a file that calls no AWS': [
    { 'a.ts': "export const choices = [{ region: 'us-east-1', label: 'Virginia' }];\n" },
    [],
  ],
  'boto3 with the Region second': [
    { 'a.py': 'import boto3\nboto3.client("sqs", "eu-west-1")\n' },
    ['eu-west-1 runtime'],
  ],
  'a cache’s host': [
    { 'a.ts': "export const host = 'orders.abc123.0001.use1.cache.amazonaws.com';\n" },
    ['us-east-1 runtime'],
  ],
  'a stack of CDK': [
    {
      'a.ts':
        "import { App, Stack } from 'aws-cdk-lib';\nnew Stack(new App(), 'a', { env: { region: 'eu-west-1' } });\n",
    },
    ['eu-west-1 runtime'],
  ],
  'an endpoint in a string': [
    { 'a.go': 'package a\n\nconst url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"\n' },
    ['eu-west-1 runtime'],
  ],
  'a link to the console': [{ 'a.ts': "export const link = 'https://us-east-1.console.aws.amazon.com/sqs';\n" }, []],
  'the global endpoint of STS': [
    { 'a.ts': "export const sts = 'https://sts.amazonaws.com';\n" },
    ['us-east-1 control-plane'],
  ],
  'Go with aws.String': [
    {
      'a.go':
        'package a\n\nimport "github.com/aws/aws-sdk-go/aws"\n\nvar c = &aws.Config{Region: aws.String("eu-west-1")}\n',
    },
    ['eu-west-1 runtime'],
  ],
  'Java with the old SDK': [
    {
      'A.java':
        'import com.amazonaws.services.s3.AmazonS3ClientBuilder;\nclass A { Object s3 = AmazonS3ClientBuilder.standard().withRegion(Regions.EU_WEST_1).build(); }\n',
    },
    ['eu-west-1 runtime'],
  ],
  'C# with GetBySystemName': [
    {
      'A.cs':
        'using Amazon;\nclass A { object c = new AmazonS3Config { RegionEndpoint = RegionEndpoint.GetBySystemName("eu-west-1") }; }\n',
    },
    ['eu-west-1 runtime'],
  ],
  'a script that exports the Region': [
    { 'a.sh': 'export AWS_REGION=eu-west-1\naws sqs list-queues\n' },
    ['eu-west-1 runtime'],
  ],
  'a broken file still says what it says': [
    {
      'a.ts':
        "import { SQSClient } from '@aws-sdk/client-sqs';\nnew SQSClient({ region: 'eu-west-1' });\nexport const = ;\n",
    },
    ['eu-west-1 runtime'],
  ],
};

const PLATFORM: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a template that nobody places': [
    { 't.yaml': 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Q:\n    Type: AWS::SQS::Queue\n' },
    ['unknown AWS::Region: no file says where this template is deployed'],
  ],
  'a broken template': [
    { 't.yaml': 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Q: [\n' },
    [expect.stringMatching(/^unknown not a template at t\.yaml:\d+:\d+/u)],
  ],
  'serverless.yml': [{ 'serverless.yml': 'provider:\n  name: aws\n  region: eu-west-1\n' }, ['eu-west-1 runtime']],
  'a workflow deploys only': [
    {
      '.github/workflows/deploy.yml':
        'jobs:\n  a:\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          aws-region: us-east-1\n',
    },
    ['us-east-1 deploy'],
  ],
  'a workload without a Region': [
    { 'k.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n' },
    ['unknown Deployment/web names no Region: that of its cluster is not known here'],
  ],
  'a workload in either of two Regions': [
    {
      'k.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    spec:\n      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n              - matchExpressions:\n                  - { key: topology.kubernetes.io/region, operator: In, values: [us-east-1, us-west-2] }\n',
    },
    ['us-east-1 runtime +us-west-2', 'us-west-2 runtime +us-east-1'],
  ],
  'an environment variable of a container': [
    {
      'k.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n    - name: web\n      env:\n        - name: AWS_REGION\n          value: eu-west-1\n',
    },
    ['eu-west-1 runtime'],
  ],
  compose: [
    {
      'docker-compose.yml':
        'services:\n  web:\n    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1\n    environment:\n      - AWS_REGION=eu-west-2\n',
    },
    ['eu-west-1 runtime', 'eu-west-2 runtime'],
  ],
  'a base image is needed to build': [
    {
      Dockerfile:
        '# FROM 123456789012.dkr.ecr.us-east-1.amazonaws.com/old\nFROM 123456789012.dkr.ecr.eu-west-1.amazonaws.com/base:1\nENV AWS_REGION=eu-west-2\n',
    },
    ['eu-west-1 deploy', 'eu-west-2 runtime'],
  ],
  'a registry in a lock file': [
    {
      'package-lock.json':
        '{ "packages": { "x": { "resolved": "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/npm/x.tgz" } } }',
    },
    ['eu-west-1 deploy'],
  ],
  'Pulumi stacks of two environments': [
    {
      'Pulumi.yaml': 'name: a\nruntime: nodejs\n',
      'Pulumi.dev.yaml': 'config:\n  aws:region: us-east-1\n',
      'Pulumi.prod.yaml': 'config:\n  aws:region: eu-west-1\n',
    },
    ['[dev] us-east-1 runtime', '[prod] eu-west-1 runtime'],
  ],
  'an exported Pulumi stack': [
    {
      'stack.json': JSON.stringify({
        version: 3,
        deployment: {
          resources: [
            {
              urn: 'urn:pulumi:a::b::pulumi:providers:aws::p',
              type: 'pulumi:providers:aws',
              id: '1',
              inputs: { region: 'eu-west-1' },
            },
            {
              urn: 'urn:pulumi:a::b::aws:sqs/queue:Queue::q',
              type: 'aws:sqs/queue:Queue',
              provider: 'urn:pulumi:a::b::pulumi:providers:aws::p::1',
              outputs: {},
            },
          ],
        },
      }),
    },
    ['eu-west-1 runtime'],
  ],
  'CloudFormation written for CloudFront': [
    {
      't.json': JSON.stringify({
        AWSTemplateFormatVersion: '2010-09-09',
        Resources: {
          D: {
            Type: 'AWS::CloudFront::Distribution',
            Properties: {
              DistributionConfig: {
                ViewerCertificate: { AcmCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1' },
              },
            },
          },
        },
      }),
    },
    ['us-east-1 control-plane'],
  ],
  'settings of Spring': [
    { 'application.yml': 'cloud:\n  aws:\n    region:\n      static: eu-west-1\n' },
    ['eu-west-1 runtime'],
  ],
  'settings of an application': [
    { 'config/application.properties': '# aws.region=us-east-1\ncloud.aws.region=eu-west-1\n' },
    ['eu-west-1 runtime'],
  ],
  Terragrunt: [
    {
      'terragrunt.hcl':
        'remote_state {\n  backend = "s3"\n  config = {\n    region = "us-east-1"\n  }\n}\ninputs = {\n  aws_region = "eu-west-1"\n}\n',
    },
    ['eu-west-1 runtime', 'us-east-1 deploy'],
  ],
};

const casesOf = (cases: typeof TERRAFORM): [string, Files, readonly string[]][] =>
  Object.entries(cases).map(([name, [files, ties]]) => [name, files, ties]);

describe('Terraform', () => {
  it.each(casesOf(TERRAFORM))('%s', async (_name, files, ties) => {
    expect(await tiesOf(files)).toStrictEqual(ties);
  });
});

describe('code', () => {
  it.each(casesOf(CODE))('%s', async (_name, files, ties) => {
    expect(await tiesOf(files)).toStrictEqual(ties);
  });
});

describe('platforms', () => {
  it.each(casesOf(PLATFORM))('%s', async (_name, files, ties) => {
    expect(await tiesOf(files)).toStrictEqual(ties);
  });
});
