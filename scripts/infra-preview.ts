/**
 * `npm run infra:preview -- primary`: the resource tree of a stack with counts, the verdict of the policy pack, and whether both
 * Regions declare the same. No cloud, no Pulumi CLI: the real program runs against a monitor on loopback, and ids are stand-ins.
 */
import { parseArgs } from 'node:util';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { EXIT } from '../ops/command.ts';
import { PLANTS } from './infra/plants.ts';
import { type Preview, type PreviewOptions, previewStack } from './infra/preview.ts';
import { countLines, countTree, treeLines } from './infra/print-tree.ts';
import type { Violation } from './infra/analyzer.ts';

const USAGE =
  'Usage: npm run infra:preview -- primary|secondary [--single] [--govcloud] [--isolated] [--two-accounts] [--plant NAME] [--json]. ' +
  `What can be planted: ${Object.keys(PLANTS).join(', ')}.`;

type Arguments =
  | { readonly kind: 'preview'; readonly options: PreviewOptions; readonly json: boolean }
  | { readonly kind: 'usage'; readonly message: string; readonly json: boolean };

const readWords = (args: readonly string[]): ReturnType<typeof parseWords> | string => {
  try {
    return parseWords(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const parseWords = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      single: { type: 'boolean', default: false },
      govcloud: { type: 'boolean', default: false },
      isolated: { type: 'boolean', default: false },
      'two-accounts': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      plant: { type: 'string' },
    },
  });

const readArguments = (args: readonly string[]): Arguments => {
  const parsed = readWords(args);
  if (typeof parsed === 'string') {
    return { kind: 'usage', message: `${parsed} ${USAGE}`, json: args.includes('--json') };
  }
  const { values, positionals } = parsed;
  const { json, single, govcloud, isolated, plant, 'two-accounts': twoAccounts } = values;
  const stack = ROLES.find((role: Role) => role === positionals[0]);
  if (stack === undefined || positionals.length !== 1) {
    return { kind: 'usage', message: USAGE, json };
  }
  if (plant !== undefined && PLANTS[plant] === undefined) {
    return { kind: 'usage', message: `Nothing is called ${plant}. ${USAGE}`, json };
  }
  return {
    kind: 'preview',
    json,
    options: { stack, single, govcloud, isolated, twoAccounts, ...(plant === undefined ? {} : { plant }) },
  };
};

const nameIn = (urn: string): string => urn.split('::').at(-1) ?? urn;

const verdictLines = ({ rules, violations, exempted, resources }: Preview): readonly string[] => [
  ...violations.map(({ rule, urn, message }) => `refused   ${message} (${rule}, ${nameIn(urn)})`),
  ...exempted.map(({ rule, urn, message }) => `exempted  ${message} (${rule}, ${nameIn(urn)})`),
  `policy: ${rules.length} rules over ${resources.length} resources, ${violations.length} violations, ${exempted.length} exempted`,
];

const treesLine = ({ trees, resources }: Preview): string =>
  trees.equal
    ? 'trees: both stacks declare the same, but for the names of Regions and what each setting file says of its own'
    : `trees: the stacks differ in ${trees.differences.length} of ${resources.length} places:\n  ${trees.differences.join('\n  ')}`;

const linesOf = (preview: Preview): readonly string[] => [
  ...treeLines(preview.resources),
  '',
  ...countLines(countTree(preview.resources)),
  '',
  ...preview.recording.warnings.map((warning) => `warning: ${warning}`),
  ...verdictLines(preview),
  treesLine(preview),
];

const shown = ({ rule, urn, message }: Violation): object => ({ rule, urn, message });

const reportOf = (preview: Preview, options: PreviewOptions, tookMs: number): object => ({
  stack: options.stack,
  region: preview.recording.region,
  peerRegion: preview.recording.peerRegion ?? null,
  partition: preview.recording.partition,
  counts: countTree(preview.resources),
  resources: preview.resources.map(({ urn, type, name, custom, parent, protect }) => ({
    urn,
    type,
    name,
    custom,
    parent: parent ?? null,
    protect,
  })),
  rules: preview.rules,
  violations: preview.violations.map(shown),
  exempted: preview.exempted.map(shown),
  trees: preview.trees,
  tookMs,
});

const main = async (): Promise<number> => {
  const started = performance.now();
  const parsed = readArguments(process.argv.slice(2));
  if (parsed.kind === 'usage') {
    process.stderr.write(`${parsed.message}\n`);
    return EXIT.usage;
  }
  const preview = await previewStack(parsed.options);
  const tookMs = Math.round(performance.now() - started);
  const text = `${[...linesOf(preview), `took ${(tookMs / 1000).toFixed(1)} s`].join('\n')}\n`;
  (parsed.json ? process.stderr : process.stdout).write(text);
  if (parsed.json) {
    process.stdout.write(`${JSON.stringify(reportOf(preview, parsed.options, tookMs))}\n`);
  }
  return preview.violations.length === 0 && preview.trees.equal ? EXIT.done : EXIT.error;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.error;
}
