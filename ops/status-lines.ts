/** `twinmap status` as a person reads it at night: both Regions side by side, then what is wrong and what to do. Pure. */
import pc from 'picocolors';

import { type Role, ROLES } from '../functions/domain/region.ts';
import { type DocumentReading, isUnknown, type RecordReading } from '../functions/gate/decide.ts';
import { ageText } from './age-text.ts';
import { type Answering, type RegionWorld, seenEpochOf, shortly, type World } from './failover/world.ts';
import type { Judged, Overall } from './status-verdict.ts';

type Row = readonly [name: string, primary: string, secondary: string];

const answeringText = (one: Answering | undefined, extra = ''): string => {
  if (one === undefined) {
    return 'not known';
  }
  return one.kind === 'answers' ? `answers${extra}` : `no answer (${shortly(one.failure)})`;
};

const readingText = (reading: DocumentReading | RecordReading): string => {
  switch (reading.kind) {
    case 'unreadable': {
      return `not readable (${shortly(reading.failure)})`;
    }
    case 'invalid': {
      return `invalid: ${reading.why}`;
    }
    case 'none': {
      return 'none';
    }
    case 'document':
    case 'recorded':
    case 'raised': {
      const { epoch, is_active_for_scheduled_work: active } = reading.document;
      const raised = reading.kind === 'raised' ? ' (fence)' : '';
      return `epoch ${epoch} ${active ? 'active' : 'passive'}${raised}`;
    }
  }
};

const owedText = ({ standing }: RegionWorld): string => {
  const owed = standing?.owed;
  if (owed === undefined) {
    return 'not known';
  }
  const age = owed.oldestAgeMs === undefined ? '' : `, oldest ${ageText(owed.oldestAgeMs)}`;
  return owed.count === 0 ? 'nothing' : `${owed.isExact ? '' : '≥ '}${owed.count} records${age}`;
};

const verdictText = ({ standing }: RegionWorld, at: number): string => {
  const verdict = standing?.verdict;
  return verdict === undefined
    ? 'not compared yet'
    : `${verdict.verdict}, ${verdict.startedAt === 0 ? 'age unknown' : `${ageText(at - verdict.startedAt)} ago`}`;
};

const cycleText = ({ records, sources }: RegionWorld, id: string, at: number): string => {
  const source = sources.find((one) => one.id === id);
  if (source === undefined) {
    return records.kind === 'answers' ? 'never committed' : 'not known';
  }
  const { epoch, region, finishedAt, isDeferred } = source.committed;
  const open = source.isOpen ? ', one is open' : '';
  return `${ageText(at - finishedAt)} ago, epoch ${epoch}, ${region}${isDeferred ? ', deferred' : ''}${open}`;
};

const SOURCES_SHOWN_MAX = 10;

const rowsOf = ({ at, regions }: World): readonly Row[] => {
  const row = (name: string, text: (one: RegionWorld) => string): Row => [
    name,
    text(regions.primary),
    text(regions.secondary),
  ];
  const ids = [...new Set(ROLES.flatMap((role) => regions[role].sources.map(({ id }) => id)))].toSorted();
  return [
    row('', ({ role }) => role),
    row('Region', ({ region }) => region),
    row('does scheduled work', ({ decision }) => (isUnknown(decision) ? 'NOT KNOWN' : decision.state.toUpperCase())),
    row('because', ({ decision }) => decision.reason),
    row('gate document', ({ document }) => readingText(document)),
    row('GATE record', ({ record }) => readingText(record)),
    row('highest epoch seen', (one) => String(seenEpochOf(one) ?? 'not known')),
    row('peer writes', ({ decision }) => decision.inForce?.peer_writes ?? 'not known'),
    row('DynamoDB', ({ records }) => answeringText(records)),
    row('S3 Vectors', ({ vectors }) => answeringText(vectors)),
    row('API', ({ api }) =>
      answeringText(api?.answering, api?.durationMs === undefined ? '' : ` in ${api.durationMs} ms`),
    ),
    row('owes to the other', (one) => owedText(one)),
    row('the other one is', ({ standing }) => standing?.peer?.name ?? 'not known'),
    row('last proof', (one) => verdictText(one, at)),
    ...ids.slice(0, SOURCES_SHOWN_MAX).map((id) => row(`cycle of ${id}`, (one) => cycleText(one, id, at))),
    ...(ids.length > SOURCES_SHOWN_MAX ? [row(`… ${ids.length - SOURCES_SHOWN_MAX} more`, () => '')] : []),
    row('endpoint', ({ endpoint }) => endpoint ?? 'not known'),
  ];
};

const widthOf = (rows: readonly Row[], at: 0 | 1): number => Math.max(...rows.map((row) => row[at].length));

const HEADS: Readonly<Record<Overall, string>> = {
  healthy: 'HEALTHY: one Region works, the other stands by',
  'split-brain': 'SPLIT BRAIN: both Regions say that they are active',
  'none-active': 'NONE ACTIVE: no Region does the scheduled work',
  unreachable: 'UNREACHABLE: a Region, or a part of one, does not answer',
  debt: 'DEBT: the Regions are not in step',
};

export const statusLines = (world: World, { overall, findings }: Judged): readonly string[] => {
  const rows = rowsOf(world);
  const [names, firsts] = [widthOf(rows, 0), widthOf(rows, 1)];
  const head = overall === 'healthy' ? pc.green(HEADS[overall]) : pc.red(HEADS[overall]);
  return [
    pc.bold(head),
    '',
    ...rows.map(([name, primary, secondary]) =>
      `${name.padEnd(names)}  ${primary.padEnd(firsts)}  ${secondary}`.trimEnd(),
    ),
    ...(findings.length === 0 ? [] : ['', ...findings.map(({ sentence }) => `! ${sentence}`)]),
  ];
};

const answeringFields = (one: Answering | undefined): object | null => {
  if (one === undefined) {
    return null;
  }
  return one.kind === 'answers'
    ? { answers: true }
    : { answers: false, reason: one.failure.reason, code: one.failure.code };
};

const readingFields = (reading: DocumentReading | RecordReading): object => ({
  kind: reading.kind,
  ...('document' in reading ? reading.document : {}),
  ...('why' in reading ? { why: reading.why } : {}),
  ...('failure' in reading ? { code: reading.failure.code } : {}),
});

const regionFields = (one: RegionWorld): object => ({
  role: one.role,
  region: one.region,
  endpoint: one.endpoint ?? null,
  state: isUnknown(one.decision) ? 'unknown' : one.decision.state,
  reason: one.decision.reason,
  detail: one.decision.detail,
  alarm: one.decision.alarm,
  epoch: one.decision.inForce?.epoch ?? null,
  peerWrites: one.decision.inForce?.peer_writes ?? null,
  seenEpoch: seenEpochOf(one) ?? null,
  document: readingFields(one.document),
  record: readingFields(one.record),
  records: answeringFields(one.records),
  vectors: answeringFields(one.vectors),
  api: answeringFields(one.api?.answering),
  owed: one.standing?.owed ?? null,
  peer: one.standing?.peer ?? null,
  verdict: one.standing?.verdict ?? null,
  claim: one.claim ?? null,
  sources: one.sources,
});

export const worldFields = ({ at, regions }: World): { at: string; regions: Record<Role, object> } => ({
  at: new Date(at).toISOString(),
  regions: { primary: regionFields(regions.primary), secondary: regionFields(regions.secondary) },
});
