/** What a cycle that read a few documents means for the units of a source: which it touches, and which of their files. Pure. */
import type { DocumentPayload } from '../../../domain/corpus.ts';
import type { UnitFile } from '../../../graph/stored/head-record.ts';
import { fileOf, hashPartOf, type UnitDocument, unitOfPath, type UnitPlace } from './units.ts';

/** Units that hold, or held, one of these documents. */
export const touchedUnits = (
  places: readonly UnitPlace[],
  changed: readonly Pick<DocumentPayload, 'path'>[],
  pathsBefore: Iterable<string | undefined>,
): ReadonlySet<string> => {
  const paths = [...changed.map(({ path }) => path), ...pathsBefore];
  // Where it is not known what a document was, it may have been in any of them.
  return paths.includes(undefined)
    ? new Set(places.map(({ unit }) => unit))
    : new Set(paths.flatMap((path) => unitOfPath(places, path ?? '')?.unit ?? []));
};

/** Files whose document is deleted, or is somewhere else now: a page that was renamed keeps its id. */
export const goneOf = (
  { prefix }: UnitPlace,
  known: readonly UnitFile[],
  deleted: ReadonlySet<string>,
  changed: readonly Pick<DocumentPayload, 'id' | 'path'>[],
): readonly UnitFile[] => {
  const dead = new Set([...deleted].map((id) => hashPartOf(id)));
  const paths = new Map(changed.map(({ id, path }) => [hashPartOf(id), path]));
  return known.filter(({ d, path }) => dead.has(d) || (paths.get(d) ?? `${prefix}${path}`) !== `${prefix}${path}`);
};

/** Documents of a unit that are not as it knows them. */
export const changedOf = (known: readonly UnitFile[], own: readonly UnitDocument[]): readonly UnitDocument[] => {
  const byId = new Map(known.map((file) => [file.d, file]));
  return own.filter((one) => {
    const { d, path, rev } = fileOf(one);
    return byId.get(d)?.rev !== rev || byId.get(d)?.path !== path;
  });
};
