/**
 * `npm run bars:incident`: the incident question asked of one Region whose peer is killed and whose embedder refuses, over REST, MCP (the
 * official client, of both eras) and the command. Ends with 1 where the three differ, an answer needed what is gone, or a proof
 * cites a line that is not there. `--sources FILE` asks about other systems than the organisation that ships with the tests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { readSourcesFile } from '../ops/source-file.ts';
import { EXIT } from '../ops/command.ts';
import {
  aboutComponent,
  aboutRegion,
  askCommand,
  askMcp,
  askRest,
  type Fields,
  type Question,
} from './incident/ask.ts';
import { type Cited, citedBy, differences, rowsOf } from './incident/compare.ts';
import { type LoneRegion, openLoneRegion } from './incident/stage.ts';
import { makeOrganisation } from './organisation.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const ORGANISATION = path.join(ROOT, 'test/fixtures/organisation');
/** Components whose own three questions are asked, too. */
const COMPONENTS_ASKED = 3;

const { values } = parseArgs({
  options: {
    sources: { type: 'string' },
    region: { type: 'string', default: 'us-east-1' },
    rows: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const HELP = `Asks what happens when a Region fails, of one Region that is left alone.
  --sources FILE   a list of sources as for npm start; default: the organisation that ships with the tests
  --region CODE    the Region that fails, in the question; default us-east-1
  --rows N         rows of which the cited lines are shown, at most; all of them are checked; default 3
  --json           text to stderr, one JSON object to stdout`;

const say = (line: string): void => {
  (values.json ? process.stderr : process.stdout).write(`${line}\n`);
};

interface AskedEverywhere {
  readonly question: string;
  readonly fields: Fields;
  readonly text: string;
  readonly problems: readonly string[];
}

const askEverywhere = async (lone: LoneRegion, question: Question): Promise<AskedEverywhere> => {
  const fields = await askRest(lone, question);
  const told = await askCommand(ROOT, lone, question);
  const others = {
    MCP: await askMcp(lone, question, 'auto'),
    'MCP of before 2026': await askMcp(lone, question, 'legacy'),
    'the command': told.fields,
  };
  const name = question.command.join(' ');
  const problems = Object.entries(others).flatMap(([door, answer]) =>
    differences(fields, answer).map((field) => `${name}: ${door} and REST differ in "${field}"`),
  );
  return { question: name, fields, text: told.text, problems };
};

/** Words alone, and the answer says so. */
const searchProblems = async (lone: LoneRegion, words: string): Promise<readonly string[]> => {
  const found = await askRest(lone, { path: `/v1/search?q=${encodeURIComponent(words)}&limit=5` });
  const { degraded, passages } = found;
  return [
    ...(Array.isArray(degraded) && degraded.includes('embedding')
      ? []
      : ['search does not say that the embedder is out']),
    ...(Array.isArray(passages) && passages.length > 0 ? [] : [`search finds nothing for "${words}"`]),
  ];
};

interface CheckedRow {
  readonly component: string;
  readonly impact: string;
  readonly cited: readonly Cited[];
}

const checkRows = async (fields: Fields, sourcesFile: string): Promise<readonly CheckedRow[]> => {
  const written = await readSourcesFile(sourcesFile);
  const folders = new Map(written.map(({ definition, directory }) => [definition.id, directory]));
  return Promise.all(
    rowsOf(fields).map(async (row) => ({
      component: row.component,
      impact: row.impact,
      cited: await citedBy(row, (source) => folders.get(source)),
    })),
  );
};

const showRows = (rows: readonly CheckedRow[]): void => {
  say('what the proofs cite, read from the repositories:');
  for (const { component, impact, cited } of rows.slice(0, Number(values.rows))) {
    say(`  ${impact}  ${component}`);
    for (const { place, text } of cited) {
      say(`    ${place}  ${text ?? '(not found)'}`);
    }
  }
};

const judgeAll = async (lone: LoneRegion, sourcesFile: string): Promise<readonly string[]> => {
  const [incident, ...more] = await Promise.all(
    aboutRegion(values.region).map(async (one) => askEverywhere(lone, one)),
  );
  if (incident === undefined) {
    return ['nothing was asked'];
  }
  say(`\n${incident.text}`);
  const rows = await checkRows(incident.fields, sourcesFile);
  showRows(rows);
  const components = rows.slice(0, COMPONENTS_ASKED).flatMap(({ component }) => aboutComponent(component));
  for (const question of components) {
    const asked = await askEverywhere(lone, question);
    say(`\n${asked.text}`);
    more.push(asked);
  }
  const missing = rows.flatMap(({ cited }) => cited.filter(({ text }) => text === undefined || text === ''));
  const problems = [
    ...[incident, ...more].flatMap((one) => one.problems),
    ...missing.map(({ place }) => `${place} is cited, and is not there`),
    ...(await searchProblems(lone, `queue ${values.region}`)),
  ];
  if (values.json) {
    const { counts, missing: notInTheMap } = incident.fields;
    const questions = [incident, ...more].map(({ question }) => question);
    const { sources, unacknowledged } = lone;
    const figures = { region: values.region, sources: sources.length, unacknowledged, notInTheMap, counts, questions };
    process.stdout.write(`${JSON.stringify({ ...figures, rows: rows.length, problems })}\n`);
  }
  return problems;
};

const main = async (): Promise<number> => {
  if (values.help) {
    say(HELP);
    return EXIT.done;
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'twinmap-incident-'));
  try {
    const sourcesFile = values.sources ?? (await makeOrganisation(ORGANISATION, path.join(directory, 'organisation')));
    const lone = await openLoneRegion({ rootDirectory: ROOT, directory, sourcesFile, say });
    try {
      const problems = await judgeAll(lone, sourcesFile);
      for (const problem of problems) {
        say(`problem: ${problem}`);
      }
      say(problems.length === 0 ? 'one answer at every door, from one Region alone' : `${problems.length} problems`);
      return problems.length === 0 ? EXIT.done : EXIT.error;
    } finally {
      await lone.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

process.exitCode = await main();
