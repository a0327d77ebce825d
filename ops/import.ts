/** `twinmap import`: says what an export would change, and changes it with `--yes`. Two ways: bring back, and fill. */
import { userInfo } from 'node:os';

import { ConfigError } from '../functions/domain/errors.ts';
import { SETTINGS_PARTITION } from '../functions/domain/settings.ts';
import { textOption } from './audit-stores.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { EXPORT_PLACE_OPTIONS } from './export.ts';
import { type CheckedFile, checkFile } from './import-file.ts';
import { fill } from './import-fill.ts';
import { restore } from './import-restore.ts';
import { openPair, type OpenedPair } from './pair-stores.ts';

const KEYS_SHOWN = 20;

const record = async ({ audit }: OpenedPair, input: CommandInput, file: CheckedFile, count: number): Promise<void> => {
  const recorded = await audit.record({
    at: Date.now(),
    actor: `operator:${userInfo().username}`,
    action: 'records.imported',
    target: `export:${file.region}`,
    outcome: 'done',
    details: { records: count, sha256: file.sha256, exportedAt: file.at },
  });
  if (recorded.kind !== 'held') {
    input.say('The audit log did not take the event of this import.');
  }
};

const bringBack = async (input: CommandInput, pair: OpenedPair, file: CheckedFile): Promise<number> => {
  const { home } = pair.regions;
  const execute = input.options['yes'] === true;
  const partition = textOption(input, 'partition') ?? SETTINGS_PARTITION;
  const outcome = await restore({ file: file.file, home, writes: pair.writes, partition, execute });
  const { changed, same, owed, leftOut, keys } = outcome.report;
  for (const key of keys.slice(0, KEYS_SHOWN)) {
    input.say(`${execute ? 'brought back' : 'would bring back'}: ${key}`);
  }
  const { sources, permissions, audit, otherPartitions } = leftOut;
  input.say(
    `${changed} records ${execute ? 'brought back' : 'to bring back'}, ${same} are the same. Left out: ${sources} that come from sources, ` +
      `${permissions} keys and approvals, ${audit} audit records, ${otherPartitions} of other partitions.`,
  );
  if (execute && changed > 0) {
    await record(pair, input, file, changed);
  }
  const given = { kind: 'bring-back', executed: execute, sha256: file.sha256, changed, same, owed, leftOut };
  if (outcome.kind === 'stopped') {
    input.say(`It stopped: ${outcome.failure.message}. Run it again: what is back already stays as it is.`);
    input.give({ ...given, error: outcome.failure.message });
    return EXIT.unreachable;
  }
  if (!execute) {
    input.say('Nothing is written. Run it again with --yes.');
  }
  if (owed > 0) {
    input.say(`${owed} of them are owed to the other Region, which did not answer.`);
  }
  input.give(given);
  return EXIT.done;
};

const fillEmpty = async (input: CommandInput, pair: OpenedPair, file: CheckedFile): Promise<number> => {
  const execute = input.options['yes'] === true;
  const outcome = await fill(pair.regions, file, execute);
  switch (outcome.kind) {
    case 'not-empty': {
      const { region, key } = outcome;
      input.say(`${region} is not empty: it holds ${key}. A Region that holds something is filled by the repair.`);
      input.give({ kind: 'fill', executed: false, error: 'not empty', region });
      return EXIT.error;
    }
    case 'failed': {
      input.say(`${outcome.region} did not answer: ${outcome.failure.message}. Run it again with the same file.`);
      input.give({ kind: 'fill', executed: false, error: outcome.failure.message, region: outcome.region });
      return EXIT.unreachable;
    }
    case 'done': {
      const { written, auditLeftOut, permissionsLeftOut, epoch } = outcome.report;
      const { counts } = file;
      input.say(
        execute
          ? `${written.workspaces} workspace and ${written.graph} graph records and ${written.vectors} vectors are in ${pair.regions.home.region}.`
          : `${counts.workspaces} workspace and ${counts.graph} graph records and ${counts.vectors} vectors to fill in. Nothing is written. Run it again with --yes.`,
      );
      input.say(
        `The file keeps ${execute ? auditLeftOut : counts.audit} audit records; a new Region begins its own log.`,
      );
      if (execute) {
        input.say(`${permissionsLeftOut} keys and approvals are left out: make new keys with twinmap key create.`);
        input.say(`The gate's epoch must be above ${epoch}: set twinmap:gateEpoch in both stacks.`);
        await record(pair, input, file, written.workspaces + written.graph);
      }
      input.give({
        kind: 'fill',
        executed: execute,
        sha256: file.sha256,
        written,
        auditLeftOut,
        permissionsLeftOut,
        epoch,
      });
      return EXIT.done;
    }
  }
};

export const importCommand: Command = {
  name: 'import',
  arguments: [],
  help: 'bring back what people had written, or fill an empty Region, from an export',
  options: [
    { flags: '--file <file>', help: 'what twinmap export has written' },
    { flags: '--fill', help: 'fill an empty Region with everything, in the versions that it had' },
    {
      flags: '--partition <text>',
      help: `bring back records whose partition key begins so; without it ${SETTINGS_PARTITION}`,
    },
    { flags: '--yes', help: 'do it; without it only what would be done is told' },
    ...EXPORT_PLACE_OPTIONS,
  ],
  run: async (input) => {
    const name = textOption(input, 'file');
    if (name === undefined) {
      throw new ConfigError('import takes the file of an export: twinmap import --region primary --file twinmap.jsonl');
    }
    if (input.options['fill'] === true && textOption(input, 'partition') !== undefined) {
      throw new ConfigError('--fill takes the whole file; leave --partition out');
    }
    const file = await checkFile(name);
    const pair = await openPair({
      file: textOption(input, 'stores'),
      dataDirectory: textOption(input, 'data') ?? '.twinmap',
      region: textOption(input, 'region'),
    });
    return input.options['fill'] === true ? fillEmpty(input, pair, file) : bringBack(input, pair, file);
  },
};
