/** Reads what is configured: the stack's own sources and the records of those that people have added. Strongly consistent. */
import {
  type ConfiguredSource,
  definitionKey,
  DEFINITIONS_PARTITION,
  mergeDefinitions,
  parseDefinitionPayload,
  type SourceDefinition,
  type StoredDefinition,
} from '../domain/source-definition.ts';
import { done, type Result } from '../domain/failure.ts';
import { byOrganisation } from '../domain/secret-reference.ts';
import { pageAfter, readAllPages } from './all-pages.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';

export interface DefinitionsRead {
  readonly sources: readonly ConfiguredSource[];
  /** Ids whose record can't be read: they are neither read nor removed. */
  readonly damaged: readonly string[];
}

const storedOf = ({ sk, data }: StoredRecord): StoredDefinition => {
  const payload = parseDefinitionPayload(data);
  return { id: sk, payload: payload?.id === sk ? payload : undefined };
};

/** `own`: the sources that the stack names. `records`: the workspaces table of the home Region. */
export const readSourceDefinitions = async (
  records: Pick<RecordStore, 'query'>,
  own: readonly SourceDefinition[],
): Promise<Result<DefinitionsRead>> => {
  const read = await readAllPages((after) => records.query(DEFINITIONS_PARTITION, pageAfter(after)));
  if (read.kind === 'failed') {
    return read;
  }
  const stored = read.value.filter((record) => record.del !== true).map((record) => storedOf(record));
  return done({
    sources: mergeDefinitions(
      own.map((one) => byOrganisation(one)),
      stored,
    ),
    damaged: stored.flatMap(({ id, payload }) => (payload === undefined ? [id] : [])),
  });
};

/** One of them; undefined where it is not configured, or its record is damaged. */
export const readSourceDefinition = async (
  records: Pick<RecordStore, 'get'>,
  own: readonly SourceDefinition[],
  id: string,
): Promise<Result<ConfiguredSource | undefined>> => {
  const read = await records.get(definitionKey(id));
  if (read.kind === 'failed') {
    return read;
  }
  const stored = read.value === undefined || read.value.del === true ? [] : [storedOf(read.value)];
  const merged = mergeDefinitions(
    own.filter((one) => one.id === id).map((one) => byOrganisation(one)),
    stored,
  );
  return done(merged[0]);
};
