/** What a preflight concludes from the state of both Regions, from their reports and from the stack files. Pure. */
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import type { StoredReport } from '../report/store.ts';
import type { StackPair } from '../stack-files/gate-values.ts';
import { ageText } from '../age-text.ts';
import {
  answers,
  isActive,
  openClaims,
  OWED_SOON_MS,
  type RegionWorld,
  shortly,
  type World,
} from '../failover/world.ts';
import type { Check } from './check.ts';

const both = ({ regions }: World): readonly RegionWorld[] => ROLES.map((role) => regions[role]);

const PROOF_AGE_MS_MAX = 2 * 60 * 60 * 1000;
const DRILL_AGE_DAYS_MAX = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

const gateChecks = (world: World): readonly Check[] => {
  const all = both(world);
  const active = all.filter((one) => isActive(one));
  const epochs = all.map(({ decision }) => decision.inForce?.epoch);
  return [
    {
      name: 'gate: exactly one Region is active',
      ok: active.length === 1,
      required: true,
      detail: active.length === 0 ? 'none is' : `active: ${active.map(({ region }) => region).join(' and ')}`,
    },
    {
      name: 'gate: both obey one epoch',
      ok: epochs.every((epoch) => epoch !== undefined && epoch === epochs[0]),
      required: true,
      detail: all.map(({ region, decision }) => `${region}: ${decision.inForce?.epoch ?? 'not known'}`).join(', '),
    },
    ...all.map(({ region, document, decision }): Check => ({
      name: 'gate: served and without alarm',
      region,
      ok: document.kind === 'document' && !decision.alarm,
      required: true,
      detail: `${decision.reason}: ${decision.detail}`,
    })),
  ];
};

const owedCheck = (one: RegionWorld): Check => {
  const owed = one.standing?.owed;
  const base = { name: 'debts: nothing is owed for long', region: one.region, required: true };
  if (owed === undefined) {
    return { ...base, ok: null, detail: 'not known' };
  }
  const isOld = owed.count > 0 && (owed.oldestAgeMs ?? 0) > OWED_SOON_MS;
  const age = owed.oldestAgeMs === undefined ? '' : `, the oldest for ${ageText(owed.oldestAgeMs)}`;
  return { ...base, ok: !isOld, detail: owed.count === 0 ? 'nothing' : `${owed.count} records${age}` };
};

const proofCheck = (one: RegionWorld, at: number): Check => {
  const verdict = one.standing?.verdict;
  const base = { name: 'proof: both Regions are equal', region: one.region };
  if (verdict === undefined) {
    return { ...base, ok: null, required: false, detail: 'not compared yet; now: npx twinmap drift' };
  }
  const ageMs = at - verdict.startedAt;
  const isRecent = ageMs <= PROOF_AGE_MS_MAX;
  return {
    ...base,
    ok: verdict.verdict !== 'drift' && isRecent,
    required: verdict.verdict === 'drift',
    detail: `${verdict.verdict}, ${verdict.startedAt === 0 ? 'age not known' : `${ageText(ageMs)} ago`}`,
  };
};

const claimCheck = (world: World): Check => {
  const [running] = openClaims(world);
  return {
    name: 'moves: none is under way',
    ok: running === undefined,
    required: true,
    detail:
      running === undefined ? 'none' : `${running.by} moves the work to ${running.to} under epoch ${running.epoch}`,
  };
};

const reachChecks = (world: World): readonly Check[] =>
  both(world).map(({ region, records, vectors }) => ({
    name: 'stores: DynamoDB and S3 Vectors answer',
    region,
    ok: answers(records) && answers(vectors),
    required: true,
    detail:
      [
        records.kind === 'silent' ? `DynamoDB ${shortly(records.failure)}` : '',
        vectors.kind === 'silent' ? `S3 Vectors ${shortly(vectors.failure)}` : '',
      ]
        .filter((text) => text !== '')
        .join(', ') || 'both do',
  }));

export const worldChecks = (world: World): readonly Check[] => [
  ...reachChecks(world),
  ...gateChecks(world),
  claimCheck(world),
  ...both(world).map((one) => owedCheck(one)),
  ...both(world).map((one) => proofCheck(one, world.at)),
];

export const drillCheck = (reports: readonly StoredReport[] | undefined, at: number): Check => {
  const base = { name: `drill: one in the last ${DRILL_AGE_DAYS_MAX} days`, required: false };
  if (reports === undefined) {
    return { ...base, ok: null, detail: 'no Region gave its reports' };
  }
  const last = reports.find(({ kind }) => kind === 'drill')?.payload;
  return last === undefined
    ? { ...base, ok: false, detail: 'there was none; see: npm run drill' }
    : {
        ...base,
        ok: at - last.at <= DRILL_AGE_DAYS_MAX * DAY_MS,
        detail: `${ageText(at - last.at)} ago: ${last.summary}`,
      };
};

const show = (code: string): string => code.slice(0, 10);

/** By code hash. N and N−1 may differ while a deployment is under way, so it is told and stands in nobody's way. */
export const codeCheck = (codes: Readonly<Record<Role, string | undefined>>): Check => {
  const base = { name: 'code: both Regions run the same', required: false };
  if (codes.primary === undefined || codes.secondary === undefined) {
    return { ...base, ok: null, detail: 'Lambda did not tell in both Regions' };
  }
  const isSame = codes.primary === codes.secondary;
  return {
    ...base,
    ok: isSame,
    detail: isSame
      ? `${show(codes.primary)}… in both`
      : `${show(codes.primary)}… and ${show(codes.secondary)}…: one is a version behind; a failover is possible, deploy the other soon`,
  };
};

export const dimensionCheck = (dimensions: readonly (number | undefined)[]): Check => {
  const known = dimensions.filter((one) => one !== undefined);
  return {
    name: 'index: the same dimension in both Regions',
    ok: known.length < 2 ? null : known.every((one) => one === known[0]),
    required: known.length === 2,
    detail: known.length === 0 ? 'nothing is indexed yet' : known.join(' and '),
  };
};

const says = (document: GateDocument | undefined): string =>
  document === undefined
    ? 'not known'
    : `${document.is_active_for_scheduled_work ? 'active' : 'passive'}, epoch ${document.epoch}, ${document.peer_writes}`;

export const stackChecks = (pair: StackPair | undefined, { regions }: World): readonly Check[] =>
  pair === undefined
    ? [{ name: 'stack files: as the live gates', ok: null, required: false, detail: 'there are none here' }]
    : ROLES.map((role) => {
        const { active, epoch, peerWrites, frozen } = pair[role];
        const live = regions[role].decision.inForce;
        const isSame =
          live?.is_active_for_scheduled_work === active && live.epoch === epoch && live.peer_writes === peerWrites;
        const file = `${active ? 'active' : 'passive'}, epoch ${epoch}, ${peerWrites}`;
        return {
          name: 'stack files: as the live gates',
          region: regions[role].region,
          ok: isSame && frozen === undefined,
          required: false,
          detail: `file: ${file}${frozen === undefined ? '' : ', frozen'}; live: ${says(live)}`,
        };
      });
