/** Application code as teams write it: settings in one file and clients in another, frozen texts, files that no parser takes, and names that join repositories. */
import { describe, expect, it } from 'vitest';

import { factsOf, type Files, proofsOf, saidTies } from './said-ties.ts';

const CLIENT =
  "import { S3Client } from '@aws-sdk/client-s3';\nimport { Buckets } from '../config/regions';\nexport const s3 = new S3Client({ region: Buckets.receipts.region });\n";
const BUCKETS = "export const Buckets = {\n  receipts: { region: 'us-east-1' },\n  other: { region: 'eu-west-3' },\n}";

const S3 = "import { S3Client } from '@aws-sdk/client-s3';\n";

const TIED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a Region deep in an object of another file': [
    { 'src/config/regions.ts': `${BUCKETS} as const;\n`, 'src/receipts/store.ts': CLIENT },
    ['shop us-east-1 runtime'],
  ],
  'a Region deep in an object that is frozen': [
    {
      'src/config/regions.ts': `${BUCKETS.replace('{', 'Object.freeze({')});\n`,
      'src/receipts/store.ts': CLIENT,
    },
    ['shop us-east-1 runtime'],
  ],
  'settings that are required as a whole, under another name': [
    {
      'config/index.js': "module.exports = {\n  pool: { region: 'eu-west-2' },\n};\n",
      'server.js':
        "const { S3Client } = require('@aws-sdk/client-s3');\nconst cfg = require('./config');\nnew S3Client({ region: cfg.pool.region });\n",
    },
    ['shop eu-west-2 runtime'],
  ],
  'settings that are imported as a whole': [
    {
      'src/config.ts': "export default {\n  pool: { region: 'eu-west-2' },\n};\n",
      'src/a.ts':
        "import { S3Client } from '@aws-sdk/client-s3';\nimport cfg from './config.js';\nnew S3Client({ region: cfg.pool.region });\n",
    },
    ['shop eu-west-2 runtime'],
  ],
  'an environment’s variable that stands in settings and is given': [
    {
      '.env': 'POOL_REGION=us-east-1\n',
      'config.js': "module.exports = { pool: { region: process.env.POOL_REGION || 'eu-west-2' } };\n",
      'server.js':
        "const { S3Client } = require('@aws-sdk/client-s3');\nconst cfg = require('./config');\nnew S3Client({ region: cfg.pool.region });\n",
    },
    ['shop us-east-1 runtime'],
  ],
  'a Region in a hash that Ruby freezes': [
    {
      'a.rb':
        "PLACES = { mail: { region: 'us-east-1' } }.freeze\nAws::SES::Client.new(region: PLACES[:mail][:region])\n",
    },
    ['shop us-east-1 runtime'],
  ],
  'a path that nobody declares': [
    { 'src/receipts/store.ts': CLIENT, 'src/config/regions.ts': 'export const Buckets = load();\n' },
    ['shop unknown Buckets.receipts.region'],
  ],
  'a text that Ruby freezes': [
    { 'a.rb': "class Mailer\n  HOME = 'us-east-1'.freeze\n  C = Aws::SESV2::Client.new(region: HOME)\nend\n" },
    ['shop us-east-1 runtime'],
  ],
  'the default of a field of pydantic': [
    {
      'shop/settings.py':
        'class Settings(BaseSettings):\n    home: str = Field(default="eu-west-1", description="x")\n',
      'shop/a.py':
        'import boto3\nfrom .settings import Settings\nsettings = Settings()\nboto3.client("s3", region_name=settings.home)\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a client where the text is no Python any more': [
    { 'a.py': 'import boto3\n\ndef half(:\n    client = boto3.client("kms", region_name="ap-east-1"\n' },
    ['shop unknown "ap-east-1" where the file can\'t be parsed'],
  ],
  'an ARN where the text is no Python any more': [
    { 'a.py': 'import boto3\n\ndef half(:\n    x = ("arn:aws:sqs:ap-east-1:123456789012:q"\n' },
    ['shop unknown "arn:aws:sqs:ap-east-1:123456789012:q" where the file can\'t be parsed'],
  ],
  'a client that C# makes without its type’s name': [
    { 'A.cs': 'using Amazon.S3;\nclass A { readonly AmazonS3Client c = new(RegionEndpoint.EUWest1); }\n' },
    ['shop eu-west-1 runtime'],
  ],
  'a client that C# gives the address of a service': [
    {
      'A.cs':
        'using Amazon.SQS;\nclass A { object c = new AmazonSQSClient(new AmazonSQSConfig { ServiceURL = "https://sqs.us-east-1.amazonaws.com" }); }\n',
    },
    ['shop us-east-1 runtime'],
  ],
  'a command in a pipeline': [
    {
      '.github/workflows/a.yml':
        'on: push\njobs:\n  a:\n    steps:\n      - run: |\n          echo hello\n          aws ecs update-service --service x --region eu-west-1\n          echo not us-east-1\n',
    },
    ['shop eu-west-1 deploy'],
  ],
  'settings of Laravel': [
    { 'config/services.php': "<?php\nreturn ['ses' => ['region' => env('AWS_DEFAULT_REGION', 'us-east-1')]];\n" },
    ["shop unknown env('AWS_DEFAULT_REGION', 'us-east-1')"],
  ],
  'a Dockerfile that goes on over lines': [
    { Dockerfile: 'FROM node:24\nENV NODE_ENV=production \\\n    AWS_REGION=eu-west-2\n' },
    ['shop eu-west-2 runtime'],
  ],
  'a Dockerfile that is told when it is built': [
    { Dockerfile: 'FROM node:24\nARG REGION=us-east-1\nENV AWS_REGION=$REGION\n' },
    ['shop unknown AWS_REGION=${REGION:-us-east-1}'],
  ],
  'what plays AWS on one machine': [
    {
      'docker-compose.yml':
        'services:\n  aws:\n    image: localstack/localstack:3\n    environment:\n      - DEFAULT_REGION=us-east-1\n',
    },
    [],
  ],
  'helpers of tests, benchmarks, and code in documentation': [
    Object.fromEntries(
      ['src/test-utils/a.ts', 'bench/a.ts', 'docs/a.ts'].map((path) => [
        path,
        `${S3}new S3Client({ region: 'us-east-1' });\n`,
      ]),
    ),
    [],
  ],
  'a module of an application that is called docs': [
    { 'src/docs/a.ts': `${S3}new S3Client({ region: 'us-east-1' });\n` },
    ['shop us-east-1 runtime'],
  ],
  'a language without a grammar': [
    {
      'src/A.kt':
        'import software.amazon.awssdk.regions.Region\n/* Region.EU_WEST_3\n Region.EU_SOUTH_1 */\nval all = listOf(Region.US_EAST_1, Region.US_WEST_2)\n// Region.SA_EAST_1\nval c = S3Client.builder().region(Region.US_EAST_1).build()\nval q = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"\nlog.info("region ap-south-1")\n',
    },
    ['shop eu-west-1 runtime', 'shop unknown val c = S3Client.builder().region(Region.US_EAST_1).build()'],
  ],
  'what stands before the broken part of a file': [
    { 'a.py': 'import boto3\nboto3.client("s3", region_name="eu-west-1")\n\ndef half(:\n    pass\n' },
    ['shop eu-west-1 runtime'],
  ],
};

const SQS = "import { SQSClient } from '@aws-sdk/client-sqs';\n";
const PLACES = "const P = { a: { region: 'us-east-1' }, b: { region: 'eu-west-1' } };\n";
const ONE = ['shop us-east-1 runtime'];
const BOTH = ['shop eu-west-1 runtime', 'shop us-east-1 runtime'];
const asked = (use: string, table = PLACES): Files => ({ 'a.ts': `${SQS}${table}${use}\n` });
const PLACES_PY = 'P = {"a": {"region": "us-east-1"}, "b": {"region": "eu-west-1"}}\n';

/** What a table says where nobody reads is no tie; where it may be read, it stays one. */
const TABLES: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'one path': [asked('new SQSClient({ region: P.a.region });'), ONE],
  'one path in brackets': [asked('new SQSClient({ region: P[\'a\']?.["region"] });'), ONE],
  'a part that is passed on': [asked('new SQSClient(P.a);'), ONE],
  'a part that is taken apart': [
    asked('const { region } = P.a;\nnew SQSClient({ region });'),
    [...ONE, 'shop unknown region'].toSorted(),
  ],
  'one path, frozen': [
    asked(
      'new SQSClient({ region: P.a.region });',
      PLACES.replace('= {', '= Object.freeze({').replace('};', '} as const);'),
    ),
    ONE,
  ],
  'one path of three steps': [
    asked(
      'new SQSClient({ region: P.x.a.region });',
      "const P = { x: { a: { region: 'us-east-1' } }, y: { b: { region: 'eu-west-1' } } };\n",
    ),
    ONE,
  ],
  'one path in Python': [
    { 'a.py': `import boto3\n${PLACES_PY}boto3.client("sqs", region_name=P["a"]["region"])\n` },
    ONE,
  ],
  'one path in Ruby': [
    {
      'a.rb':
        "P = { a: { region: 'us-east-1' }, b: { region: 'eu-west-1' } }.freeze\nAws::SQS::Client.new(region: P[:a][:region])\n",
    },
    ONE,
  ],
  'all values': [asked('Object.values(P).map((one) => new SQSClient(one));\nnew SQSClient(P.a);'), BOTH],
  'a name that is not known': [asked('const c = (x) => new SQSClient(P[x]);\nnew SQSClient(P.a);'), BOTH],
  'a table that is passed on': [asked('setup(P);\nnew SQSClient({ region: P.a.region });'), BOTH],
  'a table that is exported': [asked('new SQSClient({ region: P.a.region });', `export ${PLACES}`), BOTH],
  'a table with two names': [
    asked('let Q;\nnew SQSClient({ region: P.a.region });', PLACES.replace('= {', '= Q = {')),
    [...BOTH, 'shop unknown P.a.region'].toSorted(),
  ],
  'a table that is exported later': [asked('new SQSClient({ region: P.a.region });\nexport { P };'), BOTH],
  'a method of Python': [
    {
      'a.py': `import boto3\n${PLACES_PY}def of(x):\n    return boto3.client("sqs", region_name=P.get(x)["region"])\n`,
    },
    [...BOTH, 'shop unknown P.get(x)["region"]'].toSorted(),
  ],
};

