/**
 * The ways in which the generated repositories say where they run: each renders the files of one fact and nothing else. It knows
 * the languages of infrastructure, and nothing of those who read them.
 */

export type Files = Readonly<Record<string, string>>;

export interface Slot {
  /** A folder of its own, so that facts can't meet. */
  readonly folder: string;
  /** Unique in the organisation. */
  readonly id: string;
}

const aws = (region: string, more = ''): string => `provider "aws" {\n${more}  region = ${region}\n}\n`;

/** One Region, and nothing anywhere else. */
export const PLAIN: Readonly<Record<string, (slot: Slot, region: string) => Files>> = {
  'Terraform, literal': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`)}\nresource "aws_sqs_queue" "main" {\n  name = "${id}"\n}\n`,
  }),
  'Terraform, variable': ({ folder, id }, region) => ({
    [`${folder}/variables.tf`]: `variable "where" {\n  type    = string\n  default = "${region}"\n}\n`,
    [`${folder}/main.tf`]: `${aws('var.where')}resource "aws_dynamodb_table" "main" {\n  name = "${id}"\n}\n`,
  }),
  'Terraform, values file': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `variable "where" {}\n${aws('var.where')}resource "aws_kinesis_stream" "main" {\n  name = "${id}"\n}\n`,
    [`${folder}/terraform.tfvars`]: `where = "${region}"\n`,
  }),
  'Terraform, locals': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `locals {\n  places = {\n    live = "${region}"\n    lost = "eu-isoe-west-1"\n  }\n  here = local.places["live"]\n}\n${aws('local.here')}resource "aws_sns_topic" "main" {\n  name = "${id}"\n}\n`,
  }),
  'Terraform, alias': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `${aws('"mx-central-1"')}${aws(`"${region}"`, '  alias = "there"\n')}resource "aws_sqs_queue" "main" {\n  provider = aws.there\n  name     = "${id}"\n}\n`,
  }),
  'Terraform, provider 6': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `${aws('"mx-central-1"')}resource "aws_sqs_queue" "main" {\n  region = "${region}"\n  name   = "${id}"\n}\n`,
  }),
  'Terraform, module': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`, '  alias = "there"\n')}module "store" {\n  source    = "./modules/store"\n  name      = "${id}"\n  providers = { aws = aws.there }\n}\n`,
    [`${folder}/modules/store/main.tf`]:
      'variable "name" {}\nresource "aws_s3_bucket" "main" {\n  bucket = var.name\n}\n',
  }),
  SAM: ({ folder, id }, region) => ({
    [`${folder}/template.yaml`]: `AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Main:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: ${id}\n`,
    [`${folder}/samconfig.toml`]: `version = 0.1\n[default.deploy.parameters]\nregion = "${region}"\n`,
  }),
  'CDK output': ({ folder, id }, region) => ({
    [`${folder}/cdk.out/manifest.json`]: JSON.stringify({
      artifacts: {
        S: {
          type: 'aws:cloudformation:stack',
          environment: `aws://unknown-account/${region}`,
          properties: { templateFile: 'S.template.json' },
        },
      },
    }),
    [`${folder}/cdk.out/S.template.json`]: JSON.stringify({
      Resources: { T: { Type: 'AWS::SNS::Topic', Properties: { TopicName: id } } },
    }),
  }),
  'Pulumi stack': ({ folder, id }, region) => ({
    [`${folder}/Pulumi.yaml`]: `name: ${id}\nruntime: nodejs\n`,
    [`${folder}/Pulumi.live.yaml`]: `config:\n  aws:region: ${region}\n`,
  }),
  'Kubernetes selector': ({ folder, id }, region) => ({
    [`${folder}/app.yaml`]: `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${id} }\nspec:\n  template:\n    spec:\n      nodeSelector: { topology.kubernetes.io/region: ${region} }\n`,
  }),
  'an image': ({ folder, id }, region) => ({
    [`${folder}/compose.yaml`]: `services:\n  ${id}:\n    image: 123456789012.dkr.ecr.${region}.amazonaws.com/${id}:latest\n`,
  }),
  TypeScript: ({ folder }, region) => ({
    [`${folder}/client.ts`]: `import { SQSClient } from '@aws-sdk/client-sqs';\n\nexport const client = new SQSClient({ region: '${region}' });\n`,
  }),
  Python: ({ folder }, region) => ({
    [`${folder}/client.py`]: `import boto3\n\nHERE = "${region}"\nclient = boto3.client("sqs", region_name=HERE)\n`,
  }),
  'an ARN in Go': ({ folder, id }, region) => ({
    [`${folder}/arn.go`]: `package a\n\nconst topic = "arn:aws:sns:${region}:123456789012:${id}"\n`,
  }),
  'an endpoint in Java': ({ folder, id }, region) => ({
    [`${folder}/Client.java`]: `class Client {\n  String url = "https://sqs.${region}.amazonaws.com/123456789012/${id}";\n}\n`,
  }),
  properties: ({ folder }, region) => ({ [`${folder}/application.properties`]: `aws.region=${region}\n` }),
};

