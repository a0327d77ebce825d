/**
 * `npm run poc -- --repos DIR`: the proof of concept of two weeks, in minutes. Twenty code bases, one Confluence, one Jira and one
 * SharePoint into both Regions; the same again, which must write nothing; then one commit and one edited page, which must change
 * exactly those.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ConfigError, TwinmapError } from '../functions/domain/errors.ts';
import { buildFunctions } from './build-functions.ts';
import { CODE_BASES } from './poc/code-bases.ts';
import { type Edits, judgeRuns, type Runs } from './poc/judge.ts';
import { makeCodeBases } from './poc/make-code-bases.ts';
import { openServices } from './poc/services.ts';
import { gitSources, openRepositories, type PocSource } from './poc/sources.ts';
import { PocStage } from './poc/stage.ts';
import { pocTable, runFigures, sourceFigures } from './poc/table.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const ITEMS_DEFAULT = '2000';
const ITEMS_MAX = 20_000;
const USAGE = 'npm run poc -- --repos DIR [--make-repos] [--items N] [--json]';

interface Options {
  readonly repos: string;
  readonly makeRepos: boolean;
  readonly items: number;
  readonly json: boolean;
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const readOptions = (): Options => {
  const { values } = parseArgs({
    options: {
      repos: { type: 'string' },
      'make-repos': { type: 'boolean', default: false },
      items: { type: 'string', default: ITEMS_DEFAULT },
      json: { type: 'boolean', default: false },
    },
  });
  const items = Number(values.items);
  if (values.repos === undefined) {
    throw new ConfigError(
      `${USAGE}: DIR is a folder of git repositories, one source each; with --make-repos twenty are made there from releases ` +
        'of packages, which asks the npm registry.',
    );
  }
  if (!Number.isSafeInteger(items) || items < 10 || items > ITEMS_MAX) {
    throw new ConfigError(`--items is how many items each service holds: from 10 to ${String(ITEMS_MAX)}.`);
  }
  return { repos: path.resolve(values.repos), makeRepos: values['make-repos'], items, json: values.json };
};

interface Outcome {
  readonly runs: Runs;
  readonly sources: readonly PocSource[];
  readonly commits: number;
  readonly edits: Edits;
}

const play = async ({ repos, items }: Options, scratch: string): Promise<Outcome> => {
  const repositories = await openRepositories(repos, scratch);
  const services = await openServices(items, repositories.server.origin);
  Object.assign(process.env, services.secrets);
  const sources = [...gitSources(repositories.names, services.origin), ...services.sources];
  const dataDirectory = path.join(scratch, 'data');
  const stage = new PocStage({ rootDirectory: ROOT, dataDirectory, sources, loopbackOrigin: services.origin, say });
  try {
    say(
      `${String(repositories.names.length)} repositories with ${String(repositories.commits)} commits, ${String(items)} items in each service`,
    );
    await stage.open();
    const first = await stage.run('first run');
    const unchanged = await stage.run('the same again');
    const { repository } = await repositories.editOneFile();
    services.editOnePage();
    const edited = await stage.run('after one commit and one edited page');
    const edits = { repository, wiki: services.wiki };
    return { runs: { first, unchanged, edited }, sources, commits: repositories.commits, edits };
  } finally {
    await stage.close();
    await services.close();
    await repositories.server.close();
  }
};

const report = ({ json, items }: Options, { runs, sources, commits, edits }: Outcome): number => {
  const findings = judgeRuns(runs, sources.length, edits);
  for (const line of pocTable(runs, sources)) {
    say(line);
  }
  for (const finding of findings) {
    say(`MISSED: ${finding}`);
  }
  say(findings.length === 0 ? 'everything is acknowledged in both Regions, and they are equal' : '');
  if (json) {
    const { first, unchanged, edited } = runs;
    const roots = edited.result.regions.map(({ region, proof }) => ({ region, root: proof?.root ?? null }));
    const figures = { first: runFigures(first), unchanged: runFigures(unchanged), edited: runFigures(edited) };
    const each = sourceFigures(first, sources);
    process.stdout.write(`${JSON.stringify({ sources: each, items, commits, runs: figures, roots, findings })}\n`);
  }
  return findings.length === 0 ? 0 : 1;
};

const main = async (): Promise<number> => {
  const options = readOptions();
  if (options.makeRepos) {
    await makeCodeBases(CODE_BASES, options.repos, say);
  }
  await buildFunctions({ outDir: path.join(ROOT, 'dist', 'functions') });
  const scratch = await mkdtemp(path.join(tmpdir(), 'twinmap-poc-'));
  try {
    return report(options, await play(options, scratch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TwinmapError)) {
    throw error;
  }
  say(error.message);
  process.exitCode = 2;
}
