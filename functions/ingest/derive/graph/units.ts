/**
 * Which repositories a source holds: its own part of the cursor names the commit of each. Documents of no repository, those of a
 * wiki or of an on-call service for instance, are one unit under the source's name.
 */
import type { Cursor } from '../../../connectors/connector.ts';
import { type DocumentPayload, parseDocumentId } from '../../../domain/corpus.ts';
import { isJsonFields } from '../../../domain/json-fields.ts';
import { addressesIn, type SourceDefinition } from '../../../domain/source-definition.ts';
import { isGraphPath } from '../../../graph/repository/extract-repository.ts';
import { unitIdOf } from '../../../graph/stored/graph-keys.ts';
import type { UnitFile } from '../../../graph/stored/head-record.ts';
import { sha256Hex } from '../../../stores/envelope.ts';

export interface UnitPlace {
  readonly unit: string;
  readonly repository: string;
  /** What the paths of its documents begin with. */
  readonly prefix: string;
  readonly commit: string;
}

const lastName = (address: string): string =>
  address
    .replace(/(?:\.git)?\/*$/u, '')
    .split(/[/:]/u)
    .at(-1) ?? '';

const isLoopback = (address: string): boolean =>
  URL.canParse(address) && /^(?:127\.|localhost$|\[::1\]$)/u.test(new URL(address).hostname);

/** `owner/name/code` of a service, `host/path/name@branch` of plain git. */
const prefixOf = (kind: string, key: string): string =>
  kind === 'git' ? `${key.slice(key.lastIndexOf('/') + 1)}/` : `${key.replace(/\/code$/u, '')}/`;

const place = (prefix: string, repository: string, commit: string): UnitPlace => ({
  unit: unitIdOf(prefix, repository),
  repository,
  prefix,
  commit,
});

const partsOf = (kind: string, parts: Readonly<Record<string, unknown>>): readonly UnitPlace[] => {
  const found = Object.entries(parts).flatMap(([key, part]) => {
    const commit = isJsonFields(part) ? part['commit'] : undefined;
    const prefix = prefixOf(kind, key);
    return typeof commit === 'string' ? [{ prefix, commit, full: prefix.slice(0, -1).replace(/@[^/@]*$/u, '') }] : [];
  });
  const names = found.map(({ full }) => lastName(full));
  // Two repositories of one name are told apart by whose they are.
  return found.map(({ prefix, commit, full }, at) =>
    place(
      prefix,
      names.indexOf(names[at] ?? '') === names.lastIndexOf(names[at] ?? '') ? (names[at] ?? full) : full,
      commit,
    ),
  );
};

/** The longest prefix first; the last one takes what belongs to no repository. */
export const unitsOf = (
  source: Pick<SourceDefinition, 'kind' | 'name' | 'config'>,
  snapshot: string,
  cursor: Cursor,
): readonly UnitPlace[] => {
  const { commit, parts } = cursor;
  if (typeof commit === 'string') {
    const [address = ''] = addressesIn(source);
    // A repository of this machine is served under an id of its own.
    const name = isLoopback(address) ? '' : lastName(address);
    return [place('', name === '' ? source.name : name, commit)];
  }
  const repositories = isJsonFields(parts) ? partsOf(source.kind, parts) : [];
  return [...repositories, place('', source.name, snapshot)].toSorted(
    (left, right) => right.prefix.length - left.prefix.length || (left.unit < right.unit ? -1 : 1),
  );
};

export interface UnitDocument {
  readonly document: DocumentPayload;
  /** Within the repository. */
  readonly path: string;
}

export const hashPartOf = (documentId: string): string => parseDocumentId(documentId)?.hash ?? sha256Hex(documentId);

export const unitOfPath = (units: readonly UnitPlace[], path: string): UnitPlace | undefined =>
  units.find(({ prefix }) => path.startsWith(prefix));

/** Of these documents, those that the graph is made of. */
export const byUnit = (
  units: readonly UnitPlace[],
  documents: readonly DocumentPayload[],
): ReadonlyMap<string, readonly UnitDocument[]> => {
  const found = new Map<string, UnitDocument[]>(units.map(({ unit }) => [unit, []]));
  for (const document of documents) {
    const place1 = unitOfPath(units, document.path);
    const path = document.path.slice(place1?.prefix.length ?? 0);
    if (place1 !== undefined && isGraphPath(path)) {
      found.get(place1.unit)?.push({ document, path });
    }
  }
  return found;
};

const REVISION_DIGITS = 12;

/** A document as a unit remembers it, before its facts are known. */
export const fileOf = ({ document, path }: UnitDocument): UnitFile => {
  const { id, rev, index, skipped } = document;
  return {
    d: hashPartOf(id),
    path,
    rev: sha256Hex(`${rev}\n${index}\n${skipped ?? ''}`).slice(0, REVISION_DIGITS),
    facts: '',
    parts: 0,
  };
};
