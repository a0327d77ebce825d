/** Definitions of sources as records: what is stored, and what a person's word stores. Straight to both Regions' stores. */
import type { InteractiveConflict, InteractiveOutcome } from '../functions/domain/interactive-write.ts';
import {
  type ConfiguredSource,
  type DefinitionPayload,
  definitionKey,
  definitionOf,
  type SourceDefinition,
  type SourcePurge,
} from '../functions/domain/source-definition.ts';
import { byOrganisation } from '../functions/domain/secret-reference.ts';
import { canonicalText } from '../functions/stores/envelope.ts';
import { readSourceDefinition } from '../functions/stores/source-definitions.ts';
import type { OpenedPair } from './pair-stores.ts';

export type Written = InteractiveOutcome | InteractiveConflict;

export interface Writer {
  readonly by: string;
  /** In ms since 1970. */
  readonly at: number;
}

export const writeDefinition = async (
  { writes }: Pick<OpenedPair, 'writes'>,
  definition: SourceDefinition,
  { by, at }: Writer,
  purge?: SourcePurge,
): Promise<Written> => {
  const payload: DefinitionPayload = {
    // Whoever writes to the stores themselves may name any secret.
    ...byOrganisation(definition),
    ...(purge === undefined ? {} : { purge }),
    updatedBy: by,
    updatedAt: at,
  };
  return writes.write({
    table: 'workspaces',
    key: definitionKey(definition.id),
    content: { kind: 'payload', payload },
  });
};

const isSame = (found: ConfiguredSource | undefined, definition: SourceDefinition): boolean =>
  found !== undefined &&
  found.purge === undefined &&
  canonicalText(definitionOf(found.definition)) === canonicalText(definitionOf(byOrganisation(definition)));

/** Only those that are not stored so already; answers with the ids that no Region took. */
export const writeMissing = async (
  pair: Pick<OpenedPair, 'writes' | 'regions'>,
  definitions: readonly SourceDefinition[],
  writer: Writer,
): Promise<{ readonly written: readonly string[]; readonly refused: readonly string[] }> => {
  const written: string[] = [];
  const refused: string[] = [];
  for (const definition of definitions) {
    const stored = await readSourceDefinition(pair.regions.home.tables.workspaces, [], definition.id);
    if (stored.kind === 'done' && isSame(stored.value, definition)) {
      continue;
    }
    const outcome = await writeDefinition(pair, definition, writer);
    (outcome.kind === 'held' ? written : refused).push(definition.id);
  }
  return { written, refused };
};
