/**
 * The texts of a unit's files, put together from their chunks: what is stored is what was redacted, so that the graph never holds
 * what search may not. Every line stands where it stood; lines of nothing but space are empty.
 */
import type { RepositoryFile } from '../../../graph/repository/context.ts';
import type { DerivationInput, HeldChunk, SideRead } from '../derivation.ts';
import type { UnitDocument } from './units.ts';

export const textOf = (chunks: readonly HeldChunk[]): string => {
  const pieces: string[] = [];
  let line = 1;
  for (const { entry, payload } of chunks) {
    const [first, last] = entry.l;
    // A line that no chunk can hold goes on in the next one.
    pieces.push('\n'.repeat(Math.max(0, first - line)), payload.text);
    line = last;
  }
  return pieces.join('');
};

export interface UnitTexts {
  readonly files: readonly RepositoryFile[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

export const readTexts = async (
  input: DerivationInput,
  documents: readonly UnitDocument[],
): Promise<SideRead<UnitTexts>> => {
  const whole = documents.filter(({ document }) => document.skipped === undefined);
  const chunks = await input.readChunks(whole.map(({ document }) => document));
  if (chunks.kind === 'failed') {
    return chunks;
  }
  const files: RepositoryFile[] = [];
  const skipped = documents.flatMap(({ document, path }) =>
    document.skipped === undefined ? [] : [{ path, reason: document.skipped }],
  );
  for (const { document, path } of whole) {
    const held = chunks.value.get(document.id);
    if (held === undefined) {
      skipped.push({ path, reason: 'its text is not stored whole' });
    } else {
      files.push({ path, text: textOf(held) });
    }
  }
  return { kind: 'read', value: { files, skipped } };
};
