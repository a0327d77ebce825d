/** A small repository with infrastructure, code and people; and edits of it, with and without a change of what decides for others. */
import { GraphDerivation } from '../../../../functions/ingest/derive/graph/graph-derivation.ts';
import { World } from '../../../support/cycle-world.ts';
import { testParsers } from '../../graph/organisation.ts';

const CATALOG = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    pagerduty.com/service-id: PPAY
spec:
  owner: group:money
`;

const infra = (region: string): string => `provider "aws" {
  region = "${region}"
}

resource "aws_sqs_queue" "orders" {
  name = "orders"
}
`;

const code = (queue: string): string => `import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

const client = new SQSClient({ region: 'eu-west-1' });
export const send = () => client.send(new SendMessageCommand({ QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/${queue}' }));
`;

export const GRAPH_FILES: readonly (readonly [string, string])[] = [
  ['catalog-info.yaml', CATALOG],
  ['infra/main.tf', infra('us-east-1')],
  ['src/send.ts', code('orders')],
  ['src/other.py', 'import boto3\nclient = boto3.client("s3", region_name="us-east-1")\n'],
  ['README.md', '# Payments\n'],
  ['docs/runbooks/payments.md', '# Payments are slow\n\nRestart it.\n'],
  ['logo.png', 'BINARY'],
];

export type Edit = (files: Map<string, string>) => void;

export const GRAPH_EDITS: readonly Edit[] = [
  (files) => files.set('src/send.ts', code('refunds')),
  (files) => files.set('src/send.ts', 'export const send = () => 1;\n'),
  (files) => files.set('infra/main.tf', infra('us-west-2')),
  (files) => files.delete('src/other.py'),
  (files) => files.set('src/new.go', 'package main\n\nfunc main() {}\n'),
  (files) => files.set('README.md', '# Payments, changed\n'),
  (files) => files.delete('infra/main.tf'),
  (files) => files.set('docs/runbooks/more.md', '# More\n\nDo it again.\n'),
  (files) => files.set('infra/main.tf', 'resource "aws_sqs_queue" {{{\n'),
  (files) => {
    for (const [name, text] of GRAPH_FILES) {
      files.set(name, text);
    }
  },
];

export const graphWorld = (): World => {
  const world = new World();
  world.derivations = [new GraphDerivation(testParsers)];
  for (const [name, text] of GRAPH_FILES) {
    world.origin.files.set(name, text);
  }
  return world;
};

/** Live records of the graph: key and bytes, without versions. */
export const graphRecords = async (world: World, region = world.primary): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await world.contents(region))
      .map((text) => JSON.parse(text) as [string, string, string, string, boolean, string])
      .filter(([pk, , , , del]) => pk.startsWith('graph#') && !del)
      .map(([pk, sk, , , , data]) => [`${pk} ${sk}`, data]),
  );

/** Live records of everything that is derived, without what tells commits apart. */
export const derivedRecords = async (world: World, region = world.primary): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await world.contents(region))
      .map((text) => JSON.parse(text) as [string, string, string, string, boolean, string])
      .filter(([pk, , , , del]) => /^(?:graph|lexdir|lex)#/u.test(pk) && !del)
      .map(([pk, sk, , , , data]) => [`${pk} ${sk}`, data.replaceAll(/"commit":"[0-9a-f]{64}"/gu, '"commit":"…"')]),
  );
