/**
 * What commands share that write to the stores of both Regions straight: where the pair is, who does it, what the audit log is
 * told, and how an outcome is said.
 */
import { userInfo } from 'node:os';

import type { AuditEvent } from '../functions/domain/audit-event.ts';
import type { InteractiveConflict, InteractiveOutcome } from '../functions/domain/interactive-write.ts';
import { type CommandInput, type CommandOption, EXIT } from './command.ts';
import { openPair, type OpenedPair, STORES_FILE_HELP } from './pair-stores.ts';

export const PLACE_OPTIONS: readonly CommandOption[] = [
  { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
  { flags: '--region <name>', help: 'go through this Region (a role or a name); without it the primary' },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

export const textOption = ({ options }: CommandInput, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
};

export const openFor = async (input: CommandInput): Promise<OpenedPair> =>
  openPair({
    file: textOption(input, 'stores'),
    dataDirectory: textOption(input, 'data') ?? '.twinmap',
    region: textOption(input, 'region'),
  });

export const actor = (): string => `operator:${userInfo().username}`;

export const record = async (
  { audit }: OpenedPair,
  { say }: CommandInput,
  event: Pick<AuditEvent, 'action' | 'target' | 'details'>,
): Promise<void> => {
  const recorded = await audit.record({ at: Date.now(), actor: actor(), outcome: 'done', ...event });
  if (recorded.kind !== 'held') {
    say('The audit log did not take the event of this change.');
  }
};

export const notHeld = (
  input: CommandInput,
  outcome: Exclude<InteractiveOutcome | InteractiveConflict, { kind: 'held' }>,
): number => {
  const why =
    outcome.kind === 'op-reused' || outcome.kind === 'overtaken'
      ? 'the id of the write was used before'
      : [outcome.home, outcome.peer]
          .flatMap((one) => (one === undefined ? [] : [`${one.message} (${one.code})`]))
          .join('; ');
  input.say(`No Region confirmed it: ${why}.`);
  input.give({ error: 'no Region confirmed it', why });
  return EXIT.unreachable;
};

export const tellReplication = (
  { say }: CommandInput,
  { replication }: { readonly replication: 'both' | 'owed' },
): void => {
  if (replication === 'owed') {
    say('One Region holds it and owes it to the other, which did not answer.');
  }
};
