/**
 * `twinmap source list | prune`: what is read, how far, and what waits for a person; straight from the stores, with the
 * credentials of whoever runs it, so that it works while no API answers.
 */
import { parseSourcePayload, type SourcePayload, SOURCES_PARTITION } from '../functions/domain/corpus.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { isPrunePlan, pruneApprovalKey } from '../functions/domain/prune-approval.ts';
import type { ConfiguredSource } from '../functions/domain/source-definition.ts';
import { parseStatus, type SourceStatusItem, STATUS_PARTITION } from '../functions/domain/source-status.ts';
import { pageAfter, readAllPages } from '../functions/stores/all-pages.ts';
import { readSourceDefinitions } from '../functions/stores/source-definitions.ts';
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

const failureLines = ({ failures, uncompared }: SourcePayload): readonly string[] => [
  ...(failures?.listed ?? []).map(
    ({ id, reason, message, tries }) => `  could not be read (${reason}, ${tries} times): ${id}: ${message}`,
  ),
  ...(failures === undefined || failures.count <= failures.listed.length
    ? []
    : [`  and ${failures.count - failures.listed.length} more`]),
  ...(uncompared === undefined ? [] : [`  nothing was compared, so nothing was deleted: ${uncompared}`]),
];

const committedLines = (payload: SourcePayload): readonly string[] => {
  const { id, kind, counts, cycle, held, snapshot } = payload;
  return [
    `${id}  ${kind}  ${counts.documents} documents, ${counts.chunks} chunks, ${counts.skipped} without text  at ${snapshot.slice(0, 12)}`,
    `  last committed ${new Date(cycle.finishedAt).toISOString()} by ${cycle.region} under epoch ${cycle.epoch}`,
    ...(held === undefined
      ? []
      : [
          `  ${held.documents} documents are gone from the origin and wait for you: too many at once to go by themselves.`,
          `  Look at the origin; if they shall go: npx twinmap source prune ${id} --approve ${held.plan}`,
        ]),
    ...failureLines(payload),
  ];
};

/** What this Region alone knows, beside the last commit. */
const statusLines = (status: SourceStatusItem | undefined): readonly string[] =>
  status?.state !== 'failing' || status.failure === undefined
    ? []
    : [
        `  failing since ${new Date(status.failure.since).toISOString()} (${status.failure.attempts} times): ${status.failure.message}`,
        `  ${status.failure.next}`,
      ];

const definedLines = ({ definition, purge }: ConfiguredSource): readonly string[] => {
  if (purge !== undefined) {
    return [`  removed by ${purge.by}; what was read of it goes with the next cycles`];
  }
  return definition.enabled ? [] : ['  switched off: it is not read'];
};

interface Listed {
  readonly committed: SourcePayload | undefined;
  readonly configured: ConfiguredSource | undefined;
  readonly status: SourceStatusItem | undefined;
}

const linesOf = ({ committed, configured, status }: Listed): readonly string[] => [
  ...(committed === undefined
    ? [`${configured?.definition.id ?? ''}  ${configured?.definition.kind ?? ''}  never committed`]
    : committedLines(committed)),
  ...(configured === undefined ? [] : definedLines(configured)),
  ...statusLines(status),
];

/** Those that people have added; the stack's own show once they were committed. What can't be read is left out, and said. */
const listAll = async (
  input: CommandInput,
  pair: OpenedPair,
  payloads: readonly SourcePayload[],
): Promise<readonly Listed[]> => {
  const { workspaces } = pair.regions.home.tables;
  const [definitions, statuses] = await Promise.all([
    readSourceDefinitions(workspaces, []),
    readAllPages((after) => workspaces.queryLocal(STATUS_PARTITION, pageAfter(after))),
  ]);
  if (definitions.kind === 'failed' || statuses.kind === 'failed') {
    input.say('What is configured, or what failed last, could not be read: the list may lack something.');
  }
  const configured = new Map(
    (definitions.kind === 'done' ? definitions.value.sources : []).map((one) => [one.definition.id, one]),
  );
  const committed = new Map(payloads.map((payload) => [payload.id, payload]));
  const status = new Map(
    (statuses.kind === 'done' ? statuses.value : []).map(({ sk, data }) => [sk, parseStatus(data)]),
  );
  return [...new Set([...committed.keys(), ...configured.keys()])]
    .toSorted()
    .map((id) => ({ committed: committed.get(id), configured: configured.get(id), status: status.get(id) }))
    .filter((one) => one.committed !== undefined || one.configured?.purge === undefined);
};

export const sourceList: Command = {
  name: 'source list',
  arguments: [],
  help: 'list what is read, how far, and deletions that wait for a person',
  options: PLACE_OPTIONS,
  run: async (input) => {
    const pair = await openFor(input);
    const read = await readSources(input, pair);
    if (read.kind === 'unreachable') {
      return read.exit;
    }
    const listed = await listAll(input, pair, read.sources);
    for (const line of listed.flatMap((source) => linesOf(source))) {
      input.say(line);
    }
    if (listed.length === 0) {
      input.say('Nothing has been committed yet.');
    }
    input.give({
      sources: read.sources,
      configured: listed.flatMap(({ configured }) => (configured === undefined ? [] : [configured])),
      failing: listed.flatMap(({ committed, configured, status }) =>
        status?.state === 'failing' ? [{ id: committed?.id ?? configured?.definition.id, ...status }] : [],
      ),
    });
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
