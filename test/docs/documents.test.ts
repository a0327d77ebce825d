/**
 * The operator's and the reviewer's pages can't lie about names: commands, settings, files and examples in them exist, and what is
 * generated in them is what the code says.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { namesOf } from '../../infra/names.ts';
import { generatePages, replaceBlock } from '../../scripts/docs/blocks.ts';
import { countsOf, MEMORY_GB, monthlyCost, RUNS_PER_HOUR, SIZES } from '../../scripts/docs/cost-model.ts';
import { SHAPES } from '../../scripts/docs/cost-text.ts';
import { PRICES } from '../../scripts/docs/prices.ts';
import { storesSchema } from '../../ops/running-pair.ts';
import { regionNamed } from '../functions/stores/region-named.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const PAGES = ['docs/api.md', 'docs/deploy.md', 'docs/security.md', 'docs/threat-model.md'];
const found = (page: string, pattern: RegExp): readonly string[] => [
  ...new Set([...page.matchAll(pattern)].map(({ groups }) => groups?.['name'] ?? '')),
];

const { scripts } = z
  .looseObject({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

const { config } = z.looseObject({ config: z.record(z.string(), z.unknown()) }).parse(parse(read('Pulumi.yaml')));

const COMMANDS = new Set(
  readdirSync(path.join(ROOT, 'ops'))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => found(read(`ops/${file}`), /^ {2}name: '(?<name>[a-z ]+)',$/gmu)),
);

describe.each(PAGES)('%s', (file) => {
  const page = read(file);

  it('names only scripts that exist', () => {
    const named = found(page, /npm run (?<name>[\w:-]+)/gu);
    expect(named.filter((name) => scripts[name] === undefined)).toStrictEqual([]);
  });

  it('names only commands that exist', () => {
    const named = found(
      page,
      /npx twinmap (?<name>[a-z]+(?: (?:create|revoke|list|verify|export|member|delete))?)(?![\w-])/gu,
    );
    expect(named.filter((name) => !COMMANDS.has(name))).toStrictEqual([]);
  });

  it('names only settings that exist', () => {
    const named = found(page, /twinmap:(?<name>[a-z][A-Za-z]+)/gu);
    expect(named.filter((name) => config[name] === undefined)).toStrictEqual([]);
  });

  it('names only files and folders that exist', () => {
    const inText = found(page, /`(?<name>(?:test|functions|infra|scripts|docs|router|ops|local)\/[\w./-]+)`/gu);
    const linked = found(page, /\]\((?<name>[\w./-]+)\)/gu).map((one) => path.join('docs', one));
    expect(inText.length + linked.length).toBeGreaterThan(2);
    expect([...inText, ...linked].filter((one) => !existsSync(path.join(ROOT, one)))).toStrictEqual([]);
  });
});

describe('the example of a stores file', () => {
  it('has the names that the program derives', () => {
    const [, text = ''] = /```json\n(?<body>[\s\S]*?)```/u.exec(read('docs/deploy.md')) ?? [];
    const { regions } = z
      .object({ regions: z.array(z.object({ role: z.string(), region: z.string(), stores: storesSchema })) })
      .parse(JSON.parse(text));
    expect(regions.map(({ role }) => role)).toEqual(['primary', 'secondary']);
    for (const { region: name, stores } of regions) {
      const { tables, vectorBucket, vectorIndex } = namesOf(regionNamed(name), '111122223333');
      expect(stores).toEqual({ ...tables, bucket: vectorBucket, index: vectorIndex });
    }
  });
});

describe('the threat model', () => {
  it('has a mitigation and a proof for every threat, or says that it is left', () => {
    const rows = read('docs/threat-model.md')
      .split('\n')
      .filter((row) => /^\| +\d+ /u.test(row))
      .map((row) => row.split('|').map((cell) => cell.trim()));
    expect(rows.length).toBeGreaterThan(20);
    for (const [, number, , kind = '', against = '', proof = ''] of rows) {
      expect(kind, number).toMatch(/^[STRIDE](?:, [STRIDE])*$/u);
      expect(against.length, number).toBeGreaterThan(20);
      expect(proof, number).toMatch(/`[^`]+`|residual/u);
    }
    const kinds = new Set(rows.flatMap(([, , , kind = '']) => kind.split(', ')));
    expect([...kinds].toSorted()).toEqual(['D', 'E', 'I', 'R', 'S', 'T']);
  });
});

describe('generated parts', () => {
  it('are those that the code makes: after a change, npm run inventory and npm run docs', async () => {
    const stale = (await generatePages(ROOT)).filter(({ isStale }) => isStale);
    expect(stale.map(({ file }) => file)).toEqual([]);
  });

  it('need their place in the page', () => {
    expect(() => replaceBlock('no marks', 'costs', 'x')).toThrow(/no part between/u);
  });

  it('say what every role may do', () => {
    const page = read('docs/security.md');
    for (const role of ['dispatch', 'sync', 'api', 'drain', 'repair', 'proof', 'audit', 'schedules']) {
      expect(page).toMatch(new RegExp(`^\\| ${role} +\\| `, 'mu'));
    }
    expect(page).not.toMatch(/`\*`|:\*`/u);
  });
});

describe('the costs', () => {
  const counts = countsOf(read('docs/inventory.md'));

  it('count what the inventory lists, in one stack', () => {
    expect(counts.get('aws:dynamodb/table:Table')).toBe(3);
    expect(counts.get('aws:lb/loadBalancer:LoadBalancer')).toBe(1);
  });

  it('are sums of quantities and prices, and a second Region and a larger size cost more', () => {
    const sums = SHAPES.map(([, shape]) => SIZES.map((size) => monthlyCost(size, shape, counts)));
    for (const { lines, usd, unverifiedShare } of sums.flat()) {
      expect(lines.reduce((sum, { quantity, price }) => sum + quantity * PRICES[price].usd, 0)).toBeCloseTo(usd, 6);
      expect(unverifiedShare).toBeGreaterThan(0);
      expect(unverifiedShare).toBeLessThan(1);
    }
    const [single, pair] = sums;
    expect(pair?.[0]?.usd).toBeGreaterThan(single?.[0]?.usd ?? Infinity);
    expect(pair?.[1]?.usd).toBeGreaterThan(pair?.[0]?.usd ?? Infinity);
  });

  it('run functions as often, and with as much memory, as the program declares', () => {
    const functions = read('infra/components/functions.ts');
    for (const [name, gb] of Object.entries(MEMORY_GB)) {
      expect(functions).toMatch(new RegExp(`^ {2}${name}: \\{ memoryMb: ${gb * 1024},`, 'mu'));
    }
    const jobs = read('infra/components/jobs.ts');
    for (const name of ['drain', 'audit', 'repair'] as const) {
      const minutes = 60 / RUNS_PER_HOUR[name];
      expect(jobs).toContain(`['${name}', 'rate(${minutes} minute${minutes === 1 ? '' : 's'})'`);
    }
  });
});
