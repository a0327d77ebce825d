/** Ways in which code says, or does not say, where it runs: each with exactly the ties that it makes and the line that decides. */
import { describe, expect, it } from 'vitest';

import { type Files, proofsOf, saidTies } from './said-ties.ts';

const S3 = "import { S3Client } from '@aws-sdk/client-s3';\n";

const TIED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a constant in a wrapper, in Rust': [
    {
      'src/main.rs':
        'use aws_config::Region;\nconst REGION: &str = "eu-north-1";\nasync fn a() { let c = aws_config::from_env().region(Region::new(REGION)).load().await; }\n',
    },
    ['shop eu-north-1 runtime'],
  ],
  'a constant of the class, in PHP': [
    {
      'a.php':
        "<?php\nuse Aws\\S3\\S3Client;\nclass A {\n  const REGION = 'sa-east-1';\n  function s3() { return new S3Client(['region' => self::REGION]); }\n}\n",
    },
    ['shop sa-east-1 runtime'],
  ],
  'parts that are joined': [
    { 'a.py': 'import boto3\nAREA = "us-" + "east-" + "2"\nboto3.client("s3", region_name=AREA)\n' },
    ['shop us-east-2 runtime'],
  ],
  'a client in each Region of a list, in Python': [
    {
      'a.py':
        'import boto3\nREGIONS = ["eu-west-1", "eu-central-1"]\nfor region in REGIONS:\n    boto3.client("sqs", region_name=region)\n',
    },
    ['shop eu-central-1 runtime', 'shop eu-west-1 runtime'],
  ],
  'a client in each Region of a list, in TypeScript': [
    { 'a.ts': `${S3}export const all = ['eu-west-1', 'eu-west-2'].map((region) => new S3Client({ region }));\n` },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a client in each Region of a list, in Ruby': [
    { 'a.rb': '%w[eu-west-1 eu-west-2].each do |r|\n  Aws::S3::Client.new(region: r)\nend\n' },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a client in each Region of a list, in Java': [
    {
      'A.java':
        'import software.amazon.awssdk.regions.Region;\nclass A { Object a = java.util.List.of(Region.EU_WEST_1, Region.EU_WEST_2).stream().map(r -> S3Client.builder().region(r).build()); }\n',
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a name of a loop means nothing outside of it': [
    {
      'a.py':
        'import boto3\nfor region in ["eu-west-1"]:\n    print(region)\n\ndef make(region):\n    return boto3.client("sqs", region_name=region)\n',
    },
    ['shop unknown region'],
  ],
  'a framework that loads the SDK for everybody': [
    { 'config/initializers/aws.rb': "Aws.config.update(region: 'ca-central-1')\n" },
    ['shop ca-central-1 runtime'],
  ],
  'a client that is told its endpoint’s constant first, in C#': [
    { 'A.cs': 'using Amazon.SQS;\nclass A { object c = new AmazonSQSClient(RegionEndpoint.EUWest2); }\n' },
    ['shop eu-west-2 runtime'],
  ],
  'GovCloud as C# writes it': [
    { 'A.cs': 'using Amazon.S3;\nclass A { object c = new AmazonS3Client(RegionEndpoint.USGovCloudWest1); }\n' },
    ['shop us-gov-west-1 runtime'],
  ],
  'an identifier of the first SDK of Go': [
    {
      'a.go':
        'package a\n\nimport (\n\t"github.com/aws/aws-sdk-go/aws"\n\t"github.com/aws/aws-sdk-go/aws/endpoints"\n)\n\nvar c = &aws.Config{Region: aws.String(endpoints.EuSouth1RegionID)}\n',
    },
    ['shop eu-south-1 runtime'],
  ],
  'a queue as a broker': [
    { 'a.py': 'app = Celery("a", broker="sqs://")\napp.conf.broker_transport_options = {"region": "eu-west-2"}\n' },
    ['shop eu-west-2 runtime'],
  ],
  'a constant of another file': [
    {
      'src/config/region.ts': "export const HOME_REGION = 'eu-west-1';\n",
      'src/store.ts': `import { HOME_REGION } from './config/region.ts';\n${S3}export const s3 = new S3Client({ region: HOME_REGION });\n`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'settings of another file, as Python has them': [
    {
      'app/settings.py': 'class Settings:\n    aws_region: str = "ca-central-1"\n\nsettings = Settings()\n',
      'app/store.py':
        'import boto3\nfrom .settings import settings\nsession = boto3.Session(region_name=settings.aws_region)\n',
    },
    ['shop ca-central-1 runtime'],
  ],
  'a constant of another file of the package, in Go': [
    {
      'a/constants.go': 'package a\n\nconst homeRegion = "eu-west-1"\n',
      'a/a.go': 'package a\n\nimport "github.com/aws/aws-sdk-go-v2/aws"\n\nvar c = aws.Config{Region: homeRegion}\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a name that two files give two values': [
    {
      'a/constants.ts': "export const REGION = 'eu-west-1';\n",
      'b/constants.ts': "export const REGION = 'eu-west-2';\n",
      'c.ts': `import { REGION } from './a/constants.ts';\n${S3}export const s3 = new S3Client({ region: REGION });\n`,
    },
    ['shop unknown REGION'],
  ],
  'a property of something else': [
    {
      'a.ts': `${S3}const page = { region: 'us-east-1' };\nexport const open = (config) => new S3Client({ region: config.region });\n`,
    },
    ['shop unknown config.region'],
  ],
  'a variable that a manifest gives': [
    {
      'main.go':
        'package main\n\nimport (\n\t"os"\n\n\t"github.com/aws/aws-sdk-go-v2/aws"\n)\n\nvar c = aws.Config{Region: os.Getenv("TILES_REGION")}\n',
      'k8s.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  TILES_REGION: eu-west-1\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a key of the settings': [
    {
      'config/default.json': '{ "aws": { "region": "eu-west-1" } }',
      'a.js':
        "const config = require('config');\nconst { S3Client } = require('@aws-sdk/client-s3');\nnew S3Client({ region: config.get('aws.region') });\n",
    },
    ['shop eu-west-1 runtime'],
  ],
  'copies of a table, as CDK writes them': [
    {
      'a.ts':
        "import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';\nnew TableV2(this, 't', { replicas: [{ region: 'eu-west-2' }, { region: 'us-east-1' }] });\n",
    },
    ['shop eu-west-2 runtime', 'shop us-east-1 runtime'],
  ],
  'settings that a page is built with': [
    { 'src/aws-exports.js': "const mobile = { aws_project_region: 'eu-west-1' };\nexport default mobile;\n" },
    ['shop eu-west-1 runtime'],
  ],
  'a pool of users': [{ 'a.ts': "export const pool = 'eu-central-1_Ab12Cd34E';\n" }, ['shop eu-central-1 runtime']],
  'a program that gives itself its environment': [
    {
      'a.go': 'package a\n\nimport "os"\n\nfunc f() { os.Setenv("AWS_REGION", "eu-west-1") }\n',
      'A.java': 'class A { void a() { System.setProperty("aws.region", "eu-west-2"); } }\n',
      'a.py':
        'import os\nos.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-3")\napp.config["AWS_REGION"] = "eu-north-1"\n',
    },
    ['shop eu-north-1 runtime', 'shop eu-west-1 runtime', 'shop eu-west-2 runtime', 'shop eu-west-3 runtime'],
  ],
  'settings of Django': [{ 'shop/settings.py': 'AWS_S3_REGION_NAME = "eu-west-1"\n' }, ['shop eu-west-1 runtime']],
  'a client that is told a variable, in C#': [
    {
      'A.cs':
        'using Amazon.S3;\nclass A { static readonly RegionEndpoint where = RegionEndpoint.EUWest1; object c = new AmazonS3Client(where); }\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'another name for the provider, in Ruby': [
    { 'a.rb': "c.fog_credentials = { provider: 'AWS', region: 'eu-west-1' }\n" },
    ['shop eu-west-1 runtime'],
  ],
  'the first of a chain, in Rust': [
    {
      'a.rs':
        'use aws_config::meta::region::RegionProviderChain;\nasync fn a() { let p = RegionProviderChain::first_try(Region::new("eu-west-1")); let c = aws_config::from_env().region(p).load().await; }\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a default of the first loader, in Go, is a hint': [
    {
      'a.go':
        'package a\n\nimport "github.com/aws/aws-sdk-go-v2/config"\n\nfunc f() { config.LoadDefaultConfig(nil, config.WithDefaultRegion("eu-west-1")) }\n',
    },
    ['shop unknown default "eu-west-1"'],
  ],
  'variables and loops of a shell': [
    {
      'a.sh':
        'HOME_REGION=eu-west-3\naws s3 ls --region "${HOME_REGION}"\nfor region in eu-west-1 eu-west-2; do\n  aws sqs list-queues --region "$region"\ndone\n',
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime', 'shop eu-west-3 runtime'],
  ],
  'a helper of our own that makes clients': [
    { 'a.ts': "import { makeClient } from './aws';\nexport const c = makeClient({ region: 'eu-west-3' });\n" },
    ['shop eu-west-3 runtime'],
  ],
  'a constant in an ARN': [
    { 'a.py': 'REGION = "eu-west-1"\narn = f"arn:aws:sqs:{REGION}:123456789012:orders"\n' },
    ['shop eu-west-1 runtime'],
  ],
  'an ARN and a host that are put together': [
    {
      'a.py':
        'arn = "arn:aws:sqs:" + region + ":123456789012:orders"\nhost = f"https://sqs.{region}.amazonaws.com/1/q"\n',
    },
    ['shop unknown arn:aws:sqs:…', 'shop unknown https://sqs.{region}.amazonaws.com/1/q…'],
  ],
  'an enumeration and a map of constants': [
    {
      'a.ts': `${S3}enum Home { Store = 'eu-west-1' }\nnew S3Client({ region: Home.Store });\n`,
      'a.py':
        'import boto3\nWHERE = {"prod": "eu-west-2", "dev": "eu-west-3"}\nboto3.client("s3", region_name=WHERE["prod"])\n',
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'a constant with a type': [
    { 'a.ts': `${S3}const REGION = 'eu-west-1' as const;\nnew S3Client({ region: REGION });\n` },
    ['shop eu-west-1 runtime'],
  ],
  'an image that is told a Region': [
    { Dockerfile: 'FROM node:24\nENV AWS_REGION=eu-west-1\n', 'a.ts': `${S3}new S3Client({});\n` },
    ['shop eu-west-1 runtime'],
  ],
};

const NOT_TIED: Readonly<Record<string, Files>> = {
  'tests beside the code, in Rust': {
    'src/lib.rs':
      'pub fn a() {}\n\n#[cfg(test)]\nmod tests {\n  #[tokio::test]\n  async fn t() { let c = aws_config::from_env().region(Region::new("us-west-2")).load().await; }\n}\n',
  },
  'a table of Regions in a file that calls AWS': {
    'a.ts': `${S3}export const PROBES = [{ region: 'us-east-1', ms: 80 }, { region: 'eu-west-1', ms: 9 }];\n`,
  },
  'tables of Regions in other languages': {
    'a.go':
      'package a\n\nimport "github.com/aws/aws-sdk-go-v2/aws"\n\nvar _ aws.Config\nvar probes = []probe{{Region: "us-east-1", Ms: 3}, {Region: "eu-west-1", Ms: 4}}\n',
    'a.php':
      "<?php\nuse Aws\\S3\\S3Client;\n$p = [['region' => 'us-east-1', 'ms' => 1], ['region' => 'eu-west-1', 'ms' => 2]];\n",
    'a.rb': "require 'aws-sdk-s3'\nP = [{ region: 'us-east-1' }, { region: 'eu-west-1' }]\n",
  },
  'what a framework leaves to be filled in': {
    'config/queue.php':
      "<?php\nreturn ['sqs' => ['prefix' => env('SQS_PREFIX', 'https://sqs.us-east-1.amazonaws.com/your-account-id')]];\n",
  },
  'an object of our own': { 'a.ts': `${S3}export const page = { region: 'us-east-1' };\n` },
  'a line of a log': { 'a.ts': `${S3}console.info('sent', { region: 'us-east-1' });\n` },
  'a stand-in on the same machine': {
    'a.ts': `${S3}new S3Client({ region: 'us-east-1', endpoint: 'http://localhost:4566' });\n`,
    'a.sh': 'aws --endpoint-url=http://localhost:4566 --region us-east-1 sqs list-queues\n',
  },
  'a message that shows how an ARN is written': {
    'a.py': 'raise ValueError("write it like arn:aws:sqs:us-east-1:123456789012:orders")\n',
  },
  'what was bundled': {
    'dist/index.js': `const { S3Client } = require('@aws-sdk/client-s3');\nnew S3Client({ region: 'us-east-1' });\n`,
  },
  'a suite of another kind': {
    'src/integrationTest/java/A.java':
      'import software.amazon.awssdk.regions.Region;\nclass A { Object a = S3Client.builder().region(Region.US_EAST_1).build(); }\n',
  },
};

describe('code', () => {
  it.each(Object.entries(TIED))('%s', async (_name, [files, expected]) => {
    expect(await saidTies(files)).toStrictEqual(expected);
  });

  it.each(Object.entries(NOT_TIED))('%s ties nothing', async (_name, files) => {
    expect(await saidTies(files)).toStrictEqual([]);
  });

  it('a package called example is no example', async () => {
    const path = 'src/main/java/com/example/demo/Store.java';
    const text =
      'import software.amazon.awssdk.regions.Region;\nclass Store { Object s3 = S3Client.builder().region(Region.EU_WEST_1).build(); }\n';
    expect(await saidTies({ [path]: text })).toStrictEqual(['shop eu-west-1 runtime']);
  });

  it('a chain of calls is proved by the link that says it', async () => {
    const text =
      'use aws_sdk_s3::config::Region;\nfn a() {\n  let b = aws_sdk_s3::Config::builder()\n    .force_path_style(true)\n    .region(Region::new("eu-west-1"))\n    .build();\n}\n';
    expect(await proofsOf({ 'src/a.rs': text }, 'eu-west-1')).toStrictEqual(['src/a.rs:5']);
  });

  it('a constant of another file is proved by both lines', async () => {
    const files = {
      'regions.ts': "export const HOME = 'eu-west-1';\n",
      'store.ts': `import { HOME } from './regions.ts';\n${S3}export const s3 = new S3Client({ region: HOME });\n`,
    };
    expect(await proofsOf(files, 'eu-west-1')).toStrictEqual(['store.ts:3 regions.ts:1']);
  });
});
