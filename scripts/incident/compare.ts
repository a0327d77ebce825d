/** Whether three answers to one question are one answer, and what the lines say that its proofs cite. */
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { type evidenceShape, rowShape } from '../../functions/query/graph-shapes.ts';
import { runGit } from '../../local/git-server/git-command.ts';
import type { Fields } from './ask.ts';

/** They tell when and by whom it was answered: two answers to one question differ in them. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(['cost', 'freshness']);

const lasting = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !OF_THE_MOMENT.has(name)));

/** The fields in which they are not the same. */
export const differences = (left: Fields, right: Fields): readonly string[] => {
  const [one, other] = [lasting(left), lasting(right)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => !isDeepStrictEqual(one[name], other[name]),
  );
};

const answerSchema = z.object({ rows: z.array(rowShape) });

export type Row = z.infer<typeof rowShape>;

export const rowsOf = (fields: Fields): readonly Row[] => answerSchema.parse(fields).rows;

type Evidence = z.infer<typeof evidenceShape>;

export interface Cited {
  readonly place: string;
  /** Undefined where no repository of this machine has the file at that commit. */
  readonly text: string | undefined;
}

const lineAt = async (folder: string, { commit, path, line }: Evidence): Promise<string | undefined> => {
  const shown = await runGit(['-C', folder, 'show', `${commit}:${path}`]);
  return shown.kind === 'output' ? shown.text.split('\n')[line - 1]?.trim() : undefined;
};

/** What a row's proofs cite, read from the repositories themselves and not from the map. */
export const citedBy = async (
  row: Row,
  folderOf: (source: string) => string | undefined,
): Promise<readonly Cited[]> => {
  const evidence = row.path.flatMap((step) => step.evidence);
  return Promise.all(
    evidence.map(async (one) => {
      const folder = folderOf(one.source);
      const text = folder === undefined ? undefined : await lineAt(folder, one);
      return { place: `${one.repository}/${one.path}:${one.line}`, text };
    }),
  );
};
