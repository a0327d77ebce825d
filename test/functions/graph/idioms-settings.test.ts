/** Ways in which settings, manifests and deployments say where something is, and whose it is. */
import { describe, expect, it } from 'vitest';

import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import { incidentOf, onCallOf, workaroundsFor } from '../../../functions/graph/answers/questions.ts';
import { type Files, factsOf, saidTies } from './said-ties.ts';

const TEMPLATE =
  "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: { QueueName: q }\n";
const FUNCTIONS = 'service: shop\nprovider:\n  name: aws\n';
const entity = (name: string, more = ''): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\n${more}spec: { owner: team }\n`;
const located = (name: string, folder: string): string =>
  entity(
    name,
    `  annotations:\n    backstage.io/source-location: url:https://git.example.com/org/shop/tree/main/${folder}/\n`,
  );
const slug = (name: string, repository: string): string =>
  entity(name, `  annotations:\n    github.com/project-slug: org/${repository}\n`);

const TIED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'serverless.yml with an option’s default': [
    { 'serverless.yml': `${FUNCTIONS}  region: \${opt:region, 'eu-west-1'}\n` },
    ['shop eu-west-1 runtime'],
  ],
  'serverless.yml with a map of stages': [
    {
      'serverless.yml': `${FUNCTIONS}  region: \${self:custom.regions.\${opt:stage, 'dev'}}\ncustom:\n  regions:\n    dev: eu-west-1\n    prod: eu-west-2\n`,
    },
    ['[dev] shop eu-west-1 runtime', '[prod] shop eu-west-2 runtime'],
  ],
  'serverless.yml that names no Region': [
    { 'serverless.yml': FUNCTIONS },
    ['shop unknown provider.region is not given'],
  ],
  'resources of serverless.yml are where its functions are': [
    {
      'serverless.yml': `${FUNCTIONS}  region: eu-west-1\nresources:\n  Resources:\n    Q: { Type: AWS::SQS::Queue }\n`,
    },
    ['shop eu-west-1 runtime'],
  ],
  'a stack set': [
    {
      't.yaml':
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      StackInstancesGroup:\n        - Regions: [eu-west-1, eu-west-2]\n",
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'a template that a script deploys': [
    {
      't.yaml': TEMPLATE,
      'deploy.sh': 'aws cloudformation deploy --template-file t.yaml \\\n  --stack-name a --region eu-west-1\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'a template that a workflow deploys in each Region of its matrix': [
    {
      'infra/t.yaml': TEMPLATE,
      '.github/workflows/a.yml':
        'jobs:\n  a:\n    strategy:\n      matrix:\n        where: [eu-west-1, eu-west-2]\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          aws-region: ${{ matrix.where }}\n      - run: aws cloudformation deploy --template-file infra/t.yaml --stack-name a\n',
    },
    ['shop eu-west-1 runtime +eu-west-2', 'shop eu-west-2 runtime +eu-west-1'],
  ],
  'a template beside another one that SAM’s settings name': [
    {
      'samconfig.toml':
        'version = 0.1\n[default.deploy.parameters]\ntemplate_file = "infra/t.yaml"\nregion = "eu-west-1"\n',
      'infra/t.yaml': TEMPLATE,
    },
    ['shop eu-west-1 runtime'],
  ],
  'a nested template lies where its parent does': [
    {
      'samconfig.toml': '[default.deploy.parameters]\nregion = "eu-west-1"\n',
      'template.yaml':
        'Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: ./nested.yaml\n',
      'nested.yaml': TEMPLATE,
    },
    ['shop eu-west-1 runtime'],
  ],
  'settings of .NET’s tools place their template': [
    {
      'aws-lambda-tools-defaults.json': '{ "region": "eu-west-1", "template": "serverless.template" }',
      'serverless.template':
        '{ "AWSTemplateFormatVersion": "2010-09-09", "Resources": { "Q": { "Type": "AWS::SQS::Queue" } } }',
    },
    ['shop eu-west-1 runtime'],
  ],
  'arguments of a container': [
    {
      'k8s.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec:\n  template:\n    spec:\n      containers:\n        - args: ["--region", "eu-west-1"]\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'literals of kustomize': [
    {
      'kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nconfigMapGenerator:\n  - name: a\n    literals:\n      - AWS_REGION=eu-west-1\n',
    },
    ['shop eu-west-1 runtime'],
  ],
  'settings in XML': [
    {
      'Web.config':
        '<configuration>\n<!-- <add key="AWSRegion" value="us-east-1"/>\n-->\n<add key="AWSRegion" value="eu-west-2" />\n</configuration>\n',
    },
    ['shop eu-west-2 runtime'],
  ],
  'hosts of services with domains of their own': [
    {
      '.env':
        'A=https://a.auth.eu-west-1.amazoncognito.com\nB=https://b.eu-west-2.awsapprunner.com\nC=http://c.eu-west-3.elasticbeanstalk.com\n',
    },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime', 'shop eu-west-3 runtime'],
  ],
  'where logs are written carries no traffic': [
    { 'task.json': '{ "options": { "awslogs-region": "eu-west-1" } }' },
    ['shop eu-west-1 control-plane'],
  ],
  'a property with a default is unknown': [
    { 'a.properties': 'aws.region=${SHOP_PLACE:eu-north-1}\n' },
    ['shop unknown aws.region=${SHOP_PLACE:eu-north-1}'],
  ],
};

const NOT_TIED: Readonly<Record<string, Files>> = {
  'a sample event': {
    'events/sqs.json':
      '{ "Records": [{ "eventSource": "aws:sqs", "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:q" }] }',
  },
  'settings of a developer’s machine': {
    'appsettings.Development.json': '{ "AWS": { "Region": "us-east-1" } }',
    '.env.local': 'AWS_REGION=us-east-1\n',
    'application-local.yml': 'aws:\n  region: us-east-1\n',
    'docker-compose.override.yml': 'services:\n  a:\n    environment:\n      AWS_REGION: us-east-1\n',
  },
  'a service beside a stand-in': {
    'compose.yaml':
      'services:\n  a:\n    environment:\n      AWS_REGION: us-east-1\n      AWS_ENDPOINT_URL: http://aws:4566\n',
  },
  'settings beside the address of a stand-in': {
    'settings.yml': 'queue:\n  region: us-east-1\n  endpoint: http://localhost:9324\n',
  },
  'settings that show how it is done': { 'config.example.json': '{ "region": "us-east-1" }' },
  'texts of a page': { 'i18n/en.json': '{ "region": "us-east-1" }' },
  'a dashboard': { 'd.json': '{ "panels": [{ "targets": [{ "region": "us-east-1" }] }] }' },
  'an example in the description of an api': {
    'openapi.yaml':
      'openapi: 3.0.0\ninfo: { title: A, version: 1 }\ncomponents:\n  schemas:\n    A: { type: string, example: "arn:aws:sqs:us-east-1:123456789012:q" }\n',
  },
  'Regions that are allowed': {
    'policy.json': '{ "Condition": { "StringNotEquals": { "aws:RequestedRegion": ["us-east-1"] } } }',
  },
};

describe('settings and deployments', () => {
  it.each(Object.entries(TIED))('%s', async (_name, [files, expected]) => {
    expect(await saidTies(files)).toStrictEqual(expected);
  });

  it.each(Object.entries(NOT_TIED))('%s ties nothing', async (_name, files) => {
    expect(await saidTies(files)).toStrictEqual([]);
  });
});

const ENV = 'AWS_REGION=eu-west-1\n';

const OWNED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'the folder that an entity says is its own': [
    { 'catalog-info.yaml': `${located('a', 'x')}---\n${located('b', 'cmd/y')}`, 'cmd/y/.env': ENV },
    ['b eu-west-1 runtime'],
  ],
  'a folder’s name without its hyphens': [
    { 'catalog-info.yaml': `${entity('a')}---\n${entity('geo-index')}`, 'cmd/geoindex/.env': ENV },
    ['geo-index eu-west-1 runtime'],
  ],
  'a catalog of other repositories owns no file here': [
    { 'catalog/all.yaml': `${slug('a', 'one')}---\n${slug('b', 'two')}`, '.env': ENV },
    ['shop eu-west-1 runtime'],
  ],
  'a repository that is called otherwise here': [
    { 'catalog-info.yaml': slug('a', 'the-shop'), '.env': ENV },
    ['a eu-west-1 runtime'],
  ],
  'the component that is called like the repository': [
    { 'catalog-info.yaml': `${entity('a')}---\n${entity('shop')}`, '.env': ENV },
    ['shop eu-west-1 runtime'],
  ],
  'a map of settings is whose workload takes it': [
    {
      'catalog-info.yaml': `${entity('a')}---\n${entity('b')}`,
      'k8s.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: b }\nspec:\n  envFrom:\n    - configMapRef: { name: given }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: given }\ndata: { AWS_REGION: eu-west-1 }\n',
    },
    ['b eu-west-1 runtime'],
  ],
};

describe('owners', () => {
  it.each(Object.entries(OWNED))('%s', async (_name, [files, expected]) => {
    expect(await saidTies(files)).toStrictEqual(expected);
  });

  it('a workload in a repository of manifests is whose name it has, else the repository’s', async () => {
    const facts = await factsOf({
      'apps.yaml':
        'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: pricing }\nspec:\n  generators:\n    - list: { elements: [{ region: eu-west-1 }] }\n',
    });
    const edge = facts.flatMap(({ edges }) => edges).find(({ type }) => type === 'inRegion');
    expect(edge).toMatchObject({ from: 'component:pricing', otherwise: 'component:shop', to: 'region:eu-west-1' });
  });

  it('an entity of a central catalog is what its repository holds', async () => {
    const facts = await factsOf(
      { 'catalog/all.yaml': `${slug('desk', 'returns')}---\n${slug('b', 'two')}` },
      'platform',
    );
    expect(facts.flatMap(({ edges }) => edges).find(({ to }) => to === 'component:returns')).toMatchObject({
      from: 'component:desk',
      type: 'dependsOn',
      level: 'catalog',
    });
  });
});

describe('people and papers', () => {
  it('a rota in a file says who has it, for a team, a pager’s service and a component', async () => {
    const facts = await factsOf({
      'catalog-info.yaml': `${entity('a')}---\n${entity('b', '  annotations:\n    pagerduty.com/service-id: PB\n')}`,
      'oncall/rota.yaml':
        'asOf: 2026-11-20\nshifts:\n  - { team: team, primary: "Ana Silva <ana@example.com>" }\n  - { service: PB, primary: Li Wei, secondary: Jo }\n',
    });
    const reader = memoryReader(facts);
    const of = async (name: string): Promise<readonly string[]> =>
      ((await onCallOf(reader, name, () => true))?.onCall ?? []).map((one) => one.name);
    expect(await of('a')).toStrictEqual(['Ana Silva']);
    expect(await of('b')).toStrictEqual(['PB', 'Li Wei']);
  });

  it('a list of shifts is of the team that stands above it, under the name that its pager has too', async () => {
    const facts = await factsOf({
      'catalog-info.yaml': `${entity('a')}---\n${entity('b', '  annotations:\n    opsgenie.com/team: team\n')}`,
      'oncall/rota.yaml':
        'team: team\nrotation:\n  - { from: 2026-11-16, to: 2026-11-23, primary: ana, secondary: jo }\n',
    });
    const of = async (name: string): Promise<readonly unknown[]> =>
      ((await onCallOf(memoryReader(facts), name, () => true))?.onCall ?? []).map((one) => [
        one.name,
        one.attributes['shift'],
      ]);
    expect(await of('a')).toStrictEqual([['ana', '2026-11-16 to 2026-11-23']]);
    expect(await of('b')).toStrictEqual([
      ['team', undefined],
      ['ana', '2026-11-16 to 2026-11-23'],
    ]);
  });

  const PEOPLE =
    'apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: crew\n  annotations:\n    pagerduty.com/service-id: PCREW\n' +
    'spec: { members: [ines] }\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: ines }\n' +
    'spec: { profile: { email: ines@example.com } }\n';

  it('of a person who owns a component, the group that they are in is paged, and their address is known', async () => {
    const own = entity('a').replace('owner: team', 'owner: user:default/ines');
    const facts = await factsOf({ 'catalog-info.yaml': own, 'catalog/org.yaml': PEOPLE });
    const answer = await onCallOf(memoryReader(facts), 'a', () => true);
    expect(answer?.owner).toMatchObject({ name: 'ines', attributes: { email: 'ines@example.com' } });
    expect(answer?.onCall.map(({ name }) => name)).toStrictEqual(['PCREW']);
  });

  it('of a person whom only a hidden source describes, nothing but the name is told', async () => {
    const own = entity('a').replace('owner: team', 'owner: user:default/ines');
    const facts = [
      ...(await factsOf({ 'catalog-info.yaml': own })),
      ...(await factsOf({ 'catalog/org.yaml': PEOPLE }, 'hidden')),
    ];
    const answer = await onCallOf(memoryReader(facts), 'a', (source) => source !== 'src-hidden');
    expect(answer?.owner?.attributes).toStrictEqual({});
    expect(answer?.onCall).toStrictEqual([]);
  });

  it('an integration key says nothing beside the service that it is of', async () => {
    const keys = '    pagerduty.com/integration-key: abc\n    pagerduty.com/service-id: PA\n';
    const facts = await factsOf({ 'catalog-info.yaml': entity('a', `  annotations:\n${keys}`) });
    const answer = await onCallOf(memoryReader(facts), 'a', () => true);
    expect(answer?.onCall.map(({ name }) => name)).toStrictEqual(['PA']);
  });

  it('a part that a central catalog places in another repository has the papers of that repository', async () => {
    const central = located('receipts', '').replace('org/shop/tree/main//', 'org/mailer/tree/main/');
    const facts = [
      ...(await factsOf({ 'catalog/all.yaml': central }, 'hub')),
      ...(await factsOf({ 'docs/runbooks/mail.md': '# Mail\n', 'main.tf': 'provider "aws" {}\n' }, 'mailer')),
    ];
    const found = await workaroundsFor(memoryReader(facts), 'receipts', () => true);
    expect(found?.runbooks.map(({ name }) => name)).toStrictEqual(['Mail']);
    expect(facts.flatMap(({ edges }) => edges).find(({ type }) => type === 'dependsOn')).toMatchObject({
      from: 'component:receipts',
      to: 'component:mailer',
    });
  });

  it('what a catalog calls a database is the one of that name, wherever it is made', async () => {
    const resource = (type: string): string =>
      `apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: { name: orders-db }\nspec: { type: ${type}, owner: team }\n---\n` +
      entity('reports').replace('owner: team', 'owner: team, dependsOn: [resource:default/orders-db]');
    const made =
      'provider "aws" { region = "eu-west-1" }\nresource "aws_db_instance" "a" { identifier = "orders-db" }\n';
    const failing = async (type: string): Promise<readonly string[]> => {
      const facts = [
        ...(await factsOf({ 'catalog-info.yaml': resource(type) }, 'reports')),
        ...(await factsOf({ 'main.tf': made }, 'shop')),
      ];
      return (await incidentOf(memoryReader(facts), 'eu-west-1', () => true)).rows.map(
        ({ name, impact }) => `${name} ${impact}`,
      );
    };
    expect(await failing('database')).toStrictEqual(['shop DOWN', 'reports DOWN'].toSorted());
    expect(await failing('sqs-queue')).toStrictEqual(['shop DOWN']);
  });

  it('a status is told without the marks of a link', async () => {
    const text = '# 1. One place\n\n* Status: **superseded by** [ADR-2](0002-two.md)\n';
    const facts = await factsOf({ 'catalog-info.yaml': entity('a'), 'adr/0001-one.md': text });
    const found = await workaroundsFor(memoryReader(facts), 'a', () => true);
    expect(found?.decisions[0]?.attributes['status']).toBe('superseded by ADR-2');
  });

  const DOCUMENTS: Readonly<Record<string, readonly [path: string, text: string]>> = {
    'AsciiDoc’s attributes': ['runbooks/x.adoc', '= Title\n:component: a\n:status: current\n\nText\n'],
    'fields of reStructuredText': ['runbooks/x.rst', 'Title\n=====\n\n:component: a\n\nText\n'],
    'a list in front matter': ['runbooks/x.md', '---\ncomponents:\n  - a\n  - c\n---\n# Title\n'],
    'a bold line': ['runbooks/x.md', '# Title\n\n**Service:** a\n'],
    'another language': ['notfall/x.md', '# Notfall\n\nKomponente: `a`\n'],
    'a name in the text, of no component’s repository': [
      'adr/0007-x.md',
      '# 7. One place\n\n`a` runs in eu-west-1 only.\n',
    ],
  };

  it.each(Object.entries(DOCUMENTS))('a document is about what it says: %s', async (_name, [path, text]) => {
    const facts = [
      ...(await factsOf({ 'catalog-info.yaml': entity('a') })),
      ...(await factsOf({ [path]: text }, 'handbook')),
    ];
    const found = await workaroundsFor(memoryReader(facts), 'a', () => true);
    expect([...(found?.runbooks ?? []), ...(found?.decisions ?? [])].map(({ id }) => id.split(':')[1])).toStrictEqual([
      `handbook/${path}`,
    ]);
  });

  it('a section in another language is where the work-around is', async () => {
    const text = '---\ncomponent: a\n---\n# Panne de la région\n\n## Contournement\n\nAttendre.\n';
    const facts = await factsOf({ 'catalog-info.yaml': entity('a'), 'docs/runbooks/panne.md': text });
    const found = await workaroundsFor(memoryReader(facts), 'a', () => true);
    expect(found?.runbooks[0]?.attributes).toMatchObject({ section: 'Contournement', sectionLine: '6' });
  });
});
