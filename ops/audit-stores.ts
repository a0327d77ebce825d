/**
 * The audit tables of both Regions, read from this machine. Each is opened as a Region of its own, with the patience of a
 * home Region: a verification reads whole tables, and a dead Region must only cost its own time-out.
 */
import { readEvidence } from '../functions/audit/read-evidence.ts';
import type { AuditRegion } from '../functions/audit/numbered-log.ts';
import type { RegionEvidence } from '../functions/audit/verify/evidence.ts';
import { ConfigError } from '../functions/domain/errors.ts';
import type { RegionName } from '../functions/domain/region.ts';
import type { CommandInput, CommandOption } from './command.ts';
import { openPair, STORES_FILE_HELP } from './pair-stores.ts';

export const AUDIT_PLACE_OPTIONS: readonly CommandOption[] = [
  { flags: '--region <name>', help: 'read this Region only (a role or a name); without it both' },
  { flags: '--stores <file>', help: `${STORES_FILE_HELP}; without it the running pair` },
  { flags: '--data <directory>', help: 'the data folder of the running pair', fallback: '.twinmap' },
];

export const textOption = ({ options }: CommandInput, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
};

export interface OpsStores {
  /** Every Region that there is. */
  readonly declared: readonly RegionName[];
  /** Those to read. */
  readonly chosen: readonly AuditRegion[];
}

export const openStoresForOps = async (input: CommandInput): Promise<OpsStores> => {
  const place = { file: textOption(input, 'stores'), dataDirectory: textOption(input, 'data') ?? '.twinmap' };
  const wanted = textOption(input, 'region');
  const { home, peer } = (await openPair({ ...place, region: wanted })).regions;
  const declared = [home.region, ...(peer === undefined ? [] : [peer.region])];
  const tables: AuditRegion[] = [{ region: home.region, records: home.tables.audit }];
  if (wanted === undefined && peer !== undefined) {
    const other = (await openPair({ ...place, region: peer.region })).regions.home;
    tables.push({ region: other.region, records: other.tables.audit });
  }
  return { declared, chosen: tables };
};

export interface ReadTables {
  readonly regions: readonly RegionEvidence[];
  /** Sentences, one for each Region that did not answer. */
  readonly unreachable: readonly string[];
}

export const readTables = async (tables: readonly AuditRegion[]): Promise<ReadTables> => {
  const regions: RegionEvidence[] = [];
  const unreachable: string[] = [];
  const readings = await Promise.all(tables.map(async (table) => ({ table, read: await readEvidence(table) })));
  for (const { table, read } of readings) {
    if (read.kind === 'done') {
      regions.push(read.value);
    } else {
      unreachable.push(`${table.region} did not answer (${read.failure.code}).`);
    }
  }
  return { regions, unreachable };
};

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment (`2026-11-21`, `2026-11-21T10:00:00Z`) or a time back from now (`7d`, `12h`, `30m`), in ms since 1970. */
export const parseSince = (text: string | undefined, nowMs: number): number => {
  if (text === undefined) {
    return 0;
  }
  const [, digits, unit = ''] = /^(\d{1,5})([mhd])$/u.exec(text) ?? [];
  const at = digits === undefined ? Date.parse(text) : nowMs - Number(digits) * (UNITS_MS[unit] ?? 0);
  if (Number.isNaN(at)) {
    throw new ConfigError('--since takes a moment, for instance 2026-11-21T10:00:00Z, or a time back, for instance 7d');
  }
  return at;
};
