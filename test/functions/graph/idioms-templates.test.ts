/** Templates with conditions, maps and parameters, and the files around them: what is left out where they are deployed, and what is not. */
import { describe, expect, it } from 'vitest';

import { type Files, proofsOf, saidTies } from './said-ties.ts';

const yaml = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

const deploy = (more = ''): string =>
  `deploy:\n\taws cloudformation deploy --region eu-west-1 --stack-name shop --template-file t.yaml${more}\n`;

const CONDITIONS = [
  "AWSTemplateFormatVersion: '2010-09-09'",
  'Parameters:',
  '  Stage: { Type: String, Default: dev }',
  'Mappings:',
  '  Places: { prod: { Partner: eu-west-2 }, dev: { Partner: sa-east-1 } }',
  'Conditions:',
  '  IsProd: !Equals [!Ref Stage, prod]',
  '  IsHere: !Equals [!Ref AWS::Region, eu-west-1]',
  '  IsElsewhere: !Not [!Condition IsHere]',
  '  IsProdHere: !And [!Condition IsProd, !Condition IsHere]',
];

const environment = (value: string): readonly string[] => [
  'Resources:',
  '  F:',
  '    Type: AWS::Lambda::Function',
  '    Properties:',
  '      Environment:',
  '        Variables:',
  `          ADDRESS: ${value}`,
];

const queue = (region: string): string => `https://sqs.${region}.amazonaws.com/111122223333/${region}`;
const either = (condition: string): readonly string[] =>
  environment(`!If [${condition}, "${queue('eu-west-3')}", "${queue('ca-central-1')}"]`);
const PARTNER = environment(
  '!Sub ["arn:aws:sqs:${Place}:111122223333:partner", { Place: !FindInMap [Places, !Ref Stage, Partner] }]',
);

const HERE = 'shop eu-west-1 runtime';
const FIRST = 'shop eu-west-3 runtime';
const SECOND = 'shop ca-central-1 runtime';

const template = (body: readonly string[], more?: string): Files => ({
  't.yaml': yaml(...CONDITIONS, ...body),
  ...(more === undefined ? {} : { Makefile: more }),
});

