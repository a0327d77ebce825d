/** Derived records, and what a cycle that pulled only some files may replace. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { memoryReader } from '../../../functions/graph/answers/memory-reader.ts';
import { incidentOf } from '../../../functions/graph/answers/questions.ts';
import { deriveEntries, listsEdge } from '../../../functions/graph/facts/derived.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { isContextPath } from '../../../functions/graph/repository/extract-repository.ts';
import { extractFiles, readTree } from './organisation.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/organisation');

describe('derived records', () => {
  it('every edge is found from its beginning, and every edge that is walked from its end', async () => {
    const facts = await extractFiles('orders', readTree(path.join(FOLDER, 'orders')));
    for (const file of facts) {
      const entries = deriveEntries(file);
      const out = entries.filter(({ direction }) => direction === 'out').flatMap(({ edges }) => edges);
      expect(out.length).toBe(file.edges.length);
      const into = entries.filter(({ direction }) => direction === 'in').flatMap(({ edges }) => edges);
      const walked = file.edges.filter(({ type }) =>
        ['dependsOn', 'consumesApi', 'providedBy', 'names'].includes(type),
      );
      expect(walked.every((edge) => into.includes(edge))).toBe(true);
      expect(into.every((edge) => listsEdge(file, edge))).toBe(true);
    }
  });

  it('an edge that its origin does not list any more is known as stale', async () => {
    const [before] = await extractFiles('a', [
      { path: 'main.tf', text: 'provider "aws" {\n  region = "us-east-1"\n}\nresource "aws_sqs_queue" "q" {}\n' },
    ]);
    const [after] = await extractFiles('a', [
      { path: 'main.tf', text: 'provider "aws" {\n  region = "eu-west-1"\n}\nresource "aws_sqs_queue" "q" {}\n' },
    ]);
    const tie = before?.edges.find(({ to }) => to === 'region:us-east-1');
    expect(tie !== undefined && before !== undefined && listsEdge(before, tie)).toBe(true);
    expect(tie !== undefined && after !== undefined && listsEdge(after, tie)).toBe(false);
  });

  it('a Region’s record lists components and names, and not every resource', async () => {
    const queues = Array.from({ length: 50 }, (_, at) => `resource "aws_vpc" "v${at}" {}\n`).join('');
    const [facts] = await extractFiles('a', [
      { path: 'main.tf', text: `provider "aws" {\n  region = "us-east-1"\n}\n${queues}` },
    ]);
    const entry = deriveEntries(facts ?? { nodes: [], edges: [] }).find(
      ({ direction, id }) => direction === 'in' && id === 'region:us-east-1',
    );
    expect(entry?.edges).toHaveLength(1);
    expect(entry?.edges[0]).toMatchObject({ from: 'component:a', count: 50 });
  });
});

describe('a cycle that pulled a few files', () => {
  it.each(readdirSync(FOLDER).filter((name) => !name.endsWith('.json')))(
    '%s: a file read with the context files has the facts that it has in the whole',
    async (repository) => {
      const files = readTree(path.join(FOLDER, repository));
      const whole = new Map(
        (await extractFiles(repository, files)).map((file): [string, FileFacts] => [file.path, file]),
      );
      const context = files.filter((file) => isContextPath(file.path));
      for (const changed of files.filter((file) => !isContextPath(file.path))) {
        const part = await extractFiles(repository, [...context, changed]);
        expect(part.find((file) => file.path === changed.path)).toEqual(whole.get(changed.path));
      }
      for (const file of await extractFiles(repository, context)) {
        expect(file).toEqual(whole.get(file.path));
      }
    },
  );

  it('the same files in another order have the same facts', async () => {
    const files = readTree(path.join(FOLDER, 'inventory'));
    expect(await extractFiles('inventory', files.toReversed())).toEqual(await extractFiles('inventory', files));
  });
});

describe('names', () => {
  const declare = (region: string): { path: string; text: string }[] => [
    {
      path: 'main.tf',
      text: `provider "aws" {\n  region = "${region}"\n}\nresource "aws_sqs_queue" "q" {\n  name = "jobs"\n}\n`,
    },
  ];
  const user = [{ path: 'a.py', text: 'import boto3\nboto3.resource("sqs").get_queue_by_name(QueueName="jobs")\n' }];
  const impactOf = async (facts: readonly FileFacts[], region: string): Promise<string | undefined> =>
    (await incidentOf(memoryReader(facts), region, () => true)).rows.find(({ name }) => name === 'user')?.impact;

  it('who uses a queue by its name fails with the Region of the only queue of that name', async () => {
    const facts = [...(await extractFiles('one', declare('us-east-1'))), ...(await extractFiles('user', user))];
    expect(await impactOf(facts, 'us-east-1')).toBe('DOWN');
  });

  it('a name that two repositories declare in two Regions is unknown, and no copy', async () => {
    const facts = [
      ...(await extractFiles('one', declare('us-east-1'))),
      ...(await extractFiles('two', declare('eu-west-1'))),
      ...(await extractFiles('user', user)),
    ];
    expect(await impactOf(facts, 'us-east-1')).toBe('UNKNOWN');
  });

  it('a tag names the component that somebody declares, and nobody where it means something else', async () => {
    const infrastructure = (tag: string): { path: string; text: string }[] => [
      {
        path: 'main.tf',
        text: `provider "aws" {\n  region = "us-east-1"\n}\nresource "aws_sqs_queue" "q" {\n  tags = { Service = "${tag}" }\n}\n`,
      },
    ];
    const catalog = [
      {
        path: 'catalog-info.yaml',
        text: 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: known }\nspec: {}\n',
      },
    ];
    const namesOf = async (tag: string): Promise<readonly string[]> => {
      const facts = [
        ...(await extractFiles('platform', infrastructure(tag))),
        ...(await extractFiles('known', catalog)),
      ];
      return (await incidentOf(memoryReader(facts), 'us-east-1', () => true)).rows.map(({ name }) => name);
    };
    expect(await namesOf('known')).toStrictEqual(['known']);
    expect(await namesOf('Harbour Shop')).toStrictEqual(['platform']);
    expect(await namesOf('gold')).toStrictEqual(['platform']);
  });

  it('a resource of the catalog ties who depends on it', async () => {
    const text =
      'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: a }\nspec: { dependsOn: [resource:db] }\n---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata:\n  name: db\n  annotations: { "aws.example/arn": "arn:aws:rds:us-east-1:123456789012:db:a" }\nspec: {}\n';
    const facts = await extractFiles('a', [{ path: 'catalog-info.yaml', text }]);
    const { rows } = await incidentOf(memoryReader(facts), 'us-east-1', () => true);
    expect(rows.map(({ name, impact, path: steps }) => [name, impact, steps.at(-1)?.level])).toStrictEqual([
      ['a', 'DOWN', 'catalog'],
    ]);
  });

  it('components that need each other end in one answer', async () => {
    const entity = (name: string, other: string): string =>
      `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec: { dependsOn: ["component:${other}"] }\n`;
    const facts = [
      ...(await extractFiles('a', [...declare('us-east-1'), { path: 'catalog-info.yaml', text: entity('a', 'b') }])),
      ...(await extractFiles('b', [{ path: 'catalog-info.yaml', text: entity('b', 'a') }])),
    ];
    const { rows } = await incidentOf(memoryReader(facts), 'us-east-1', () => true);
    expect(rows.map(({ name, impact, reach }) => [name, impact, reach])).toStrictEqual([
      ['a', 'DOWN', 1],
      ['b', 'DOWN', 1],
    ]);
  });

  it('what is no Region is refused with a sentence', async () => {
    await expect(incidentOf(memoryReader([]), 'virginia', () => true)).rejects.toThrow('"virginia" is no AWS Region');
  });
});
