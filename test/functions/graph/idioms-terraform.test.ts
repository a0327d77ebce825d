/** Ways in which Terraform, OpenTofu and states say where something runs, as real repositories write them; each with all its ties. */
import { describe, expect, it } from 'vitest';

import { type Files, proofsOf, saidTies } from './said-ties.ts';

const AWS = (region: string, alias = ''): string =>
  `provider "aws" {\n${alias === '' ? '' : `  alias = "${alias}"\n`}  region = ${region}\n}\n`;
const QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n';
const LOCALS = (text: string): string => `locals {\n${text}\n}\n`;
const EACH = (each: string, region: string): string =>
  `resource "aws_sqs_queue" "q" {\n  for_each = ${each}\n  region   = ${region}\n}\n`;

const VALUES: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a list that is filtered': [
    { 'main.tf': EACH('toset([for r in ["eu-west-1", "eu-west-2"] : r if r != "eu-west-2"])', 'each.key') },
    ['shop eu-west-1 runtime'],
  ],
  'an object made from a map, by a number': [
    {
      'main.tf': `${LOCALS('  m = { a = { region = "eu-west-1", n = 3 }, b = { region = "eu-west-2", n = 1 } }')}${EACH('{ for k, v in local.m : k => v.region if v.n > 2 }', 'each.value')}`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'keys of a grouping': [
    {
      'main.tf': `${LOCALS('  m = { a = "eu-west-1", b = "eu-west-1" }')}${EACH('toset(keys({ for k, v in local.m : v => k... }))', 'each.key')}`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'products, flattened': [
    {
      'main.tf': EACH(
        '{ for one in flatten([for p in setproduct(["x"], ["eu-west-1", "eu-west-2"]) : [{ id = join("-", p), region = p[1] }]]) : one.id => one }',
        'each.value.region',
      ),
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'a splat': [
    {
      'main.tf': `${LOCALS('  sites = [{ region = "eu-west-1" }, { region = "eu-west-2" }]')}${EACH('toset(local.sites[*].region)', 'each.key')}`,
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'a call that is stepped into': [
    {
      'main.tf': AWS('merge({ a = { region = "us-east-1" } }, { a = { region = "eu-west-1" } })["a"].region') + QUEUE,
    },
    ['shop eu-west-1 runtime'],
  ],
  'an index that goes round': [
    { 'main.tf': AWS('element(["eu-west-1", "eu-west-2"], 3)') + QUEUE },
    ['shop eu-west-2 runtime'],
  ],
  'one of a list without empty texts': [
    { 'main.tf': AWS('one(compact(["", "eu-west-1"]))') + QUEUE },
    ['shop eu-west-1 runtime'],
  ],
  'a conditional on two things': [
    {
      'main.tf': `${AWS('var.live && !var.test ? "eu-west-1" : "us-east-1"')}${QUEUE}variable "live" {\n  default = "true"\n}\nvariable "test" {\n  default = false\n}`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'what is tried first and missing': [
    { 'main.tf': `${AWS('try(local.o.region, "eu-west-1")')}${QUEUE}${LOCALS('  o = { size = 1 }')}` },
    ['shop eu-west-1 runtime'],
  ],
  'what is tried first and unknown is no fallback': [
    { 'main.tf': AWS('try(data.external.x.result.region, "us-east-1")') + QUEUE },
    ['shop unknown data.external.x.result.region'],
  ],
  'the default in a type': [
    {
      'main.tf': `module "m" {\n  source = "./m"\n  site = {}\n}`,
      'm/main.tf': `variable "site" {\n  type = object({ region = optional(string, "eu-west-1") })\n}\nresource "aws_sqs_queue" "q" {\n  region = var.site.region\n}\n`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'null that means the default': [
    {
      'main.tf': `module "m" {\n  source = "./m"\n  region = null\n}`,
      'm/main.tf': `variable "region" {\n  default = "eu-west-1"\n  nullable = false\n}\nresource "aws_sqs_queue" "q" {\n  region = var.region\n}\n`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'the name of the folder': [
    { 'live/eu-west-1/main.tf': AWS('basename(abspath(path.module))') + QUEUE },
    ['shop eu-west-1 runtime'],
  ],
  'settings that are decoded are no settings themselves': [
    {
      'main.tf': `${LOCALS('  sites = yamldecode(file("${path.module}/sites.yaml"))')}${EACH('{ for k, v in local.sites : k => v if v.live }', 'each.value.region')}`,
      'sites.yaml': 'a:\n  region: eu-west-1\n  live: true\nb:\n  region: eu-west-2\n  live: false\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'modules by count': [
    {
      'main.tf': `variable "r" {\n  default = ["eu-west-1", "eu-west-2"]\n}\nmodule "m" {\n  source = "./m"\n  count = length(var.r)\n  region = var.r[count.index]\n}`,
      'm/main.tf': 'variable "region" {}\nresource "aws_sqs_queue" "q" {\n  region = var.region\n}\n',
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'old texts of one variable': [
    {
      'main.tf': `${AWS('"${lookup(var.regions, var.env)}"')}resource "aws_sqs_queue" "q" {\n  count = "\${var.on}"\n}\nvariable "on" {\n  default = "1"\n}\nvariable "env" {\n  default = "live"\n}\nvariable "regions" {\n  type = "map"\n  default = {\n    live = "eu-west-1"\n  }\n}`,
    },
    ['shop eu-west-1 runtime'],
  ],
};

const FILES: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'values of an environment, a Region and all of them': [
    {
      'main.tf': `${AWS('var.region')}resource "aws_sqs_queue" "q" {\n  name = "\${var.env}-\${var.owner}"\n}\nvariable "region" {}\nvariable "env" {}\nvariable "owner" {}\n`,
      'vars/common.tfvars': 'owner = "sre"',
      'vars/env/prod.tfvars': 'env = "prod"',
      'vars/region/eu-west-1.tfvars': 'region = "eu-west-1"',
      'vars/region/eu-west-2.tfvars': 'region = "eu-west-2"',
    },
    ['[prod] shop eu-west-1 runtime +eu-west-2', '[prod] shop eu-west-2 runtime +eu-west-1'],
  ],
  'values of one environment in two files': [
    {
      'main.tf': `${AWS('var.region')}${QUEUE}variable "region" {}\nvariable "size" {}\n`,
      'envs/prod/network.tfvars': 'region = "eu-west-1"',
      'envs/prod/sizes.tfvars': 'size = 3',
    },
    ['[prod] shop eu-west-1 runtime'],
  ],
  'the settings of a backend are of deployments': [
    {
      'main.tf': `${AWS('"eu-west-1"')}${QUEUE}terraform {\n  backend "s3" {}\n}\n`,
      'backends/prod.hcl': 'bucket = "state"\nkey = "k"\nregion = "us-east-2"\n',
      'test.s3.tfbackend': 'bucket = "state"\nregion = "us-west-2"\n',
    },
    ['shop eu-west-1 runtime', 'shop us-east-2 deploy', 'shop us-west-2 deploy'],
  ],
  'where images are made': [
    { 'web.pkr.hcl': 'source "amazon-ebs" "web" {\n  region = "eu-west-1"\n}\n' },
    ['shop eu-west-1 deploy'],
  ],
  'JSON with comments, lists and a copy': [
    {
      'cdktf.out/stacks/shop/cdk.tf.json': JSON.stringify({
        '//': { metadata: { stackName: 'shop' } },
        provider: { aws: [{ region: 'eu-west-1' }, { alias: 'dr', region: 'eu-west-2' }] },
        resource: {
          aws_dynamodb_table: { t: { '//': { metadata: {} }, replica: [{ region_name: 'eu-north-1' }] } },
          aws_sqs_queue: { q: { provider: 'aws.dr' } },
        },
      }),
    },
    ['shop eu-north-1 runtime +eu-west-1', 'shop eu-west-1 runtime +eu-north-1', 'shop eu-west-2 runtime'],
  ],
};

const TOLD: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'the environment of a function': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_lambda_function" "f" {\n  environment {\n    variables = merge({ A = "x" }, { BUCKET_REGION = "eu-west-2" })\n  }\n  tags = {\n    Region = "us-east-1"\n  }\n}\n`,
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'the environment of a container': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_ecs_task_definition" "t" {\n  container_definitions = jsonencode([{ name = "a", environment = [{ name = "AWS_REGION", value = "eu-west-2" }] }])\n}\n`,
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'values of a chart': [
    {
      'main.tf':
        'resource "helm_release" "x" {\n  set {\n    name  = "aws.region"\n    value = "eu-west-1"\n  }\n  values = [<<-EOT\n    app:\n      awsRegion: eu-west-2\n  EOT\n  ]\n}\n',
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a dashboard watches': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_cloudwatch_dashboard" "d" {\n  dashboard_body = jsonencode({ widgets = [{ properties = { region = "eu-west-2" } }] })\n}\n`,
    },
    ['shop eu-west-1 control-plane', 'shop eu-west-2 control-plane'],
  ],
  'a policy allows': [
    {
      'main.tf':
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{ Condition = { StringEquals = { region = "eu-west-2" } } }] })\n}\n',
    },
    ['shop us-east-1 control-plane'],
  ],
  'another cloud that has the name too': [
    { 'main.tf': 'resource "alicloud_instance" "i" {\n  settings = {\n    region = "us-east-1"\n  }\n}\n' },
    [],
  ],
  'an ARN with an account that is looked up': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_lambda_function" "f" {\n  environment {\n    variables = {\n      T = "arn:aws:sns:eu-west-2:\${data.aws_caller_identity.current.account_id}:orders"\n    }\n  }\n}\n`,
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
};

const COPIES: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'instances of a copied cluster, and what belongs to a copied bucket': [
    {
      'main.tf': `${AWS('"eu-west-1"')}${AWS('"eu-west-2"', 'dr')}resource "aws_rds_cluster" "a" {\n  global_cluster_identifier = "g"\n}\nresource "aws_rds_cluster" "b" {\n  provider = aws.dr\n  global_cluster_identifier = "g"\n}\nresource "aws_rds_cluster_instance" "b" {\n  provider = aws.dr\n  cluster_identifier = aws_rds_cluster.b.id\n}\n`,
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'replicas by an iterator of another name': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_dynamodb_table" "t" {\n  dynamic "replica" {\n    for_each = toset(["eu-west-2"])\n    iterator = copy\n    content {\n      region_name = copy.value\n    }\n  }\n}\n`,
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
};

const MODULE = 'variable "name" {}\nresource "aws_sqs_queue" "q" {\n  name = var.name\n}\n';

const OTHERS: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a module from a repository on GitHub': [
    {
      'main.tf': `${AWS('"eu-west-1"')}module "m" {\n  source = "git::https://github.com/acme/mods.git//queue?ref=v1"\n}\n`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'an endpoint in another Region is no copy': [
    {
      'main.tf': `${AWS('"eu-west-1"')}resource "aws_vpc_endpoint" "e" {\n  service_region = "eu-west-2"\n}\n`,
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a module that an example shows is for others': [
    {
      'main.tf': MODULE,
      'examples/simple/main.tf': `${AWS('"eu-west-1"')}module "m" {\n  source = "../.."\n}\n`,
    },
    [],
  ],
  'units of Terragrunt below the file of their Region': [
    {
      'root.hcl':
        'locals {\n  place = read_terragrunt_config(find_in_parent_folders("region.hcl"))\n}\ngenerate "provider" {\n  path = "p.tf"\n  contents = <<EOF\nprovider "aws" {\n  region = "${local.place.locals.aws_region}"\n}\nEOF\n}\nremote_state {\n  backend = "s3"\n  config = {\n    region = "eu-north-1"\n  }\n}\n',
      'prod/a/region.hcl': 'locals {\n  aws_region = "eu-west-1"\n}\n',
      'prod/a/queue/terragrunt.hcl':
        'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "${get_repo_root()}/modules//queue"\n}\ninputs = {\n  name = "jobs"\n}\n',
      'modules/queue/main.tf': MODULE,
    },
    ['shop eu-north-1 deploy', 'shop eu-west-1 runtime'],
  ],
  'units of Terragrunt in folders named after Regions, of a module from elsewhere': [
    {
      'root.hcl':
        'locals {\n  region = basename(dirname(get_terragrunt_dir()))\n}\ngenerate "provider" {\n  path = "p.tf"\n  contents = <<EOF\nprovider "aws" {\n  region = "${local.region}"\n}\nEOF\n}\n',
      'prod/eu-west-1/api/terragrunt.hcl':
        'include {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "git::https://github.com/acme/mods.git//api"\n}\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a unit of Terragrunt whose Region the environment decides': [
    {
      'root.hcl':
        'generate "provider" {\n  path = "p.tf"\n  contents = <<EOF\nprovider "aws" {\n  region = "${get_env("AWS_REGION", "us-east-1")}"\n}\nEOF\n}\n',
      'api/terragrunt.hcl':
        'include {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "tfr:///acme/queue/aws?version=1.0.0"\n}\n',
    },
    ['shop unknown get_env("AWS_REGION", "us-east-1")'],
  ],
};

describe.each([
  ['values', VALUES],
  ['files', FILES],
  ['what is told', TOLD],
  ['copies', COPIES],
  ['whose it is', OTHERS],
])('Terraform: %s', (_name, cases) => {
  it.each(Object.entries(cases))('%s', async (_title, [files, wanted]) => {
    expect(await saidTies(files)).toStrictEqual(wanted);
  });
});

describe('the lines that prove it', () => {
  it('are those of the item, and not only of the list that it stands in', async () => {
    const text = `${LOCALS('  sites = {\n    a = {\n      region = "eu-west-1"\n    }\n  }')}${EACH('local.sites', 'each.value.region')}`;
    const [proof] = await proofsOf({ 'main.tf': text }, 'eu-west-1');
    expect(proof?.split(' ')).toContain('main.tf:4');
  });

  it('are those that name the copy', async () => {
    const text = `${AWS('"eu-west-1"')}resource "aws_dynamodb_table" "t" {\n  replica {\n    region_name = "eu-west-2"\n  }\n}\n`;
    expect(await proofsOf({ 'main.tf': text }, 'eu-west-2')).toStrictEqual(['main.tf:4 main.tf:6']);
  });

  it('are those of the variable that a text stands in', async () => {
    const text = `resource "aws_lambda_function" "f" {\n  environment {\n    variables = {\n      Q = var.url\n    }\n  }\n}\nvariable "url" {\n  default = "https://sqs.eu-west-1.amazonaws.com/111122223333/q"\n}\n`;
    const [proof] = await proofsOf({ 'main.tf': text }, 'eu-west-1');
    expect(proof).toBe('main.tf:4 main.tf:9');
  });

  it('are lines of JSON', async () => {
    const text =
      '{\n  "provider": {\n    "aws": [\n      { "region": "us-east-1", "alias": "x" },\n      { "region": "eu-west-1" }\n    ]\n  },\n  "resource": {\n    "aws_sqs_queue": {\n      "q": { "name": "q" }\n    }\n  }\n}\n';
    expect(await proofsOf({ 'main.tf.json': text }, 'eu-west-1')).toStrictEqual(['main.tf.json:10 main.tf.json:5']);
  });
});

describe('values that grow', () => {
  const doubled = (wrap: (name: string) => string): string =>
    LOCALS(
      ['  l0 = ["a", "b"]', ...Array.from({ length: 40 }, (_, at) => `  l${at + 1} = ${wrap(`local.l${at}`)}`)].join(
        '\n',
      ),
    );
  const uses = (value: string): string =>
    `resource "aws_lambda_function" "f" {\n  for_each = toset(flatten(${value}))\n  environment {\n    variables = { A = ${value} }\n  }\n  region = ${value}${'[*]'.repeat(30)}\n}\n`;

  it.each([
    ['lists of lists', doubled((name) => `[${name}, ${name}]`) + uses('local.l40')],
    ['objects of objects', doubled((name) => `{ a = ${name}, b = ${name} }`) + uses('local.l40')],
    ['lists one after the other', doubled((name) => `concat(${name}, ${name})`) + uses('local.l40')],
    ['loops in loops', LOCALS(`  l = ${'[for a in range(900) : '.repeat(12)}a${']'.repeat(12)}`) + uses('local.l')],
  ])('%s end soon, and are unknown', async (_name, text) => {
    const ties = await saidTies({ 'main.tf': text });
    expect(ties.every((tie) => tie.startsWith('shop unknown'))).toBe(true);
  });
});
