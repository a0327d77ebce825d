/** Any text in any file: nothing throws, nothing hangs, and a file that can't be read is listed with its place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { factsTexts, joinFacts, parseFactsPart } from '../../../functions/graph/facts/facts-record.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { extractFiles } from './organisation.ts';

const PATHS = [
  'main.tf',
  'a.auto.tfvars',
  'main.tf.json',
  'terraform.tfstate',
  'template.yaml',
  'cdk.out/manifest.json',
  'samconfig.toml',
  'Pulumi.yaml',
  'Pulumi.live.yaml',
  'stack.json',
  'catalog-info.yaml',
  'CODEOWNERS',
  'docs/adr/0001-x.md',
  'runbooks/x.md',
  'Dockerfile',
  'compose.yaml',
  'chart/templates/a.yaml',
  'openapi.json',
  'package.json',
  'pyproject.toml',
  'go.mod',
  'pom.xml',
  'a.csproj',
  'yarn.lock',
  '.env',
  'terragrunt.hcl',
  'a.ts',
  'a.tsx',
  'a.js',
  'a.py',
  'a.go',
  'A.java',
  'a.rb',
  'a.cs',
  'a.rs',
  'a.php',
  'a.sh',
  'a.ps1',
] as const;

/** Pieces that lead deep into the extractors, in any order. */
const PIECES = [
  'resource "aws_sqs_queue" "q" {\n',
  'provider "aws" {\n region = var.r\n}\n',
  'module "m" {\n source = "./"\n}\n',
  'locals {\n a = local.b\n b = "${local.a}${local.a}"\n}\n',
  'for_each = toset([for x in y : x])\n',
  'region = ',
  '"us-east-1"',
  '${',
  '}',
  '{',
  '[',
  ']',
  '<<EOT\n',
  'EOT\n',
  '\n',
  '  ',
  ': ',
  '- ',
  '&a ',
  '*a ',
  '!Ref ',
  'Resources:\n  A:\n    Type: AWS::SQS::Queue\n',
  'apiVersion: v1\nkind: Pod\n',
  'apiVersion: backstage.io/v1alpha1\nkind: Component\n',
  '{"version":4,"resources":[',
  'arn:aws:sqs:us-east-1:123456789012:q',
  'https://sqs.eu-west-1.amazonaws.com/1/q ',
  "import boto3\nboto3.client('sqs', region_name=",
  "import { S3Client } from '@aws-sdk/client-s3';\nnew (a || b).S3Client({ region })\n",
  'FROM ',
  '*** ',
  '"',
  "'",
  '\\',
  '\u0000',
  '\u{1F600}',
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join('')),
);

const failures = (facts: readonly FileFacts[]): string[] =>
  facts
    .flatMap(({ unknowns }) => unknowns.map(({ expression }) => expression))
    .filter((words) => /extractor "\w+" failed/u.test(words));

describe('any text', () => {
  it('in any file is read without a failure, and its facts survive a record', async () => {
    const cases = fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...PATHS), text), { minLength: 1, maxLength: 6 }),
      async (given) => {
        const files = [...new Map(given)].map(([path, content]) => ({ path, text: content }));
        const facts = await extractFiles('any', files);
        expect(failures(facts)).toStrictEqual([]);
        for (const file of facts) {
          const parts = factsTexts(file).map((part) => parseFactsPart(part));
          expect(joinFacts(parts.filter((part) => part !== undefined))).toEqual(file);
        }
      },
    );
    await fc.assert(cases, { numRuns: 60, seed: 8 });
  });

  it.each([
    ['deep brackets', '['.repeat(2000)],
    ['deep braces', 'a = {'.repeat(1000)],
    ['deep calls', 'f('.repeat(1500)],
    ['tags', '<a '.repeat(500)],
    ['white space', ' '.repeat(50_000)],
    ['empty lines', '\n'.repeat(20_000)],
    ['dots', 'a.'.repeat(8000)],
    ['colons', 'arn:'.repeat(10_000)],
    ['a key and white space', `region = ${' '.repeat(4000)}x`],
    ['a heading and white space', `# ${'when '.repeat(4000)}`],
  ])('%s end soon in every kind of file', async (_name, content) => {
    for (const path of PATHS) {
      const start = process.cpuUsage();
      const facts = await extractFiles('any', [{ path, text: content }]);
      expect(failures(facts)).toStrictEqual([]);
      expect(process.cpuUsage(start).user / 1000, path).toBeLessThan(LIMITS.graphParseMs * 2);
    }
  });

  it('a reference that doubles twenty times over is not followed to its end', async () => {
    const doubling = Array.from({ length: 40 }, (_, at) => `  l${at} = "\${local.l${at + 1}}\${local.l${at + 1}}"`);
    const content = `locals {\n${doubling.join('\n')}\n  l40 = "us-east-1"\n}\nprovider "aws" {\n  region = local.l0\n}\nresource "aws_sqs_queue" "q" {}\n`;
    const [facts] = await extractFiles('any', [{ path: 'main.tf', text: content }]);
    expect(facts?.unknowns.map(({ reason }) => reason)).toStrictEqual(['unresolved-region']);
  });

  it('modules that call each other twice over are cut, and the rest is kept', async () => {
    const files = Array.from({ length: 14 }, (_, at) => ({
      path: at === 0 ? 'main.tf' : `modules/m${at}/main.tf`,
      text: `${['a', 'b', 'c'].map((name) => `module "${name}" {\n  source = "${at === 0 ? './modules' : '..'}/m${at + 1}"\n}\n`).join('')}resource "aws_sqs_queue" "q" {\n  region = "us-east-1"\n}\n`,
    }));
    const facts = await extractFiles('any', files);
    expect(facts.flatMap(({ edges }) => edges).some(({ to }) => to === 'region:us-east-1')).toBe(true);
  });
});

describe('records of facts', () => {
  it('a file with many edges continues in parts that stay under the limit', async () => {
    const names = Array.from(
      { length: 1500 },
      (_, at) => `resource "aws_sqs_queue" "queue_with_a_name_${at}" {\n  name = "queue-${at}"\n}\n`,
    );
    const [facts] = await extractFiles('big', [
      { path: 'main.tf', text: `provider "aws" {\n  region = "us-east-1"\n}\n${names.join('')}` },
    ]);
    const texts = facts === undefined ? [] : factsTexts(facts);
    expect(texts.length).toBeGreaterThan(1);
    expect(Math.max(...texts.map((part) => Buffer.byteLength(part)))).toBeLessThan(LIMITS.recordBytesMax);
    const parts = texts.flatMap((part) => parseFactsPart(part) ?? []);
    expect(joinFacts(parts.toReversed())).toEqual(facts);
    expect(joinFacts(parts.slice(1))).toBeUndefined();
  });
});
