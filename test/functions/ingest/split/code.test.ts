/** Source code and configuration: cut at declarations and keys, named in breadcrumbs, comments with what follows them. */
import { describe, expect, it } from 'vitest';

import { languageOf } from '../../../../functions/ingest/split/languages.ts';
import { splitDocument, type SplitChunk } from '../../../../functions/ingest/split/split-document.ts';

const split = (path: string, text: string): readonly SplitChunk[] =>
  splitDocument({ sourceName: 'shop', path, text }).chunks;

const filler = (indent: string, comment: string, lines = 24): string =>
  Array.from({ length: lines }, (_none, at) => `${indent}${comment} step ${at} of what is done here`).join('\n');

interface Sample {
  readonly path: string;
  readonly language: string;
  /** Parts of about a thousand characters each: none fits into one chunk with another. */
  readonly parts: readonly (readonly [name: string, text: string])[];
}

const body = (comment: string, indent = '  '): string => filler(indent, comment);

const SAMPLES: readonly Sample[] = [
  {
    path: 'src/queue.ts',
    language: 'typescript',
    parts: [
      ['openQueue', `/** Opens it. */\nexport const openQueue = (url: string): Queue => {\n${body('work();')}\n};`],
      [
        'drainQueue',
        `// Empties it.\nexport async function drainQueue(queue: Queue): Promise<void> {\n${body('work();')}\n}`,
      ],
      ['Queue', `/**\n * Holds work.\n */\n@Injectable()\nexport class Queue {\n${body('work();')}\n}`],
      ['QueueOptions', `export interface QueueOptions {\n${body('work();')}\n}`],
    ],
  },
  {
    path: 'queue.py',
    language: 'python',
    parts: [
      [
        'open_queue',
        `# Opens it.\n@cached\ndef open_queue(url):\n    """Opens\n\ndef at_any_column():\n    """\n${body('work()', '    ')}`,
      ],
      ['Queue', `class Queue(Base):\n${body('work()', '    ')}`],
      ['drain', `async def drain(queue):\n${body('work()', '    ')}`],
    ],
  },
  {
    path: 'queue.go',
    language: 'go',
    parts: [
      ['Queue', `// Queue holds work.\ntype Queue struct {\n${body('work', '\t')}\n}`],
      ['Drain', `// Drain empties it.\nfunc (q *Queue) Drain(ctx context.Context) error {\n${body('work()', '\t')}\n}`],
    ],
  },
  {
    path: 'src/lib.rs',
    language: 'rust',
    parts: [
      ['Queue', `/// Holds work.\n#[derive(Debug)]\npub struct Queue {\n${body('work,', '    ')}\n}`],
      ['drain', `pub async fn drain(queue: &mut Queue) -> Result<()> {\n${body('work();', '    ')}\n}`],
    ],
  },
  {
    path: 'Queue.java',
    language: 'java',
    parts: [
      ['Queue', `/** Holds work. */\n@Service\npublic class Queue\n{\n${body('work;', '    ')}\n}`],
      ['Worker', `interface Worker {\n${body('work;', '    ')}\n}`],
    ],
  },
  {
    path: 'lib/queue.rb',
    language: 'ruby',
    parts: [
      ['Queue', `# Holds work.\nclass Queue\n${body('work')}\nend`],
      ['drain', `def drain(queue)\n${body('work')}\nend`],
    ],
  },
  {
    path: 'run.sh',
    language: 'shell',
    parts: [
      ['open_queue', `# Opens it.\nopen_queue() {\n${body('work')}\n}`],
      ['drain_queue', `function drain_queue {\n${body('work')}\n}`],
    ],
  },
  {
    path: 'schema.sql',
    language: 'sql',
    parts: [
      ['orders', `-- What was bought.\nCREATE TABLE IF NOT EXISTS orders (\n${body('a integer,')}\n);`],
      ['order_total', `CREATE OR REPLACE FUNCTION order_total(id int) RETURNS int AS $$\n${body('a;')}\n$$;`],
    ],
  },
  {
    path: 'infra/main.tf',
    language: 'hcl',
    parts: [
      ['resource aws_sqs_queue jobs', `# Holds work.\nresource "aws_sqs_queue" "jobs" {\n${body('a =')}\n}`],
      ['module network', `module "network" {\n${body('a =')}\n}`],
    ],
  },
  {
    path: 'deploy/values.yaml',
    language: 'yaml',
    parts: [
      ['queue', `# Holds work.\nqueue:\n${body('- a')}`],
      ['workers', `workers:\n- name: one\n${body('- a')}`],
    ],
  },
  {
    path: 'package.json',
    language: 'json',
    parts: [
      ['scripts', `  "scripts": {\n${body('"a":', '    ')}\n  },`],
      ['dependencies', `  "dependencies": {\n${body('"a":', '    ')}\n  }`],
    ],
  },
  {
    path: 'Cargo.toml',
    language: 'toml',
    parts: [
      ['package', `[package]\n${body('a =', '')}`],
      ['dependencies', `# What it needs.\n[dependencies]\n${body('a =', '')}`],
    ],
  },
];