const TIED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'a condition on the Region': [template(either('IsHere'), deploy()), [HERE, FIRST]],
  'a condition that is turned round': [template(either('IsElsewhere'), deploy()), [SECOND, HERE]],
  'a condition on what the command gives': [
    template(either('IsProdHere'), deploy(' --parameter-overrides Stage=prod Size=3 --no-fail-on-empty-changeset')),
    [HERE, FIRST],
  ],
  'a condition on a default that the command keeps': [template(either('IsProd'), deploy()), [SECOND, HERE]],
  'a condition on what the shell fills in keeps both': [
    template(either('IsProd'), deploy(' --parameter-overrides Stage=$(STAGE)')),
    [SECOND, HERE, FIRST],
  ],
  'a condition on what a file of parameters says keeps both': [
    template(either('IsProd'), deploy(' --parameter-overrides file://prod.json')),
    [SECOND, HERE, FIRST],
  ],
  'a condition of a template that is deployed twice keeps both': [
    template(
      either('IsProd'),
      `${deploy(' --parameter-overrides Stage=dev')}${deploy(' --parameter-overrides Stage=prod')}`,
    ),
    [SECOND, HERE, FIRST],
  ],
  'a name of a text of its own': [
    template(PARTNER, deploy(' --parameter-overrides "Stage=prod"')),
    [HERE, 'shop eu-west-2 runtime'],
  ],
  'a name of a text of its own that nobody knows': [
    template(environment('!Sub ["arn:aws:sqs:${Place}:111122223333:partner", { Place: !Ref Partner }]'), deploy()),
    [HERE, 'shop unknown arn:aws:sqs:${Place}:'],
  ],
  'what SAM gives to each function, which the code asks for': [
    {
      'template.yaml': yaml(
        'Transform: AWS::Serverless-2016-10-31',
        'Globals:',
        '  Function:',
        '    Environment:',
        '      Variables:',
        '        MAIL_REGION: eu-west-2',
        'Resources:',
        '  F:',
        '    Type: AWS::Serverless::Function',
      ),
      'samconfig.toml': '[default.deploy.parameters]\nregion = "eu-west-1"\n',
      'src/app.py': 'import os\nimport boto3\nses = boto3.client("ses", region_name=os.environ["MAIL_REGION"])\n',
    },
    [HERE, 'shop eu-west-2 runtime'],
  ],
  'a Region that the script sets itself': [
    {
      't.yaml': yaml(...CONDITIONS, ...either('IsHere')),
      'deploy.sh': 'AWS=eu-west-1\naws cloudformation deploy --template-file t.yaml --region "$AWS"\n',
    },
    [HERE, FIRST],
  ],
  'a file of parameters': [
    {
      ...template(either('IsProd'), deploy(' --parameter-overrides file://params/prod.json')),
      'params/prod.json': JSON.stringify([{ ParameterKey: 'Stage', ParameterValue: 'prod' }]),
    },
    [HERE, FIRST],
  ],
  'instances of a stack set by a command': [
    {
      'deploy.sh':
        'aws cloudformation create-stack-instances --stack-set-name s --regions eu-west-1 eu-west-2 --accounts 1\n',
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'a copy in a Region that nobody names': [
    template(
      [
        'Resources:',
        '  T:',
        '    Type: AWS::DynamoDB::GlobalTable',
        '    Properties:',
        '      Replicas:',
        '        - Region: !Ref AWS::Region',
        '        - Region: !Ref Far',
      ],
      deploy(),
    ),
    [HERE, 'shop unknown Region: Ref Far'],
  ],
  'what SAM is told to give to parameters': [
    {
      'template.yaml': yaml(
        'Transform: AWS::Serverless-2016-10-31',
        'Parameters: { Peer: { Type: String, Default: sa-east-1 } }',
        ...environment('x'),
        '          PEER_REGION: !Ref Peer',
      ),
      'samconfig.toml':
        '[prod.global.parameters]\nregion = "eu-west-1"\n[prod.deploy.parameters]\nparameter_overrides = "Peer=\\"eu-west-2\\" Size=1"\n',
    },
    ['[prod] shop eu-west-1 runtime', 'shop eu-west-2 runtime'],
  ],
  'what CDK writes beside its templates': [
    {
      'cdk.out/manifest.json': JSON.stringify({
        artifacts: {
          Shop: { environment: 'aws://111122223333/eu-west-1', properties: { templateFile: 'Shop.template.json' } },
        },
      }),
      'cdk.out/Shop.template.json': JSON.stringify({
        Resources: {
          M: { Type: 'AWS::CDK::Metadata' },
          N: {
            Type: 'AWS::CloudFormation::Stack',
            Properties: { TemplateURL: { 'Fn::Join': ['', ['https://s3.', { Ref: 'AWS::Region' }, '/a.json']] } },
            Metadata: { 'aws:asset:path': 'ShopN.nested.template.json' },
          },
        },
      }),
      'cdk.out/ShopN.nested.template.json': JSON.stringify({ Resources: { Q: { Type: 'AWS::SQS::Queue' } } }),
      'cdk.out/Shop.assets.json': JSON.stringify({ files: { a: { destinations: { d: { region: 'us-west-1' } } } } }),
      'cdk.out/tree.json': JSON.stringify({ tree: { children: { Q: { region: 'us-west-2' } } } }),
    },
    [HERE],
  ],
};

describe('templates', () => {
  it.each(Object.keys(TIED))('%s', async (name) => {
    const [files, expected] = TIED[name] ?? [{}, []];
    expect(new Set(await saidTies(files))).toStrictEqual(new Set(expected));
  });

  it('a copy is proved by the line that names its Region', async () => {
    const secret = ['Resources:', '  S:', '    Type: AWS::SecretsManager::Secret', '    Properties:'];
    const copies = ['      ReplicaRegions:', '        - Region: eu-west-2'];
    const files = template([...secret, ...copies], deploy());
    const line = CONDITIONS.length + secret.length + copies.length;
    expect(await proofsOf(files, 'eu-west-2')).toStrictEqual([
      `t.yaml:${CONDITIONS.length + 2} Makefile:2 t.yaml:${line}`,
    ]);
  });

  it('a resource that a condition leaves out is not there', async () => {
    const queues = ['Resources:', '  A:', '    Type: AWS::SQS::Queue', '    Condition: IsElsewhere'];
    expect(await saidTies(template(queues, deploy()))).toStrictEqual([]);
  });
});