const PYTHON: Files = {
  'shop/config.py': 'BUCKETS = {\n    "receipts": {"region": "us-east-1"},\n    "other": {"region": "eu-west-3"},\n}\n',
  'shop/a.py':
    'import boto3\nfrom shop import config\nfrom shop.config import BUCKETS\nboto3.client("s3", region_name=BUCKETS["receipts"]["region"])\nboto3.client("s3", region_name=config.BUCKETS["other"]["region"])\n',
};

const namesOf = async (files: Files): Promise<readonly string[]> =>
  (await factsOf(files))
    .flatMap(({ edges }) => edges)
    .filter(({ type, to }) => type === 'dependsOn' && to.startsWith('resource:name/'))
    .map(({ to }) => to.slice('resource:name/'.length))
    .toSorted();

const NAMED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a listener of Spring': [
    {
      'A.java':
        'import io.awspring.cloud.sqs.annotation.SqsListener;\nclass A {\n  @SqsListener("claims")\n  void on(String a) {}\n  @SqsListener(queueNames = {"one", "two"}, id = "three")\n  void all(String a) {}\n}\n',
    },
    ['sqs/claims', 'sqs/one', 'sqs/two'],
  ],
  'a worker of Shoryuken': [
    { 'a.rb': "class A\n  include Shoryuken::Worker\n  shoryuken_options queue: 'mails', auto_delete: true\nend\n" },
    ['sqs/mails'],
  ],
  'a constant of another package, in Go': [
    {
      'go.mod': 'module example.com/shop\n',
      'internal/settings/settings.go': 'package settings\n\nconst TableName = "rates"\n',
      'main.go':
        'package main\n\nimport (\n\t"github.com/aws/aws-sdk-go-v2/service/dynamodb"\n\t"example.com/shop/internal/settings"\n)\n\nvar a = dynamodb.GetItemInput{TableName: aws.String(settings.TableName)}\n',
    },
    ['dynamodb/rates'],
  ],
  'a member of an object of another file': [
    {
      'src/constants.ts': "export const TABLES = { orders: 'orders-v2', carts: 'carts' } as const;\n",
      'src/a.ts':
        "import { GetItemCommand } from '@aws-sdk/client-dynamodb';\nimport { TABLES } from './constants';\nnew GetItemCommand({ TableName: TABLES.orders });\n",
    },
    ['dynamodb/orders-v2'],
  ],
  'each table is asked for in its own client’s Region': [
    {
      'a.py':
        'import boto3\nhome = boto3.resource("dynamodb", region_name="us-east-1")\nledger = home.Table("ledger")\norders = boto3.resource("dynamodb", region_name="eu-west-1").Table("orders")\n',
    },
    ['dynamodb/ledger@us-east-1', 'dynamodb/orders@eu-west-1'],
  ],
  'a queue is asked for where its client is, and nowhere while that is not known': [
    asked(
      "await home.send(new GetQueueUrlCommand({ QueueName: 'ledger' }));\nawait away.send(\n  new GetQueueUrlCommand({\n    QueueName: 'orders',\n  }),\n);",
      "const home = new SQSClient({ region: 'us-east-1' });\nconst away = new SQSClient({ region: process.env.REGION });\n",
    ),
    ['sqs/ledger@us-east-1', 'sqs/orders'],
  ],
  'a queue is asked for where the component runs, as its client is': [
    {
      Dockerfile: 'FROM node:24\nENV AWS_REGION=eu-west-2\n',
      ...asked(
        "away.send(new GetQueueUrlCommand({ QueueName: 'orders' }));",
        "const home = new SQSClient({ region: 'us-east-1' });\nconst away = new SQSClient({});\n",
      ),
    },
    ['sqs/orders@eu-west-2'],
  ],
  'a table of Python is asked for nowhere while its client’s Region is not known': [
    {
      'a.py':
        'import os\nimport boto3\nhome = boto3.resource("dynamodb", region_name="us-east-1")\naway = boto3.resource("dynamodb", region_name=os.environ["REGION"])\nhome.Table("ledger")\naway.Table("orders")\n',
    },
    ['dynamodb/ledger@us-east-1', 'dynamodb/orders'],
  ],
};

