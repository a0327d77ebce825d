/** What the files of one repository say, as short lines: which component is where, on which line that is decided, and whose it is. */
import { extractFiles } from './organisation.ts';
import type { FileFacts } from '../../../functions/graph/facts/vocabulary.ts';

/** `path` to text. */
export type Files = Readonly<Record<string, string>>;

export const factsOf = async (files: Files, repository = 'shop'): Promise<readonly FileFacts[]> =>
  extractFiles(
    repository,
    Object.entries(files).map(([path, text]) => ({ path, text })),
  );

/** `shop eu-west-1 runtime`, with `+eu-west-2` for another place and the expression of what is unknown. */
export const saidTies = async (files: Files, repository = 'shop'): Promise<readonly string[]> => {
  const facts = await factsOf(files, repository);
  const ties = facts
    .flatMap(({ edges }) => edges)
    .filter(({ from, type }) => type === 'inRegion' && from.startsWith('component:'))
    .map(({ from, otherwise = from, to, tie, alternates, environment, expression }) =>
      [
        environment === undefined ? '' : `[${environment}] `,
        `${otherwise.slice('component:'.length)} ${to.slice('region:'.length)}`,
        tie === 'unknown' ? ` ${expression ?? ''}` : ` ${tie ?? ''}`,
        ...(alternates ?? []).map((region) => ` +${region}`),
      ].join(''),
    );
  return [...new Set(ties)].toSorted();
};

/** `path:line` of each place that proves the tie to a Region. */
export const proofsOf = async (files: Files, region: string): Promise<readonly string[]> =>
  (await factsOf(files)).flatMap(({ path, edges }) =>
    edges
      .filter(({ type, to, from }) => type === 'inRegion' && to === `region:${region}` && from.startsWith('component:'))
      .map(({ at }) => at.map((one) => `${one.path ?? path}:${one.line}`).join(' ')),
  );