/** Two Regions that stand in for each other. */
export const COPIED: Readonly<Record<string, (slot: Slot, region: string, other: string) => Files>> = {
  'a global table': ({ folder, id }, region, other) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`)}resource "aws_dynamodb_table" "main" {\n  name = "${id}"\n  replica {\n    region_name = "${other}"\n  }\n}\n`,
  }),
  'buckets that replicate': ({ folder, id }, region, other) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`)}${aws(`"${other}"`, '  alias = "there"\n')}resource "aws_s3_bucket" "from" {\n  bucket = "${id}-from"\n}\nresource "aws_s3_bucket" "to" {\n  provider = aws.there\n  bucket   = "${id}-to"\n}\nresource "aws_s3_bucket_replication_configuration" "main" {\n  bucket = aws_s3_bucket.from.id\n  rule {\n    destination {\n      bucket = aws_s3_bucket.to.arn\n    }\n  }\n}\n`,
  }),
  'a module for each Region': ({ folder, id }, region, other) => ({
    [`${folder}/main.tf`]: `module "cell" {\n  for_each = toset(["${region}", "${other}"])\n  source   = "./modules/cell"\n  where    = each.value\n}\n`,
    [`${folder}/modules/cell/main.tf`]: `variable "where" {}\nresource "aws_lambda_function" "main" {\n  region        = var.where\n  function_name = "${id}"\n}\n`,
  }),
  'stacks of Pulumi': ({ folder, id }, region, other) => ({
    [`${folder}/Pulumi.yaml`]: `name: ${id}\nruntime: python\n`,
    [`${folder}/Pulumi.primary.yaml`]: `config:\n  aws:region: ${region}\n`,
    [`${folder}/Pulumi.secondary.yaml`]: `config:\n  aws:region: ${other}\n`,
  }),
  'balancers behind failing-over records': ({ folder, id }, region, other) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`)}${aws(`"${other}"`, '  alias = "there"\n')}resource "aws_lb" "a" {\n  name = "${id}"\n}\nresource "aws_lb" "b" {\n  provider = aws.there\n  name     = "${id}"\n}\n${[
      'a',
      'b',
    ]
      .map(
        (side) =>
          `resource "aws_route53_record" "${side}" {\n  name           = "${id}.example"\n  set_identifier = "${side}"\n  failover_routing_policy {\n    type = "${side === 'a' ? 'PRIMARY' : 'SECONDARY'}"\n  }\n  alias {\n    name = aws_lb.${side}.dns_name\n  }\n}\n`,
      )
      .join('')}`,
  }),
};

