/** Which documents a Region holds of some sources, and in which version: what two runs are compared by. */
import { documentPrefix, sourceDocumentsPartition } from '../../functions/domain/corpus.ts';
import { pageAfter, readAllPages } from '../../functions/stores/all-pages.ts';
import type { OpenedPair } from '../../ops/pair-stores.ts';

/** By the key of the document's record; its version and, where it is gone, a mark. */
export type DocumentVersions = ReadonlyMap<string, string>;

export const documentVersions = async (
  { region, tables }: OpenedPair['regions']['home'],
  sources: readonly string[],
): Promise<DocumentVersions> => {
  const versions = new Map<string, string>();
  for (const source of sources) {
    const pk = sourceDocumentsPartition(source);
    const read = await readAllPages(async (after) =>
      tables.graph.queryDigests(pk, { skPrefix: documentPrefix, ...pageAfter(after) }),
    );
    if (read.kind === 'failed') {
      throw new Error(`the documents of ${source} in ${region} can't be read: ${read.failure.message}`);
    }
    for (const { sk, v, del } of read.value) {
      versions.set(`${source} ${sk}`, del === true ? `${v} gone` : v);
    }
  }
  return versions;
};

/** Keys whose version is another one, or that only one of the two has. */
export const differingDocuments = (before: DocumentVersions, after: DocumentVersions): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