describe.each(SAMPLES)('$language', ({ path, language, parts }) => {
  const text = parts.map(([, part]) => part).join('\n\n');

  it('is known by its path', () => {
    expect(splitDocument({ sourceName: '', path, text })).toMatchObject({ kind: 'code', language });
  });

  it('is cut at declarations, each with its comments and its name', () => {
    expect(split(path, text).map((chunk) => [chunk.heading, chunk.text])).toEqual(parts);
  });

  it('keeps small neighbours together', () => {
    const small = parts.map(([, part]) => part.split('\n').filter((line) => !/step (?:[3-9]|\d\d)/u.test(line)));
    const chunks = split(path, small.map((lines) => lines.join('\n')).join('\n\n'));
    expect(chunks).toHaveLength(1);
    for (const [name] of parts) {
      expect(chunks[0]?.heading).toContain(name);
    }
  });
});

const method = (name: string): string =>
  `  /** ${name}. */\n  ${name}(order: Order): void {\n${body('work();', '    ')}\n  }`;

describe('a class that no chunk can hold', () => {
  const names = ['accept', '#refuse', 'static async total', 'get state'];
  const text = `export class Orders {\n  #all = [];\n\n${names.map((name) => method(name)).join('\n\n')}\n}\n`;

  it('is cut at its members, which keep the name of the class', () => {
    expect(split('orders.ts', text).map(({ breadcrumb }) => breadcrumb)).toEqual([
      'shop > orders.ts > Orders',
      'shop > orders.ts > Orders > #refuse',
      'shop > orders.ts > Orders > total',
      'shop > orders.ts > Orders > state',
    ]);
  });

  it('leaves no closing bracket alone', () => {
    for (const chunk of split('orders.ts', text)) {
      expect(chunk.text.trim()).not.toMatch(/^[})\]]/u);
    }
  });
});

describe('a function', () => {
  it('over the target stays whole where a chunk can hold it', () => {
    const long = `export function total() {\n${filler('  ', 'work();', 55)}\n}`;
    expect(long.length).toBeGreaterThan(1600);
    const chunks = split('a.ts', `${long}\n\n${long.replace('total', 'other')}\n`);
    expect(chunks.map(({ text }) => text)).toEqual([long, long.replace('total', 'other')]);
  });

  it('over the hard limit is cut between statements', () => {
    const chunks = split('a.ts', `export function total() {\n${filler('  ', 'work();', 200)}\n}\n`);
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) {
      expect(chunk.heading).toBe('total');
      expect(chunk.text).toMatch(/^(?:export function total| {2}work\(\);)/u);
    }
  });
});

describe('an import of many names', () => {
  it('declares none of them', () => {
    const text = `import {\n  type Order,\n  type Queue as Line,\n  total,\n} from './a.ts';\n\nexport const a = 1;\n`;
    expect(split('a.ts', text).map(({ heading }) => heading)).toEqual([undefined]);
  });
});

describe('tests', () => {
  it('are cut at their cases, under the name of the suite', () => {
    const cases = ['opens', 'drains', 'fills'].map(
      (name) => `  it('${name}', async () => {\n${body('work();', '    ')}\n  });`,
    );
    const chunks = split('queue.test.ts', `describe('queue', () => {\n${cases.join('\n\n')}\n});\n`);
    expect(chunks.map(({ breadcrumb }) => breadcrumb)).toEqual([
      'shop > queue.test.ts > queue',
      'shop > queue.test.ts > queue > drains',
      'shop > queue.test.ts > queue > fills',
    ]);
  });
});

describe('the language of a file', () => {
  it.each([
    ['Dockerfile', '', 'dockerfile'],
    ['build/Dockerfile.dev', '', 'dockerfile'],
    ['Makefile', '', 'makefile'],
    ['bin/deploy', '#!/usr/bin/env bash', 'shell'],
    ['bin/deploy', '#!/usr/bin/env python3', 'python'],
    ['bin/deploy', '#!/usr/bin/env node', 'javascript'],
    ['bin/deploy', 'just text', undefined],
    ['A.TS', '', 'typescript'],
    ['.ts', '', undefined],
    ['LICENSE', '', undefined],
    ['constructor', '', undefined],
    ['a.constructor', '', undefined],
  ])('%s, first line "%s": %s', (path, firstLine, language) => {
    expect(languageOf(path, firstLine)).toBe(language);
  });
});
