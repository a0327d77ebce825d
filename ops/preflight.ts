/**
 * `twinmap preflight`: would a failover succeed now? Tries every service of both Regions in depth, compares what has to be equal, and
 * ends with READY, NOT READY or SPLIT BRAIN, with a go/no-go list of booleans that a file of your own extends.
 */
import pc from 'picocolors';
import { ulid } from 'ulid';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { observe } from './failover/observe.ts';
import { openAccess, OPS_BOUNDS, placeOf, readAddresses } from './failover/open-access.ts';
import { openWrites } from './failover/open-move.ts';
import type { PairAccess } from './failover/region-access.ts';
import { findStackPair } from './failover/stack-edits.ts';
import type { World } from './failover/world.ts';
import { checkApi, checkRecords, checkSchedule, checkVectors } from './preflight/canaries.ts';
import { type Check, isInTheWay, type Verdict } from './preflight/check.ts';
import { CHECKS_HELP, readOwnChecks } from './preflight/own-checks.ts';
import { codeCheck, dimensionCheck, drillCheck, stackChecks, worldChecks } from './preflight/world-checks.ts';
import { listReports, storeReport, type StoredReport } from './report/store.ts';
import { type Command, type CommandInput, EXIT } from './command.ts';
import { PAIR_OPTIONS } from './status.ts';
import { judgeWorld } from './status-verdict.ts';
import { actor, textOption } from './store-writes.ts';

const BOUNDS = { ...OPS_BOUNDS, attemptsMax: 1 };

const canaries = async (pair: PairAccess, world: World, tick: boolean): Promise<readonly Check[]> => {
  const nonce = ulid();
  const order = Date.now();
  const found = await Promise.all(
    ROLES.map(async (role) => {
      const where = pair[role];
      const [records, vectors, schedule, api] = await Promise.all([
        checkRecords(where, nonce, order),
        checkVectors(where, nonce),
        checkSchedule(where, world.regions[role].decision.state === 'active', tick),
        checkApi(where),
      ]);
      return { checks: [records, vectors.check, schedule, ...api], dimension: vectors.dimension };
    }),
  );
  return [...found.flatMap(({ checks }) => checks), dimensionCheck(found.map(({ dimension }) => dimension))];
};

const readCodes = async (pair: PairAccess): Promise<Readonly<Record<Role, string | undefined>>> => {
  const codeIn = async (role: Role): Promise<string | undefined> => {
    const read = await Promise.all(
      (['dispatch', 'drain', 'repair', 'proof'] as const).map(async (name) => pair[role].functions.codeOf(name)),
    );
    const codes = read.flatMap((one) => (one.kind === 'done' ? [one.value] : []));
    return codes.length === read.length ? codes.join(' ') : undefined;
  };
  const [primary, secondary] = await Promise.all([codeIn('primary'), codeIn('secondary')]);
  return { primary, secondary };
};

/** From whichever Region answers: both hold the same. */
const readReports = async (pair: PairAccess): Promise<readonly StoredReport[] | undefined> => {
  for (const role of ROLES) {
    const read = await listReports(pair[role].stores);
    if (read.kind === 'done') {
      return read.value;
    }
  }
  return undefined;
};

const verdictOf = (checks: readonly Check[], overall: string): Verdict => {
  if (overall === 'split-brain') {
    return 'SPLIT BRAIN';
  }
  return checks.some((check) => isInTheWay(check)) ? 'NOT READY' : 'READY';
};

const mark = (check: Check): string => {
  if (check.ok === true) {
    return pc.green('go       ');
  }
  if (isInTheWay(check)) {
    return pc.red('NO-GO    ');
  }
  return pc.yellow(check.ok === null ? 'not known' : 'look at  ');
};

const nameOf = ({ name, region }: Check): string => (region === undefined ? name : `${name} (${region})`);

const checkLines = (checks: readonly Check[]): readonly string[] => {
  const width = Math.max(...checks.map((check) => nameOf(check).length));
  return checks.map((check) => `${mark(check)}  ${nameOf(check).padEnd(width)}  ${check.detail}`.trimEnd());
};

const exitOf = (verdict: Verdict, overallExit: number): number => {
  if (verdict === 'READY') {
    return EXIT.done;
  }
  if (verdict === 'SPLIT BRAIN') {
    return EXIT.splitBrain;
  }
  return overallExit === EXIT.done ? EXIT.error : overallExit;
};

interface Flown {
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
}

const keep = async (pair: PairAccess, { verdict, checks }: Flown): Promise<string> => {
  const id = ulid();
  const writes = openWrites(pair.primary.stores, pair.secondary.stores, () => Date.now());
  const summary = `${verdict}, ${checks.filter((check) => isInTheWay(check)).length} of ${checks.length} checks in the way`;
  const payload = { state: 'done', at: Date.now(), by: actor(), summary, verdict, checks };
  await storeReport(writes, { kind: 'preflight', id, payload });
  return id;
};

const tell = ({ say }: CommandInput, { verdict, checks }: Flown): void => {
  say(pc.bold(verdict === 'READY' ? pc.green(verdict) : pc.red(verdict)));
  say('');
  for (const line of checkLines(checks)) {
    say(line);
  }
  const reasons = checks.filter((check) => isInTheWay(check));
  if (reasons.length > 0) {
    say('');
    say(`In the way: ${reasons.map((check) => nameOf(check)).join('; ')}`);
  }
};

export const preflight: Command = {
  name: 'preflight',
  arguments: [],
  help: 'would a failover succeed now? tries every service in depth; READY, NOT READY or SPLIT BRAIN',
  options: [
    { flags: '--checks <file>', help: CHECKS_HELP },
    { flags: '--tick', help: "fire the active Region's schedule, too: it syncs" },
    { flags: '--directory <folder>', help: 'where both stack files are, to be compared with the live gates' },
    { flags: '--keep', help: 'store the result as a report in both Regions' },
    ...PAIR_OPTIONS,
  ],
  run: async (input) => {
    const { addresses } = await readAddresses(placeOf(input));
    const own = await readOwnChecks(textOption(input, 'checks'), Date.now());
    const pair: PairAccess = {
      primary: openAccess(addresses.primary, BOUNDS),
      secondary: openAccess(addresses.secondary, BOUNDS),
    };
    const world = await observe(pair, { now: () => Date.now(), standing: true });
    const judged = judgeWorld(world);
    const directory = textOption(input, 'directory');
    const [tried, codes, reports, files] = await Promise.all([
      canaries(pair, world, input.options['tick'] === true),
      readCodes(pair),
      readReports(pair),
      directory === undefined ? undefined : findStackPair(directory),
    ]);
    const checks: readonly Check[] = [
      ...worldChecks(world),
      ...tried,
      codeCheck(codes),
      {
        name: 'quotas: the same in both Regions',
        ok: null,
        required: false,
        detail: 'not asked: compare them in Service Quotas',
      },
      drillCheck(reports, world.at),
      ...stackChecks(files, world),
      ...own,
    ];
    const flown: Flown = { verdict: verdictOf(checks, judged.overall), checks };
    tell(input, flown);
    const reportId = input.options['keep'] === true ? await keep(pair, flown) : null;
    input.give({
      ...flown,
      reasons: checks
        .filter((check) => isInTheWay(check))
        .map(({ name, region, detail }) => ({ name, region: region ?? null, detail })),
      overall: judged.overall,
      findings: judged.findings,
      reportId,
    });
    return exitOf(flown.verdict, judged.exitCode);
  },
};
