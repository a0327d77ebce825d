/** What the three runs have to show, as findings: an empty list is a proof of concept that holds. Pure. */
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { differingDocuments } from './held-documents.ts';
import type { Run } from './stage.ts';

/** Of one source in one Region, in a run that finds nothing new. */
export const CONTROL_WRITES_MAX = 4;

export interface Runs {
  readonly first: Run;
  readonly unchanged: Run;
  readonly edited: Run;
}

export interface Edits {
  readonly repository: string;
  readonly wiki: string;
}

const SHOWN_MAX = 5;

const shown = (keys: readonly string[]): string => keys.slice(0, SHOWN_MAX).join(', ');

const judgeEach = ([name, { verdict, result }]: readonly [string, Run]): readonly string[] => [
  ...(verdict.acknowledged ? [] : [`${name}: not every source is acknowledged in both Regions`]),
  ...(verdict.identical ? [] : [`${name}: the roots of the two Regions are not equal`]),
  ...verdict.findings.map((finding) => `${name}: ${finding}`),
  ...result.failures.map((failure) => `${name}: ${failure}`),
];

const judgeUnchanged = ({ first, unchanged }: Runs, sources: number): readonly string[] => {
  const inRegion = (role: Role): readonly string[] => {
    const { recordPuts, sourceUpdates, vectorWrites, otherWrites } = unchanged.calls[role];
    const control = sourceUpdates + otherWrites;
    const differing = differingDocuments(first.documents[role], unchanged.documents[role]);
    return [
      ...(recordPuts === 0 ? [] : [`the unchanged run put ${String(recordPuts)} records in the ${role} Region`]),
      ...(vectorWrites === 0 ? [] : [`the unchanged run wrote vectors in the ${role} Region`]),
      ...(control <= CONTROL_WRITES_MAX * sources
        ? []
        : [
            `the unchanged run made ${String(control)} control writes in the ${role} Region for ${String(sources)} sources`,
          ]),
      ...(differing.length === 0
        ? []
        : [
            `the unchanged run changed ${String(differing.length)} documents in the ${role} Region: ${shown(differing)}`,
          ]),
    ];
  };
  const changed = [...unchanged.changed].filter(([, count]) => count > 0);
  return [
    ...ROLES.flatMap((role) => inRegion(role)),
    ...changed.map(([source, count]) => `the unchanged run says that ${source} changed ${String(count)} documents`),
  ];
};

/** Exactly one document of the repository and one of the wiki, in both Regions, and nothing else anywhere. */
const judgeEdited = ({ unchanged, edited }: Runs, edits: Edits): readonly string[] => {
  const expected = [edits.repository, edits.wiki].toSorted();
  const changed = [...edited.changed].filter(([, count]) => count > 0);
  const wrong = changed.filter(([source, count]) => !expected.includes(source) || count !== 1);
  return [
    ...wrong.map(([source, count]) => `after the edits ${source} changed ${String(count)} documents`),
    ...(changed.length < expected.length ? ['one of the two edits did not arrive'] : []),
    ...ROLES.flatMap((role) => {
      const keys = differingDocuments(unchanged.documents[role], edited.documents[role]);
      const sources = keys.map((key) => key.split(' ', 1)[0] ?? '').toSorted();
      return JSON.stringify(sources) === JSON.stringify(expected)
        ? []
        : [
            `after the edits the ${role} Region holds other versions of ${String(keys.length)} documents: ${shown(keys)}`,
          ];
    }),
  ];
};

const judgeMemory = (runs: Runs): readonly string[] =>
  [runs.first, runs.unchanged, runs.edited].flatMap(({ memory }) =>
    memory
      .filter(({ maxRssMb, memoryMb }) => maxRssMb > memoryMb)
      .map(
        ({ maxRssMb, memoryMb }) => `the sync function took ${String(maxRssMb)} MB of ${String(memoryMb)} MB declared`,
      ),
  );

export const judgeRuns = (runs: Runs, sources: number, edits: Edits): readonly string[] => [
  ...Object.entries(runs).flatMap(([name, run]: [string, Run]) => judgeEach([name, run])),
  ...judgeUnchanged(runs, sources),
  ...judgeEdited(runs, edits),
  ...judgeMemory(runs),
];
