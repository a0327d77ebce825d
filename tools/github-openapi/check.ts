/**
 * `npm run openapi:github`: the stand-in of GitHub, driven by the connector, held to GitHub's own published description: every call is
 * described, with its parameters, and every answer has the described form. And GitHub's own examples go through the connector.
 */
import { parseArgs } from 'node:util';

import { type Description, type Exchange, openDescriptions } from './description.ts';
import { Exercise } from './exercise.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const listOf = (value: unknown): readonly object[] =>
  Array.isArray(value) ? value.filter((one) => isObject(one)) : [];

interface Judged {
  readonly description: string;
  readonly operations: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

const judgeAll = (description: Description, exchanges: readonly Exchange[]): Judged => {
  const operations: Record<string, number> = {};
  const findings = new Set<string>();
  for (const exchange of exchanges) {
    const judged = description.judge(exchange);
    operations[judged.operation] = (operations[judged.operation] ?? 0) + 1;
    for (const finding of judged.findings) {
      findings.add(finding);
    }
  }
  return { description: description.name, operations, findings: [...findings] };
};

/** A judge that finds nothing in a broken answer is none. */
const isAwake = (description: Description, exchanges: readonly Exchange[]): boolean => {
  const list = exchanges.find(({ path, json }) => path.endsWith('/issues') && listOf(json).length > 0);
  if (list === undefined) {
    return false;
  }
  const broken = listOf(list.json).map((issue) => Object.assign({}, issue, { number: 'one' }));
  const query = new URLSearchParams({ ...Object.fromEntries(list.query), since_ever: '1' });
  return description.judge({ ...list, query, json: broken }).findings.length >= 2;
};

/** The issues and comments that the description shows, through the connector. */
const readExamples = async (exercise: Exercise, description: Description): Promise<readonly string[]> => {
  const issues = listOf(description.example('issue-items'));
  const comments = listOf(description.example('issue-comment-items'));
  if (issues.length === 0 || comments.length === 0) {
    return ['the description shows no issues or no comments'];
  }
  const texts = await exercise.read(issues, comments);
  const lacking = issues.filter(
    (issue) => 'title' in issue && !texts.some((text) => text.includes(String(issue.title))),
  );
  const body =
    comments.map((comment) => ('body' in comment ? String(comment.body) : '')).find((text) => text !== '') ?? '';
  return [
    ...lacking.map(() => 'an issue that the description shows did not come out of the connector'),
    ...(texts.some((text) => text.includes(body))
      ? []
      : ['a comment that the description shows did not come out of the connector']),
  ];
};

const main = async (): Promise<number> => {
  const descriptions = openDescriptions();
  const exercise = await Exercise.open();
  try {
    await exercise.run();
    const exchanges = [...exercise.exchanges];
    const reports: Judged[] = [];
    for (const description of descriptions) {
      const judged = judgeAll(description, exchanges);
      const more = [
        ...(isAwake(description, exchanges) ? [] : ['the check overlooks an answer that is broken on purpose']),
        ...(await readExamples(exercise, description)),
      ];
      reports.push({ ...judged, findings: [...judged.findings, ...more] });
    }
    for (const { description, operations, findings } of reports) {
      const kinds = Object.keys(operations).length;
      say(
        `${description}: ${String(exchanges.length)} exchanges of ${String(kinds)} operations, ${String(findings.length)} findings`,
      );
      for (const [operation, count] of Object.entries(operations)) {
        say(`  ${operation} ${String(count)}`);
      }
      for (const finding of findings) {
        say(`  WRONG: ${finding}`);
      }
    }
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ exchanges: exchanges.length, reports })}\n`);
    }
    return reports.every(({ findings }) => findings.length === 0) ? 0 : 1;
  } finally {
    await exercise.close();
  }
};

process.exitCode = await main();
