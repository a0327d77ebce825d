/** Every connector keeps the contract; the table at the end shows which case was kept, and why one could not happen. */
import { afterAll, expect, it } from 'vitest';

import { CASE_TITLES, connectorContract } from '../../contracts/connector.ts';
import { table } from '../../contracts/connector-table.ts';
import { confluenceHarness } from './worlds/confluence-world.ts';
import { filesHarness } from './worlds/files-world.ts';
import { gitHarness } from './worlds/git-world.ts';
import { githubHarness } from './worlds/github-world.ts';
import { gitlabHarness } from './worlds/gitlab-world.ts';
import { jiraHarness } from './worlds/jira-world.ts';
import { pagerdutyHarness } from './worlds/pagerduty-world.ts';
import { sharepointHarness } from './worlds/sharepoint-world.ts';

const HARNESSES = [
  gitHarness,
  filesHarness,
  githubHarness,
  gitlabHarness,
  confluenceHarness,
  jiraHarness,
  sharepointHarness,
  pagerdutyHarness,
];

it('the contract has sixteen cases', () => {
  expect(CASE_TITLES).toHaveLength(16);
});

for (const harness of HARNESSES) {
  connectorContract(harness);
}

afterAll(() => {
  console.log(table(CASE_TITLES));
});