describe('application code', () => {
  it.each(Object.keys(TIED))('%s', async (name) => {
    const [files, expected] = TIED[name] ?? [{}, []];
    expect(await saidTies(files)).toStrictEqual(expected);
  });

  it.each(Object.keys(TABLES))('a table of Regions: %s', async (name) => {
    const [files, expected] = TABLES[name] ?? [{}, []];
    expect(await saidTies(files)).toStrictEqual(expected);
  });

  it('the line in the other file is proof too', async () => {
    const files = { 'src/config/regions.ts': `${BUCKETS} as const;\n`, 'src/receipts/store.ts': CLIENT };
    expect(await proofsOf(files, 'us-east-1')).toStrictEqual(['src/receipts/store.ts:3 src/config/regions.ts:2']);
  });

  it('a command in a pipeline is proved by its own line', async () => {
    const run =
      'on: push\njobs:\n  a:\n    steps:\n      - run: |\n          echo hello\n          aws s3 ls \\\n            --region eu-west-1\n';
    expect(await proofsOf({ '.github/workflows/a.yml': run }, 'eu-west-1')).toStrictEqual([
      '.github/workflows/a.yml:7',
    ]);
  });

  it('a Region deep in a dictionary of another module', async () => {
    expect(await saidTies(PYTHON)).toStrictEqual(['shop eu-west-3 runtime', 'shop us-east-1 runtime']);
  });

  it.each(Object.keys(NAMED))('names: %s', async (name) => {
    const [files, expected] = NAMED[name] ?? [{}, []];
    expect(await namesOf(files)).toStrictEqual(expected);
  });
});
