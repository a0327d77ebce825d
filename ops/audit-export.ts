/** `twinmap audit export`: the events of both Regions, each once, oldest first, one JSON object a line, for a SIEM or a file. */
import { writeFile } from 'node:fs/promises';

import { toOcsf } from '../functions/audit/ocsf.ts';
import { type EventPayload, parseEvent } from '../functions/audit/payloads.ts';
import { parsePartition } from '../functions/audit/keys.ts';
import type { RegionEvidence } from '../functions/audit/verify/evidence.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import { AUDIT_PLACE_OPTIONS, openStoresForOps, parseSince, readTables, textOption } from './audit-stores.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';

interface ExportedEvent {
  readonly op: string;
  readonly sk: string;
  readonly event: EventPayload;
}

type Mapper = (exported: ExportedEvent) => object;

const FORMATS: Readonly<Record<string, Mapper>> = {
  jsonl: ({ op, event }) => ({ id: op, ...event }),
  ocsf: ({ op, event }) => toOcsf(event, op),
};

const collectEvents = (regions: readonly RegionEvidence[], sinceMs: number): ExportedEvent[] => {
  const found = new Map<string, ExportedEvent>();
  for (const { pk, sk, op, data } of regions.flatMap(({ records }) => records)) {
    const event = parsePartition(pk)?.kind === 'events' ? parseEvent(data) : undefined;
    if (event?.kind === 'valid' && event.value.at >= sinceMs) {
      found.set(sk, { op, sk, event: event.value });
    }
  }
  return [...found.values()].toSorted((left, right) => (left.sk < right.sk ? -1 : 1));
};

const chooseMapper = (input: CommandInput): Mapper => {
  const mapper = FORMATS[textOption(input, 'format') ?? 'jsonl'];
  if (mapper === undefined) {
    throw new ConfigError(`--format takes ${Object.keys(FORMATS).join(' or ')}`);
  }
  return mapper;
};

/** Lines go to stdout or to a file; with `--json`, stdout belongs to the one object that says what was written. */
const chooseOutput = (input: CommandInput): string | undefined => {
  const file = textOption(input, 'out');
  if (file === undefined && input.options['json'] === true) {
    throw new ConfigError('with --json the events go to a file: name it with --out');
  }
  return file;
};

export const auditExport: Command = {
  name: 'audit export',
  arguments: [],
  help: 'write the audit events, one JSON object a line',
  options: [
    { flags: '--format <name>', help: 'ocsf (1.3.0, Entity Management) or jsonl', fallback: 'jsonl' },
    { flags: '--since <moment>', help: 'a moment, or a time back such as 7d; without it everything' },
    { flags: '--out <file>', help: 'write to this file; without it to stdout' },
    ...AUDIT_PLACE_OPTIONS,
  ],
  run: async (input) => {
    const mapper = chooseMapper(input);
    const file = chooseOutput(input);
    const sinceMs = parseSince(textOption(input, 'since'), Date.now());
    const { regions, unreachable } = await readTables((await openStoresForOps(input)).chosen);
    const lines = collectEvents(regions, sinceMs).map((event) => JSON.stringify(mapper(event)));
    const tell = file === undefined ? (line: string) => process.stderr.write(`${line}\n`) : input.say;
    for (const line of unreachable) {
      tell(`${line} Events that only it holds are missing.`);
    }
    if (regions.length === 0) {
      input.give({ events: 0, unreachable });
      return EXIT.unreachable;
    }
    if (file === undefined) {
      for (const line of lines) {
        input.say(line);
      }
    } else {
      await writeFile(file, lines.map((line) => `${line}\n`).join(''));
      tell(`${lines.length} events in ${file}.`);
    }
    input.give({ events: lines.length, file: file ?? null, unreachable });
    return unreachable.length > 0 ? EXIT.unreachable : EXIT.done;
  },
};
