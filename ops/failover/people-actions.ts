/** The steps that reach people and files, none of which may hold the move up. */
import { TwinmapError } from '../../functions/domain/errors.ts';
import type { StepAction } from './run-context.ts';

export const tellStep: StepAction = async ({ outside, say }) => {
  const lines = outside.directions();
  for (const line of lines) {
    say(`    ${line}`);
  }
  const changed = await outside.changeDns?.();
  if (changed?.kind === 'failed') {
    return {
      outcome: 'left-open',
      detail: `the program for DNS failed: ${changed.why}`,
      opens: [{ id: 'dns', what: 'the DNS record was not changed', settledBy: 'change it by hand; it is not needed' }],
    };
  }
  return {
    outcome: lines.length === 0 ? 'skipped' : 'done',
    detail: changed === undefined ? 'the router and DNS are yours; neither is needed' : 'your program has changed DNS',
  };
};

export const announceStep: StepAction = async ({ outside, say }) => {
  const text = outside.announcement();
  say(`    ${text}`);
  const channels = await outside.announce(text);
  const failures = channels.filter(({ outcome }) => outcome !== 'sent');
  if (channels.length === 0) {
    return { outcome: 'done', detail: 'no channel is configured; paste the line above', channels };
  }
  return failures.length === 0
    ? { outcome: 'done', detail: `sent to ${channels.map(({ channel }) => channel).join(', ')}`, channels }
    : {
        outcome: 'left-open',
        detail: failures.map(({ channel, outcome }) => `${channel}: ${outcome}`).join('; '),
        channels,
        opens: [
          {
            id: 'announcement',
            what: `not every channel has the announcement (${failures.map(({ channel }) => channel).join(', ')})`,
            settledBy: 'paste the line by hand',
          },
        ],
      };
};

export const stackFilesStep: StepAction = async ({ outside }) => {
  if (outside.writeStackFiles === undefined) {
    return { outcome: 'skipped', detail: 'there are no stack files here' };
  }
  try {
    const files = await outside.writeStackFiles();
    return { outcome: 'done', detail: `${files.join(' and ')} are written and frozen; commit them`, files };
  } catch (error) {
    if (!(error instanceof TwinmapError)) {
      throw error;
    }
    return {
      outcome: 'left-open',
      detail: error.message,
      opens: [
        {
          id: 'stack-files',
          what: 'the stack files do not say what the live gates say',
          settledBy: 'npx twinmap sync-config, before the next pulumi up',
        },
      ],
    };
  }
};