/** Which Region the changes need. */
export const CHANGES: Readonly<Record<string, { readonly region: string; readonly render: (slot: Slot) => Files }>> = {
  roles: {
    region: 'us-east-1',
    render: ({ folder, id }) => ({
      [`${folder}/main.tf`]: `${aws('"mx-central-1"')}resource "aws_iam_role" "main" {\n  name = "${id}"\n}\n`,
    }),
  },
  'a distribution and its certificate': {
    region: 'us-east-1',
    render: ({ folder }) => ({
      [`${folder}/main.tf`]: `${aws('"us-east-1"')}resource "aws_acm_certificate" "main" {}\nresource "aws_cloudfront_distribution" "main" {\n  viewer_certificate {\n    acm_certificate_arn = aws_acm_certificate.main.arn\n  }\n}\n`,
    }),
  },
  'an accelerator': {
    region: 'us-west-2',
    render: ({ folder, id }) => ({
      [`${folder}/main.tf`]: `resource "aws_globalaccelerator_accelerator" "main" {\n  name = "${id}"\n}\n`,
    }),
  },
  'a workflow': {
    region: 'us-east-1',
    render: ({ folder }) => ({
      [`.github/workflows/${folder.replaceAll('/', '-')}.yml`]: 'env:\n  AWS_REGION: us-east-1\n',
    }),
  },
};

/** Nobody can know the Region. */
export const OPEN: Readonly<Record<string, (slot: Slot) => Files>> = {
  'a variable without a value': ({ folder, id }) => ({
    [`${folder}/main.tf`]: `variable "where" {}\n${aws('var.where')}resource "aws_sqs_queue" "main" {\n  name = "${id}"\n}\n`,
  }),
  'another tool’s answer': ({ folder, id }) => ({
    [`${folder}/main.tf`]: `${aws('data.external.where.result.region')}resource "aws_sqs_queue" "main" {\n  name = "${id}"\n}\n`,
  }),
  'the environment': ({ folder }) => ({
    [`${folder}/client.ts`]:
      "import { S3Client } from '@aws-sdk/client-s3';\n\nexport const client = new S3Client({ region: process.env.DATA_REGION });\n",
  }),
  'a chart': ({ folder, id }) => ({
    [`${folder}/templates/app.yaml`]: `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${id} }\nspec:\n  template:\n    spec:\n      nodeSelector:\n        topology.kubernetes.io/region: {{ .Values.region }}\n`,
  }),
  'a broken file': ({ folder }) => ({ [`${folder}/main.tf`]: 'resource "aws_sqs_queue" "main" {\n  name = "x\n' }),
};

/** What looks like a fact and is none. */
export const TRAPS: Readonly<Record<string, (slot: Slot, region: string) => Files>> = {
  'a comment': ({ folder }, region) => ({
    [`${folder}/notes.tf`]: `# provider "aws" { region = "${region}" }\n/* arn:aws:sqs:${region}:123456789012:x */\n`,
  }),
  'what was put aside': ({ folder, id }, region) => ({
    [`${folder}/archived/main.tf`]: `${aws(`"${region}"`)}resource "aws_sqs_queue" "old" {\n  name = "${id}"\n}\n`,
  }),
  'a test': ({ folder }, region) => ({
    [`${folder}/tests/client_test.py`]: `import boto3\n\nclient = boto3.client("sqs", region_name="${region}")\n`,
  }),
  'a list of choices': ({ folder }, region) => ({
    [`${folder}/choices.ts`]: `export const choices = ['${region}', 'eu-isoe-west-1'];\n`,
  }),
  documentation: ({ folder }, region) => ({
    [`${folder}/tool.py`]: `"""Talks to arn:aws:sqs:${region}:123456789012:old."""\n`,
    [`${folder}/README.md`]: `Runs in ${region}.\n`,
  }),
  'a module that nothing calls': ({ folder, id }, region) => ({
    [`${folder}/modules/spare/main.tf`]: `${aws(`"${region}"`)}resource "aws_sqs_queue" "spare" {\n  name = "${id}"\n}\n`,
  }),
  'nothing of something': ({ folder, id }, region) => ({
    [`${folder}/main.tf`]: `${aws(`"${region}"`)}resource "aws_sqs_queue" "none" {\n  count = 0\n  name  = "${id}"\n}\n`,
  }),
};
