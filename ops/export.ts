/** `twinmap export`: what one Region holds, records and vectors, into one file that says of itself whether it is whole. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

import type { Result } from '../functions/domain/failure.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import type { RegionStores } from '../functions/dual-write/regions.ts';
import { textOption } from './audit-stores.ts';
import { type Command, type CommandOption, EXIT } from './command.ts';
import { EXPORT_FORMAT, type ExportEnd, type ExportHead } from './export-format.ts';
import { exportRegion, type ExportTally } from './export-region.ts';
import { openPair, STORES_FILE_HELP } from './pair-stores.ts';

export const EXPORT_PLACE_OPTIONS: readonly CommandOption[] = [
  { flags: '--region <name>', help: 'this Region (a role or a name); without it the primary' },
  { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

/** It holds everything that the Region knows: only for its owner. */
const FILE_MODE = 0o600;

const DAMAGED_SHOWN = 20;

interface Written {
  readonly tally: ExportTally;
  readonly sha256: string;
}

/** Under a name of its own until it is whole: a file of the wanted name is always a finished one. */
const writeFileOf = async (stores: RegionStores, file: string, at: string): Promise<Result<Written>> => {
  const part = `${file}.part`;
  const handle = await open(part, 'w', FILE_MODE);
  const hash = createHash('sha256');
  const write = async (lines: readonly string[]): Promise<void> => {
    const text = lines.map((line) => `${line}\n`).join('');
    hash.update(text);
    await handle.appendFile(text);
  };
  try {
    const head: ExportHead = { twinmap: 'export', format: EXPORT_FORMAT, region: stores.region, at };
    await write([JSON.stringify(head)]);
    const read = await exportRegion(stores, write);
    if (read.kind === 'failed') {
      return read;
    }
    const sha256 = hash.digest('hex');
    const end: ExportEnd = { end: true, counts: read.value.counts, sha256 };
    await handle.appendFile(`${JSON.stringify(end)}\n`);
    await handle.sync();
    await rename(part, file);
    return { kind: 'done', value: { tally: read.value, sha256 } };
  } finally {
    await handle.close();
    await rm(part, { force: true });
  }
};

export const exportCommand: Command = {
  name: 'export',
  arguments: [],
  help: 'write what one Region holds into a file',
  options: [{ flags: '--out <file>', help: 'the file to write' }, ...EXPORT_PLACE_OPTIONS],
  run: async (input) => {
    const file = textOption(input, 'out');
    if (file === undefined) {
      throw new ConfigError('export takes the file to write: twinmap export --region primary --out twinmap.jsonl');
    }
    const { regions } = await openPair({
      file: textOption(input, 'stores'),
      dataDirectory: textOption(input, 'data') ?? '.twinmap',
      region: textOption(input, 'region'),
    });
    const { region } = regions.home;
    const written = await writeFileOf(regions.home, file, new Date().toISOString());
    if (written.kind === 'failed') {
      input.say(`${region} can't be read: ${written.failure.message}. Nothing is written.`);
      input.give({ error: written.failure.message, region });
      return EXIT.unreachable;
    }
    const { sha256, tally } = written.value;
    const { counts, damaged, tombstonesLeftOut } = tally;
    input.say(
      `${file}: ${counts.workspaces} workspace, ${counts.audit} audit and ${counts.graph} graph records, ` +
        `${counts.vectors} vectors of ${region}; sha256 ${sha256}.`,
    );
    for (const key of damaged.slice(0, DAMAGED_SHOWN)) {
      input.say(`damaged, and left out: ${key}`);
    }
    input.give({ file, region, counts, sha256, tombstonesLeftOut, damaged });
    return damaged.length > 0 ? EXIT.drift : EXIT.done;
  },
};
