/**
 * `twinmap source list | prune`: what is read, how far, and what waits for a person; straight from the stores, with the
 * credentials of whoever runs it, so that it works while no API answers.
 */
import { parseSourcePayload, type SourcePayload, SOURCES_PARTITION } from '../functions/domain/corpus.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { isPrunePlan, pruneApprovalKey } from '../functions/domain/prune-approval.ts';
import { pageAfter, readAllPages } from '../functions/stores/all-pages.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import type { OpenedPair } from './pair-stores.ts';
import { actor, notHeld, openFor, PLACE_OPTIONS, record, tellReplication, textOption } from './store-writes.ts';

type SourcesRead =
  | { readonly kind: 'read'; readonly sources: readonly SourcePayload[] }
  | { readonly kind: 'unreachable'; readonly exit: number };

const readSources = async (input: CommandInput, { regions }: OpenedPair): Promise<SourcesRead> => {
  const { region, tables } = regions.home;
  const read = await readAllPages((after) => tables.graph.query(SOURCES_PARTITION, pageAfter(after)));
  if (read.kind === 'failed') {
    const { message } = read.failure;
    input.say(`${region} can't be read: ${message}. Try the other one with --region.`);
    input.give({ error: message });
    return { kind: 'unreachable', exit: EXIT.unreachable };
  }
  const payloads = read.value.flatMap((one) => (one.del === true ? [] : [parseSourcePayload(one.data)]));
  return { kind: 'read', sources: payloads.filter((payload) => payload !== undefined) };
};

const lines = ({ id, kind, counts, cycle, held, snapshot }: SourcePayload): readonly string[] => [
  `${id}  ${kind}  ${counts.documents} documents, ${counts.chunks} chunks, ${counts.skipped} without text  at ${snapshot.slice(0, 12)}`,
  `  last committed ${new Date(cycle.finishedAt).toISOString()} by ${cycle.region} under epoch ${cycle.epoch}`,
  ...(held === undefined
    ? []
    : [
        `  ${held.documents} documents are gone from the origin and wait for you: too many at once to go by themselves.`,
        `  Look at the origin; if they shall go: npx twinmap source prune ${id} --approve ${held.plan}`,
      ]),
];

export const sourceList: Command = {
  name: 'source list',
  arguments: [],
  help: 'list what is read, how far, and deletions that wait for a person',
  options: PLACE_OPTIONS,
  run: async (input) => {
    const read = await readSources(input, await openFor(input));
    if (read.kind === 'unreachable') {
      return read.exit;
    }
    for (const line of read.sources.flatMap((source) => lines(source))) {
      input.say(line);
    }
    if (read.sources.length === 0) {
      input.say('Nothing has been committed yet.');
    }
    input.give({ sources: read.sources });
    return EXIT.done;
  },
};

export const sourcePrune: Command = {
  name: 'source prune',
  arguments: [{ name: 'source', help: 'its id' }],
  help: 'approve deletions that wait; the next cycle makes them',
  options: [{ flags: '--approve <plan>', help: 'the plan that source list names' }, ...PLACE_OPTIONS],
  run: async (input) => {
    const id = input.words[0] ?? '';
    const plan = textOption(input, 'approve') ?? '';
    if (!isPrunePlan(plan)) {
      throw new ConfigError('--approve takes the plan that waits, 16 hexadecimal digits; see: twinmap source list');
    }
    const pair = await openFor(input);
    const read = await readSources(input, pair);
    if (read.kind === 'unreachable') {
      return read.exit;
    }
    const held = read.sources.find((source) => source.id === id)?.held;
    if (held?.plan !== plan) {
      throw new ConfigError(`nothing of ${id} waits under the plan ${plan}; see: twinmap source list`);
    }
    const outcome = await pair.writes.write({
      table: 'workspaces',
      key: pruneApprovalKey(id),
      content: { kind: 'payload', payload: { plan, approvedBy: actor(), approvedAt: Date.now() } },
    });
    if (outcome.kind !== 'held') {
      return notHeld(input, outcome);
    }
    const details = { plan, documents: held.documents };
    await record(pair, input, { action: 'source.prune-approved', target: `source:${id}`, details });
    input.say(`Approved: the next cycle of ${id} deletes exactly these ${held.documents} documents, in both Regions.`);
    tellReplication(input, outcome);
    input.give({ source: id, plan, documents: held.documents, replication: outcome.replication });
    return EXIT.done;
  },
};
