/** Kustomizations, charts and choices of files: what is given to a workload is its own, and what is replaced is not there. */
import { describe, expect, it } from 'vitest';

import { type Files, saidTies } from './said-ties.ts';

const yaml = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

const workload = (name: string, settings: string): string =>
  yaml(
    'apiVersion: apps/v1',
    'kind: Deployment',
    `metadata: { name: ${name} }`,
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '        - name: main',
    `          image: ${name}:1`,
    `          envFrom: [{ configMapRef: { name: ${settings} } }]`,
  );

const component = (name: string): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec: { owner: team }\n`;

const KUSTOMIZATION = ['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization'];

const TWO: Files = {
  'catalog-info.yaml': `${component('a')}---\n${component('b')}`,
  'base/kustomization.yaml': yaml(...KUSTOMIZATION, 'resources: [a.yaml, ./b.yaml]'),
  'base/a.yaml': workload('a', 'of-a'),
  'base/b.yaml': workload('b', 'of-b'),
};

const overlay = (...lines: readonly string[]): Files => ({
  ...TWO,
  'overlays/prod/kustomization.yaml': yaml(...KUSTOMIZATION, 'resources:', '  - ../../base', ...lines),
});

const NOWHERE = (name: string): string =>
  `${name} unknown Deployment/${name} names no Region: that of its cluster is not known here`;

const generator = (name: string, region: string): readonly string[] => [
  `  - name: ${name}`,
  '    literals:',
  `      - region=${region}`,
];

const pinned = (region: string): string =>
  workload('a', 'of-a').replace(/envFrom.*/u, `env: [{ name: AWS_REGION, value: ${region} }]`);
const patched = (folder: string, region: string): Files => ({
  [`${folder}/kustomization.yaml`]: yaml(...KUSTOMIZATION, 'resources: [../base]', 'patches:', '  - path: region.yaml'),
  [`${folder}/region.yaml`]: pinned(region),
});
const BASE: Files = {
  'catalog-info.yaml': component('a'),
  'base/kustomization.yaml': yaml(...KUSTOMIZATION, 'resources: [a.yaml]'),
  'base/a.yaml': pinned('us-west-2'),
};

const CHART: Files = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: shop\n',
  'chart/values.yaml': yaml('aws: { region: us-west-2 }', 'queue:', '  region: eu-west-2'),
  'chart/values-prod.yaml': 'aws: { region: eu-west-1 }\n',
};

const application = (...files: readonly string[]): string =>
  yaml(
    'apiVersion: argoproj.io/v1alpha1',
    'kind: Application',
    'metadata: { name: shop }',
    'spec:',
    '  source:',
    '    path: ./chart',
    `    helm: { valueFiles: [${files.join(', ')}] }`,
  );

const GIVEN = ['shop eu-west-1 runtime', 'shop eu-west-2 runtime'];
const STANDARD = 'shop us-west-2 runtime';

const CHOSEN: Files = {
  'main.tf': [
    'variable "env" {}',
    'locals {\n  settings = yamldecode(file("${path.module}/config/${var.env}.yaml"))\n}',
    'provider "aws" {\n  region = local.settings.region\n}',
    'resource "aws_sqs_queue" "q" {}',
  ].join('\n'),
  'terraform.tfvars': 'env = "prod"\n',
  'config/prod.yaml': 'region: eu-west-1\n',
  'config/stage.yaml': 'region: eu-west-2\n',
};

const TIED: Readonly<Record<string, readonly [Files, readonly string[]]>> = {
  'settings that a kustomization makes belong to what takes them': [
    overlay('configMapGenerator:', ...generator('of-a', 'eu-west-1'), ...generator('of-b', 'eu-west-2')),
    ['a eu-west-1 runtime', 'b eu-west-2 runtime'],
  ],
  'an image that a kustomization gives belongs to what runs it': [
    overlay('images:', '  - name: b', '    newName: 111122223333.dkr.ecr.eu-west-2.amazonaws.com/b'),
    [NOWHERE('a'), 'b eu-west-2 runtime', NOWHERE('b')],
  ],
  'a Region that each overlay replaces': [
    { ...BASE, ...patched('one', 'eu-west-1'), ...patched('two', 'eu-west-2') },
    ['a eu-west-1 runtime', 'a eu-west-2 runtime'],
  ],
  'a Region that one of two overlays keeps': [
    {
      ...BASE,
      ...patched('one', 'eu-west-1'),
      'two/kustomization.yaml': yaml(...KUSTOMIZATION, 'resources: [../base]'),
    },
    ['a eu-west-1 runtime', 'a us-west-2 runtime'],
  ],
  'values that an application replaces': [{ ...CHART, 'apps/shop.yaml': application('values-prod.yaml') }, GIVEN],
  'values that one of two applications keeps': [
    { ...CHART, 'apps/shop.yaml': application('values-prod.yaml'), 'apps/other.yaml': application() },
    [...GIVEN, STANDARD],
  ],
  'values that nobody here replaces': [CHART, [...GIVEN, STANDARD]],
  'of files by environment, the one that is chosen': [CHOSEN, ['shop eu-west-1 runtime']],
  'of files by environment, where nobody says which': [
    { ...CHOSEN, 'terraform.tfvars': '' },
    ['shop eu-west-1 runtime', 'shop eu-west-2 runtime', 'shop unknown var.env'],
  ],
};

describe('clusters', () => {
  it.each(Object.keys(TIED))('%s', async (name) => {
    const [files, expected] = TIED[name] ?? [{}, []];
    expect(new Set(await saidTies(files))).toStrictEqual(new Set(expected));
  });

  it('a kustomization that names itself ends', async () => {
    const own = yaml(...KUSTOMIZATION, 'resources: [.]', 'configMapGenerator:', ...generator('x', 'eu-west-1'));
    expect(await saidTies({ 'kustomization.yaml': own })).toStrictEqual(['shop eu-west-1 runtime']);
  });

  it('an exported stack is known by its folder too', async () => {
    const one = (region: string, more: object): object => ({
      urn: `urn:pulumi:prod::shop::aws:sqs/queue:Queue::${region}`,
      type: 'aws:sqs/queue:Queue',
      outputs: { arn: `arn:aws:sqs:${region}:111122223333:q` },
      ...more,
    });
    const resources = [one('eu-west-1', {}), one('us-east-1', { delete: true })];
    const text = JSON.stringify({ version: 3, deployment: { resources } });
    const checkpoint = JSON.stringify({ version: 3, checkpoint: { stack: 'prod', latest: { resources } } });
    expect(await saidTies({ 'exports/prod.json': text })).toStrictEqual(['shop eu-west-1 runtime']);
    expect(await saidTies({ '.pulumi/stacks/shop/prod.json': checkpoint })).toStrictEqual(['shop eu-west-1 runtime']);
  });
});
