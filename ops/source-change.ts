/** `twinmap source add | remove`: what is read, changed straight in the stores of both Regions; the next cycle acts on it. */
import { z } from 'zod';

import { configProblem, kindNamed } from '../functions/connectors/registry.ts';
import { REDACTION_MODES } from '../functions/domain/corpus.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import {
  gitDefinition,
  isSourceId,
  isWorkspaceId,
  SOURCE_ID_RULE,
  type SourceDefinition,
} from '../functions/domain/source-definition.ts';
import { parseSourcePayload, sourceKey } from '../functions/domain/corpus.ts';
import { readSourceDefinition } from '../functions/stores/source-definitions.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import type { OpenedPair } from './pair-stores.ts';
import { readSourcesFile } from './source-file.ts';
import { writeDefinition } from './source-writes.ts';
import { actor, notHeld, openFor, PLACE_OPTIONS, record, tellReplication, textOption } from './store-writes.ts';

const parseConfig = (text: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError('--config takes one JSON object', { cause: error });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  if (!parsed.success) {
    throw new ConfigError('--config takes one JSON object');
  }
  return parsed.data;
};

const redactionSchema = z.enum(REDACTION_MODES).optional();

/** From the options: the short form of a repository, or any kind with its configuration. */
const definitionFrom = (input: CommandInput): SourceDefinition => {
  const [id, kind, url, branch, config, workspace] = ['id', 'kind', 'url', 'branch', 'config', 'workspace'].map(
    (name) => textOption(input, name),
  );
  if (id === undefined || !isSourceId(id)) {
    throw new ConfigError(`--id takes ${SOURCE_ID_RULE}`);
  }
  if ((url === undefined) === (config === undefined)) {
    throw new ConfigError('name a git repository with --url, or any kind with --kind and --config');
  }
  if (workspace !== undefined && !isWorkspaceId(workspace)) {
    throw new ConfigError('--workspace takes the id of a workspace');
  }
  const redaction = redactionSchema.safeParse(textOption(input, 'redaction'));
  if (!redaction.success) {
    throw new ConfigError(`--redaction takes one of ${REDACTION_MODES.join(', ')}`);
  }
  const name = textOption(input, 'name') ?? id;
  const definition =
    url === undefined
      ? { id, kind: kind ?? 'git', name, config: parseConfig(config ?? ''), enabled: true }
      : gitDefinition({ id, name, url, ...(branch === undefined ? {} : { branch }) });
  const trouble = configProblem(kindNamed(definition.kind), definition.config);
  if (trouble !== undefined) {
    throw new ConfigError(`the configuration of ${id} is not valid: ${trouble}`);
  }
  return {
    ...definition,
    enabled: input.options['off'] !== true,
    ...(redaction.data === undefined ? {} : { redaction: redaction.data }),
    ...(workspace === undefined ? {} : { workspace }),
  };
};

const wantedFrom = async (input: CommandInput): Promise<readonly SourceDefinition[]> => {
  const file = textOption(input, 'file');
  if (file === undefined) {
    return [definitionFrom(input)];
  }
  const written = await readSourcesFile(file);
  const local = written.find(({ directory }) => directory !== undefined);
  if (local !== undefined) {
    throw new ConfigError(
      `the source ${local.definition.id} is a folder of this machine ("path"), which only a start reads: npm start -- --sources ${file}`,
    );
  }
  return written.map(({ definition }) => definition);
};

const addOne = async (input: CommandInput, pair: OpenedPair, definition: SourceDefinition): Promise<number> => {
  const { id, kind, name, enabled } = definition;
  const outcome = await writeDefinition(pair, definition, { by: actor(), at: Date.now() });
  if (outcome.kind !== 'held') {
    return notHeld(input, outcome);
  }
  await record(pair, input, { action: 'source.changed', target: `source:${id}`, details: { kind, name, enabled } });
  input.say(`${id} (${kind}) is ${enabled ? 'read from the next cycle on' : 'kept, and not read'}.`);
  tellReplication(input, outcome);
  return EXIT.done;
};

export const sourceAdd: Command = {
  name: 'source add',
  arguments: [],
  help: 'add a source, or change what it is told to read',
  options: [
    { flags: '--id <id>', help: SOURCE_ID_RULE },
    { flags: '--url <address>', help: 'a git repository' },
    { flags: '--branch <name>', help: 'of the repository; without it what its HEAD names' },
    { flags: '--kind <kind>', help: 'another kind: github, gitlab, confluence, jira, sharepoint, pagerduty, files' },
    { flags: '--config <json>', help: 'what this kind takes, see docs/connectors.md; secrets by reference' },
    { flags: '--name <name>', help: 'what people call it' },
    { flags: '--workspace <id>', help: 'who may read it; without it everybody' },
    { flags: '--redaction <mode>', help: REDACTION_MODES.join(', ') },
    { flags: '--off', help: 'keep it, and do not read it' },
    { flags: '--file <file>', help: 'in place of all these: a sources.yaml, every source of it' },
    ...PLACE_OPTIONS,
  ],
  run: async (input) => {
    const wanted = await wantedFrom(input);
    const pair = await openFor(input);
    for (const definition of wanted) {
      const exit = await addOne(input, pair, definition);
      if (exit !== EXIT.done) {
        return exit;
      }
    }
    input.give({ added: wanted.map(({ id }) => id) });
    return EXIT.done;
  },
};

/** What is stored of it, or what its last commit says, where the stack names it. */
const findDefinition = async ({ regions }: OpenedPair, id: string): Promise<SourceDefinition | undefined> => {
  const { workspaces, graph } = regions.home.tables;
  const stored = await readSourceDefinition(workspaces, [], id);
  if (stored.kind === 'failed') {
    throw new ConfigError(
      `${regions.home.region} can't be read: ${stored.failure.message}. Try the other one with --region.`,
    );
  }
  if (stored.value !== undefined) {
    return stored.value.definition;
  }
  const committed = await graph.get(sourceKey(id));
  const payload =
    committed.kind === 'done' && committed.value?.del !== true
      ? parseSourcePayload(committed.value?.data ?? '')
      : undefined;
  return payload === undefined ? undefined : { id, kind: payload.kind, name: payload.name, config: {}, enabled: false };
};

export const sourceRemove: Command = {
  name: 'source remove',
  arguments: [{ name: 'source', help: 'its id' }],
  help: 'remove a source and everything that was read of it, in both Regions; without --yes it only says what would go',
  options: [{ flags: '--yes', help: 'do it' }, ...PLACE_OPTIONS],
  run: async (input) => {
    const id = input.words[0] ?? '';
    const pair = await openFor(input);
    const definition = await findDefinition(pair, id);
    if (definition === undefined) {
      throw new ConfigError(`there is no source ${id}; see: twinmap source list`);
    }
    if (input.options['yes'] !== true) {
      input.say(`Removes ${id} (${definition.name}): its documents, chunks, vectors and graph, in both Regions.`);
      input.say(`Do it: npx twinmap source remove ${id} --yes`);
      input.give({ source: id, removed: false });
      return EXIT.done;
    }
    const writer = { by: actor(), at: Date.now() };
    const outcome = await writeDefinition(pair, definition, writer, writer);
    if (outcome.kind !== 'held') {
      return notHeld(input, outcome);
    }
    await record(pair, input, { action: 'source.removed', target: `source:${id}` });
    input.say(`${id} goes with the next cycle, in both Regions.`);
    tellReplication(input, outcome);
    input.give({ source: id, removed: true, replication: outcome.replication });
    return EXIT.done;
  },
};
